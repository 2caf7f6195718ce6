-- penalty.lua: penalties that a script declares.
local function sign(t) return t > 0 and 1 or -1 end
local function soft(z, s) return math.max(math.abs(z) - s, 0) * sign(z) end

local function lasso(change)
    local penalty = {
        name = "lasso",
        value = math.abs,
        prox = soft,
        derivative = sign,
        at_zero = 1,
        convex = true,
        conjugate = function(c) return math.abs(c) <= 1 and 0 or math.huge end,
    }
    for key, value in pairs(change or {}) do penalty[key] = value end
    return penalty
end

check(spred.penalty(lasso()).certified, "a gap")
local mcp = spred.penalty {
    name = "mcp",
    value = function(t)
        local a = math.abs(t)
        return a < 3 and a - a * a / 6 or 1.5
    end,
    derivative = function(t)
        return math.abs(t) < 3 and sign(t) * (1 - math.abs(t) / 3) or 0
    end,
    prox = function(z, s)
        local function cost(x)
            local a = math.abs(x)
            return (x - z) ^ 2 / 2 + s * (a < 3 and a - a * a / 6 or 1.5)
        end
        local best = 0
        local inner = s < 3 and soft(z, s) / (1 - s / 3) or 0
        if math.abs(inner) < 3 and cost(inner) < cost(best) then best = inner end
        if math.abs(z) >= 3 and cost(z) < cost(best) then best = z end
        return best
    end,
    at_zero = 1,
}
check(mcp.name == "mcp" and not mcp.certified, "stationarity")
raises(function() spred.penalty(lasso()) end, "'lasso' is declared twice")
raises(function() spred.penalty(lasso { name = "l1" }) end, "built in")
raises(function() spred.penalty(lasso { name = "x", at_zero = 0 }) end,
    "makes no zeros.*lambda has no maximum")
raises(function() spred.penalty(lasso { name = "x", at_zero = 2 }) end, "at_zero says")
raises(function()
    spred.penalty(lasso { name = "x", prox = function(z, s) return soft(z, s / 2) end })
end, "prox%(")
raises(function()
    spred.penalty(lasso { name = "x", derivative = function(t) return t end })
end, "the penalty 'x': derivative%(")
raises(function()
    spred.penalty(lasso { name = "x", prox = function(z) return z .. "" end })
end, "penalty.lua:%d+: x.prox must give a number, it gave a string")
raises(function() spred.penalty(lasso { name = "x", convex = false }) end,
    "would prove nothing")

-- convex only as far as one looks
raises(function()
    spred.penalty(lasso {name = "capped", value = function(t) return math.min(math.abs(t), 500) end,
        derivative = function(t) return math.abs(t) < 500 and (t > 0 and 1 or -1) or 0 end})
end, "capped")
