-- custom-figure.lua: an experiment, its rows grouped, and a figure of one's own:
-- how the time to a certificate grows with the number of features.
-- spredbench experiments/custom-figure.lua
local spred = require "spred"

local results = spred.experiment {
    version = 1,
    name = "custom-figure",
    datasets = {{simulated = {
        n = 50, p = {100, 200, 400}, blocks = 10, k = 5, snr = 5, classes = 2,
    }}},
    problem = {loss = "logistic", lambda = {path = 10, min_ratio = 0.1}},
    protocol = {trials = 3},
    solvers = {"coordinate-descent", "proximal-gradient", "spred-newton"},
    stop = {gap = 1e-6, wall = "5 s"},
}:run {quiet = true}

-- One line a solver: the median over the trials, from the least to the most.
local series = {}
for _, solver in ipairs {"coordinate-descent", "proximal-gradient", "spred-newton"} do
    local line = {label = solver, x = {}, y = {}, low = {}, high = {}}
    for with, values in pairs {median = line.y, min = line.low, max = line.high} do
        for i, g in ipairs(results:group {by = {"features"}, of = "seconds", with = with,
            solver = solver}) do
            line.x[i], values[i] = g.features, 1000 * g.value
        end
    end
    series[#series + 1] = line
end

local figure = spred.plot {
    series = series, log = "xy", kind = "linespoints", name = "time-features",
    title = "10 lambdas to a gap of 1e-6", xlabel = "features", ylabel = "milliseconds",
    caption = "Median, least and most of 3 trials.", results = results,
}
figure:save(results.folder .. "/figures/time-features.svg")
figure:show()
