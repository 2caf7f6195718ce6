-- stability-selection.lua: which features half of the samples choose, how often
-- (Meinshausen and Buehlmann 2010), on simulated data with known effects.
-- spredbench experiments/stability-selection.lua
local spred = require "spred"

local rounds, ratio, often = 50, 0.3, 0.8
local d = spred.data.simulated {n = 100, p = 500, blocks = 50, k = 6, snr = 5, classes = 2}
local rng = spred.rng {seed = 17, stream = "stability selection"}

local count = spred.zeros(d.p)
for _ = 1, rounds do
    local half = rng:choice(d.n, d.n // 2)
    local labels = {}
    for i, row in ipairs(half) do
        labels[i] = d.labels[row]
    end
    local fit = spred.solve {
        data = spred.data.new {x = d.x:rows_at(half), y = labels, features = d.features},
        loss = "logistic", lambda = ratio, gap = 1e-4,
    }
    for _, j in ipairs(fit.support) do
        count[j] = count[j] + 1 / rounds
    end
end

print(("%d samples, %d features (simulated); lambda = %g lambda_max"):format(d.n, d.p, ratio))
for j = 1, d.p do
    if count[j] >= often then
        print(("%-8s chosen in %3.0f%% of %d halves"):format(d.features[j], 100 * count[j], rounds))
    end
end

spred.plot {
    y = count, kind = "histogram", title = "how often a feature is chosen",
    xlabel = "share of halves", ylabel = "features", simulated = true,
}:show()
