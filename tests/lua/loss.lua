-- loss.lua: losses that a script declares.
local function huber(change)
    local loss = {
        name = "huber",
        value = function(m, y)
            local r = math.abs(y - m)
            return r <= 1 and r * r / 2 or r - 0.5
        end,
        residual = function(m, y) return math.max(-1, math.min(1, y - m)) end,
        dual = function(theta, y)
            if math.abs(theta) > 1 then return -math.huge end
            return theta * y - theta * theta / 2
        end,
        bound = 1,
    }
    for key, value in pairs(change or {}) do loss[key] = value end
    return loss
end

local made = spred.loss(huber())
check(made.name == "huber" and made.bound == 1, "properties")
raises(function() spred.loss(huber()) end, "'huber' is declared twice")
raises(function() spred.loss(huber { name = "squared" }) end, "built in")
raises(function() spred.loss(huber { name = "x", bund = 2 }) end, "did you mean")
raises(function() spred.loss(huber { name = "x", bound = 0.5 }) end,
    "the loss 'x': .* the bound of the curvature is 0.5")
raises(function()
    spred.loss(huber { name = "x", residual = function(m, y) return 1.5 * (y - m) end })
end, "the loss 'x': residual%(")
raises(function()
    spred.loss(huber { name = "x", dual = function(t, y) return t * y - t * t / 2 end })
end, "the loss 'x': dual%(")
raises(function()
    spred.loss(huber { name = "x", value = function() return nil end })
end, "loss.lua:%d+: x.value must give a number, it gave a nil")
raises(function()
    spred.loss(huber { name = "x", value = function(m) return m.z end })
end, "loss.lua:%d+: attempt to index a number")
raises(function() spred.loss(huber { name = "x", targets = "words" }) end,
    'expected "real" or "class"')
raises(function() spred.loss { name = "x" } end, "spred.loss.value: expected a function")
raises(function() spred.loss { value = print } end, "spred.loss.name")

-- Fails at the data only: the text must be the run's reason.
spred.loss(huber {
    name = "fragile",
    residual = function(m, y)
        if y == 41.5 then error("no such target") end
        return math.max(-1, math.min(1, y - m))
    end,
})

-- targets far from 0: the intercept is found, lambda_max does not move
do
    local x = spred.rng(8):normal(40, 10)
    local base = x:column(1) * 2 + spred.rng(9):normal(40)
    local expected
    for _, offset in ipairs {0, 300, 1e5} do
        local y = base:copy()
        for i = 1, #y do
            y[i] = y[i] + offset
        end
        local fit = spred.solve {x = x, y = y, loss = "huber", lambda = {absolute = 0.1},
            solver = "cd", gap = 1e-7}
        expected = expected or fit.lambda_max
        check(fit.certified and math.abs(fit.lambda_max / expected - 1) < 1e-6, "offset " .. offset)
        local c = spred.certify {x = x, y = y, loss = "huber", lambda = {absolute = 0.1},
            w = spred.zeros(10), b = offset}
        check(not c.certified and c.gap > 0.1, "w = 0 is not certified")
    end
end
