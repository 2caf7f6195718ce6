-- solvers.lua: right and wrong methods for t-luasolver.c.
-- luacheck: globals kept options
local function near(a, b, tolerance, what)
    check(math.abs(a - b) <= tolerance * (1 + math.abs(b)), what .. ": " .. a .. " is not " .. b)
end

-- A gradient method that forgets the prox.
local function forgetful(name, finished)
    spred.solver{
        name = name,
        init = function(s, ctx)
            s.step, s.count = 1 / ctx:lipschitz(), 0
        end,
        step = function(s, ctx)
            local g, gb = ctx:gradient(s.w, s.b)
            s.w:axpy(-s.step, g)
            s.b:axpy(-s.step, gb)
            s.count = s.count + 1
            return finished and s.count >= 200
        end,
    }
end
forgetful("forgets", false)
forgetful("lies", true)

-- b where there is no intercept: lower than the optimum of the problem.
spred.solver{
    name = "shifts",
    step = function(s)
        s.b:fill(1)
    end,
}

spred.solver{
    name = "fails",
    options = {at = {"the step that fails", 3, 1, 10}},
    start = function(s)
        s.count = 0
    end,
    step = function(s, ctx)
        s.count = s.count + 1
        if s.count == ctx.options.at then
            error("no way on")
        end
    end,
}

