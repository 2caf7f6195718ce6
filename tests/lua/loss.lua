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
