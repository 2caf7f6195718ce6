-- lua-data.lua: a data set made in Lua, for lua-data.yaml.
-- Correlated features by a random walk over them; three have an effect.
local effects = {[3] = 2, [10] = -1.5, [17] = 1}

spred.loader {
    name = "walk",
    doc = "features that resemble their neighbours",
    read = function(_, options)
        local n, p = options.samples or 60, options.features or 20
        local rng = spred.rng(options.seed or 1)
        local x, y, truth = spred.zeros(n, p), {}, {}
        for j = 1, p do
            truth[j] = effects[j] or 0
        end
        for i = 1, n do
            local value, sum = rng:normal(), 0
            for j = 1, p do
                value = 0.8 * value + 0.6 * rng:normal()
                x:set(i, j, value)
                sum = sum + truth[j] * value
            end
            y[i] = sum + rng:normal()
        end
        return {x = x, y = y, truth = truth, simulated = true}
    end,
}
