-- adaptive-lasso.lua: lasso against adaptive lasso (Zou 2006), planted effects.
-- spredbench experiments/adaptive-lasso.lua
local spred = require "spred"

local n, p, effects = 100, 200, {[3] = 3, [50] = -2, [120] = 1.5}
local ratios = {path = 20, min_ratio = 0.02}
local rng = spred.rng {seed = 17, stream = "adaptive lasso"}

local function draw(rows)
    local x = rng:normal(rows, p)
    local y = rng:normal(rows)
    for j, effect in pairs(effects) do
        y:axpy(effect, x:column(j))
    end
    return x, y
end

-- The model of a path that predicts a second sample best.
local function best_of(path, x, y)
    local best, least
    for i = 1, #path do
        local off = (path[i]:predict(x) - y):norm()
        if not least or off < least then
            best, least = path[i], off
        end
    end
    return best
end

local function report(name, fit)
    local hits = 0
    for _, j in ipairs(fit.support) do
        hits = hits + (effects[j] and 1 or 0)
    end
    print(("%-15s %3d features, %d of 3 true ones, gap %.1e (%s)"):format(
        name, fit.support:size(), hits, fit.gap,
        fit.certified and "certified" or "not certified"))
end

local x, y = draw(n)
local x2, y2 = draw(n)
local lasso = best_of(spred.path {x = x, y = y, lambda = ratios, standardize = false}, x2, y2)
report("lasso", lasso)

-- Second stage: column j times |first estimate|; columns that are 0 stay out.
local scaled, scaled2 = x:copy(), x2:copy()
for j = 1, p do
    local weight = math.abs(lasso.w:get(j, 1))
    scaled:column(j):scale(weight)
    scaled2:column(j):scale(weight)
end
local adaptive = spred.path {x = scaled, y = y, lambda = ratios, standardize = false}
report("adaptive lasso", best_of(adaptive, scaled2, y2))
