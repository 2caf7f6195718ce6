-- minimise.lua: spred.minimise as a script sees it.
-- luacheck: read globals check raises

local X = spred.rng(1):normal(40, 100)
local w0 = spred.zeros(100)
w0[3], w0[17] = 2, -1
local y = X:mul(w0)
local n = 40
local function lasso(w, g)
    local r = X:mul(w) - y
    X:tmul(r, g):scale(1 / n)
    return r:dot(r) / (2 * n)
end

for _, method in ipairs {"lbfgs", "adam"} do
    local m = spred.minimise {n = 100, lambda = 0.1, method = method,
        value_and_gradient = lasso, tolerance = 1e-7}
    check(m.stop == "stationary", method .. ": " .. tostring(m))
    check(table.concat(m.support, " ") == "3 17", "the support")
    check(math.abs(m.objective - 0.29163421) < 1e-7, "the objective")
    check(m.kkt <= 1e-7 and m.seconds >= 0 and m.steps > 0, "what it says")
    check(math.abs(lasso(m.w, spred.zeros(100)) - m.value) < 1e-15, "f(w)")
    check(tostring(m):find("2 nonzero weights"), "as text")
end

-- the gradient as a result, vector or list; from a coroutine; no penalty
local quadratic = function(w)
    return w[1] ^ 2 + (w[2] - 3) ^ 2, {2 * w[1], 2 * (w[2] - 3)}
end
local m = coroutine.wrap(function()
    return spred.minimise {start = {1, 1}, value_and_gradient = quadratic}
end)()
check(math.abs(m.w[2] - 3) < 1e-4 and math.abs(m.w[1]) < 1e-4, "a quadratic")
m = spred.minimise {n = 2, lambda = 1, sparse = {1}, value_and_gradient = quadratic}
check(m.w[1] == 0 and math.abs(m.w[2] - 3) < 1e-5, "only the first is sparse")
m = spred.minimise {n = 2, lambda = 1, sparse = false, value_and_gradient = quadratic}
check(math.abs(m.w[2] - 3) < 1e-5, "none is sparse")

-- mistakes
local function with(more)
    local given = {n = 2, lambda = 1, value_and_gradient = quadratic}
    for key, value in pairs(more) do
        given[key] = value
    end
    return function() spred.minimise(given) end
end
raises(with {lamda = 1}, "did you mean 'lambda'")
raises(with {lambda = "a"}, "expected a number")
raises(with {lambda = -1}, "below 0")
raises(with {n = 0}, "number of variables")
raises(with {start = {1, 2, 3}}, "start has 3 values")
raises(with {sparse = {3}}, "from 1 to 2")
raises(with {sparse = 3}, "list of indices")
raises(with {method = "newton"}, "lbfgs, adam or sgd")
raises(with {value_and_gradient = 3}, "expected a function")
raises(with {value_and_gradient = function() error("mine") end}, "minimise.lua:%d+: mine")
raises(with {value_and_gradient = function() return "x" end}, "expected the value")
raises(with {value_and_gradient = function() return 1, {1} end}, "there are 2")
raises(with {value_and_gradient = function(w) return w:dot(w), {2 * w[1], 2 * w[2] + 1} end},
    "gradient near the start is wrong")
raises(function() return m.wheight end, "no field")

-- A gradient of half the size is 0 at 0, too; and a stationary start is no error.
raises(function()
    spred.minimise{n = 3, value_and_gradient = function(w) return w:dot(w), w end}
end, "gradient near the start is wrong")
local flat = spred.minimise{
    start = {1, 1}, value_and_gradient = function(w)
        local r = w - spred.vector{1, 1}
        return 1000 + r:dot(r) / 2, r
    end,
}
check(flat.stop == "stationary", tostring(flat))