-- What is done to s or returned, by option.
local wrong = {
    size = function(s) s.w = spred.zeros(2, 2) end,
    none = function(s) s.w = nil end,
    text = function(s) s.b = "b" end,
    single = function(s) s.w = s.w:to("f32") end,
    answer = function() return 7 end,
    object = function() error({}) end,
    deep = function(s) s.deep = function() return 1 + s.deep() end; s.deep() end,
    memory = function(s) s.text = string.rep("x", 2 ^ 30) end,
    X = function(s, ctx) ctx.X:axpy(ctx.p + 1, 1, ctx:predict(s.w, s.b)) end,
    shape = function(s, ctx) ctx:gradient(s.b, s.w) end,
    write = function(_, ctx) ctx.y:fill(0) end,
    field = function(_, ctx) return ctx.lamda end,
    late = function() spred.metric{name = "late", value = function() return 1 end} end,
    hooks = function() spred.hooks{on_finish = function() end} end,
}
local names = {}
for name in pairs(wrong) do
    names[#names + 1] = name
end
table.sort(names)
spred.solver{
    name = "wrong",
    options = {how = {"what is wrong", "size", choices = names}},
    step = function(s, ctx)
        return wrong[ctx.options.how](s, ctx)
    end,
}

spred.solver{
    name = "endless",
    step = function()
        while true do
            pcall(function() while true do end end)
        end
    end,
}

-- Keeps everything of its run, for use when that is over.
spred.solver{
    name = "keeps",
    init = function(s, ctx)
        check(ctx.lambda == nil, "a lambda before the first")
        raises(function() ctx:prox(s.w, 1) end, "no lambda yet")
        kept = {ctx = ctx, X = ctx.X, y = ctx.y, w = s.w, rng = ctx.rng, draw = ctx.rng:uniform()}
    end,
    step = function()
        return false
    end,
    free = function()
        kept.freed = (kept.freed or 0) + 1
    end,
}

-- An iterate that is not s.w and s.b, by get.
spred.solver{
    name = "by-get",
    takes = {"custom", "groups"},
    init = function(s, ctx)
        s.step = 1 / ctx:lipschitz()
        s.mine = {s.w:copy(), s.b:copy()}
        s.w, s.b = nil, nil
    end,
    step = function(s, ctx)
        local w, b = table.unpack(s.mine)
        local g, gb = ctx:gradient(w, b)
        ctx:prox(w:axpy(-s.step, g), s.step)
        b:axpy(-s.step, gb)
        local c = ctx:certify(w, b)
        return c.gap + c.floor <= ctx.tolerance
    end,
    get = function(s)
        return s.mine[1], s.mine[2]
    end,
}

local function check_design(ctx, w)
    local X, n, p = ctx.X, ctx.n, ctx.p
    check(X.rows == n and X.cols == p and spred.type(X) == "design", "sizes")
    local xw, by_columns = X:mul(w), spred.zeros(n, ctx.outputs)
    local first = spred.zeros(n, 1)
    for j = 1, p do
        X:axpy(j, w[{j, 1}], first)
    end
    check(by_columns.rows == n, "zeros")
    for i = 1, n do
        near(xw[{i, 1}], first[i], 1e-12, "X w")
    end
    local r = ctx:residual(w, spred.zeros(ctx.outputs, 1))
    local c, squares = X:tmul(r), X:column_squares()
    for j = 1, p do
        local x = X:column(j)
        local rj = spred.zeros(n, 1)
        for i = 1, n do
            rj[i] = r[{i, 1}]
        end
        near(x:dot(rj), c[{j, 1}], 1e-11, "x_j'r")
        near(X:dot(j, rj), c[{j, 1}], 1e-11, "dot")
        near(x:dot(x), squares[j], 1e-11, "squares")
    end
    local out = spred.zeros(n, ctx.outputs)
    check(X:mul(w, out) == out, "out is given back")
    raises(function() X:column(p + 1) end, "column " .. p + 1 .. ": expected 1 to " .. p)
    raises(function() X:column(0) end, "expected 1 to")
    raises(function() X:mul(spred.zeros(p + 1, 1)) end, "expected " .. p .. " x 1")
    raises(function() X:mul(w, spred.zeros(p + 3, 1)) end, "out: expected")
end

-- Central differences of the mean loss.
local function check_gradient(ctx, w, b)
    local g, gb = ctx:gradient(w, b)
    local h = 1e-5
    local function slope(m, i, k)
        local at = m[{i, k}]
        m[{i, k}] = at + h
        local up = ctx:loss_value(w, b)
        m[{i, k}] = at - h
        local down = ctx:loss_value(w, b)
        m[{i, k}] = at
        return (up - down) / (2 * h)
    end
    for k = 1, ctx.outputs do
        for j = 1, ctx.p do
            near(g[{j, k}], slope(w, j, k), 1e-8, "gradient in w")
        end
        near(gb[{k, 1}], ctx.intercept and slope(b, k, 1) or 0, 1e-8, "gradient in b")
    end
    local out, outb = w:copy(), b:copy()
    local same, sameb = ctx:gradient(w, b, out, outb)
    check(same == out and sameb == outb and out == g, "gradient with out")
    -- |gradient(w) - gradient(0)| <= L |w|
    local from, fromb = ctx:gradient(w * 0, b * 0)
    local change = math.sqrt((g - from):norm() ^ 2 + (gb - fromb):norm() ^ 2)
    local size = math.sqrt(w:norm() ^ 2 + b:norm() ^ 2)
    check(change <= ctx:lipschitz() * size * (1 + 1e-12), "Lipschitz")
end

-- The largest eigenvalue of [X 1]'[X 1], by power iterations from below.
local function check_lipschitz(ctx)
    local bound = ({squared = 1, logistic = 0.25, multinomial = 0.5})[ctx.loss] / ctx.n
    local v, one, size = spred.zeros(ctx.p, 1):fill(1), 1, 1
    for j = 1, ctx.p do
        v[j] = math.sin(j)
    end
    for _ = 1, 400 do
        local image = ctx.X:mul(v)
        for i = 1, ctx.intercept and ctx.n or 0 do
            image[i] = image[i] + one
        end
        v, one = ctx.X:tmul(image), ctx.intercept and image:sum() or 0
        size = math.sqrt(v:norm() ^ 2 + one ^ 2)
        v, one = v:scale(1 / size), one / size
    end
    local ratio = ctx:lipschitz() / (bound * size)
    check(ratio >= 1 and ratio < 1.1, "the Lipschitz bound is off by " .. ratio)
end

spred.solver{
    name = "checks",
    start = function(s, ctx)
        local w, b = s.w:copy(), ctx.null_intercept
        check(b == s.b, "the null intercept")
        near(ctx:value(s.w, s.b), ctx.null_objective, 1e-12, "P(0)")
        for k = 1, ctx.outputs do
            for j = 1, ctx.p do
                w[{j, k}] = ctx.rng:normal() * (j % 3)
            end
            b[{k, 1}] = ctx.intercept and ctx.rng:normal() or 0
        end
        check_design(ctx, w)
        check_gradient(ctx, w, b)
        check_lipschitz(ctx)
        local value, c = ctx:value(w, b), ctx:certify(w, b)
        local sum = 0
        w:copy():map(function(x) sum = sum + math.abs(x); return x end)
        near(value, ctx:loss_value(w, b) + ctx.lambda * sum, 1e-12, "value")
        near(value, c.primal, 1e-12, "primal")
        near((c.primal - c.dual) / ctx.null_objective, c.gap, 1e-12, "gap")
        check(c.support == ctx.p - ctx.p // 3 and c.kkt > 0 and c.floor < 1e-10, "certificate")
        check(ctx:certify(w, b).gap <= c.gap, "the best dual value is kept")
        check(ctx:certify(w, b, ctx.lambda * 2).primal > c.primal, "another lambda")
        check(ctx:value(w, b, 2 * ctx.lambda) > value, "a larger lambda")
        raises(function() ctx:value(w, b, -1) end, "positive number")
        check(ctx.lambda < ctx.lambda_max and ctx.tolerance == 1e-6, "numbers")
        check(ctx.l1_ratio == 1 and ctx.penalty == "l1" and #ctx.y == ctx.n, "more numbers")
        local seen = {}
        for i = 1, ctx.n do
            seen[ctx.y[i]] = true
        end
        if ctx.loss == "multinomial" then
            for k = 1, ctx.outputs do
                check(seen[k], "class " .. k)
            end
        elseif ctx.loss == "logistic" then
            check(seen[1] and seen[-1], "classes")
        end
        local at = w[{1, 1}]
        ctx:prox(w, 0.5)
        local shrunk = math.max(math.abs(at) - ctx.lambda / 2, 0)
        near(w[{1, 1}], at < 0 and -shrunk or shrunk, 1e-12, "prox")
    end,
    step = function()
        return false
    end,
}

-- ---- declarations that are refused ----
local function refused(pattern, fields)
    fields.name = fields.name or "refused"
    fields.step = fields.step or function() end
    raises(function() spred.solver(fields) end, pattern)
end
refused("name: expected a%-z", {name = "No"})
refused("'lars' is built in", {name = "lars"})
refused("'lies' is declared twice", {name = "lies"})
refused("no key 'stepp' %(did you mean 'step", {stepp = 1})
refused("spred.solver.step: expected a function, got a number", {step = 1})
refused("needs: expected some of quadratic, one%-output, .* got 'quick'", {needs = {"quick"}})
refused("takes: expected some of groups, custom", {takes = {"power"}})
refused("options: expected a table", {options = 1})
refused("options.a: expected {\"what it does\", default", {options = {a = 1}})
refused("the default is true, false, a number or a text", {options = {a = {"doc", {}}}})
refused("a text needs choices", {options = {a = {"doc", "x"}}})
refused("not among the choices", {options = {a = {"doc", "x", choices = {"y"}}}})
refused("is not within", {options = {a = {"doc", 3, 4, 5}}})
refused("is not within", {options = {a = {"doc", 0 / 0}}})
refused("'A': expected a%-z", {options = {A = {"doc", 1}}})
raises(function() spred.solver{name = "refused"} end, "step: expected a function, got a nil")

spred.solver{
    name = "takes-options",
    options = {
        real = {"a number", 0.1, 0, 10},
        whole = {"a whole number", 4, 1, 9},
        flag = {"a flag", true},
        word = {"a word", "b", choices = {"a", "b"}},
        free = {"any number", -1e300},
    },
    init = function(_, ctx)
        options = ctx.options
    end,
    step = function()
        return false
    end,
}
