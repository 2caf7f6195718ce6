-- ista-on-golub.lua: a solver written in Lua beside the built-in ones on golub.
-- spredbench experiments/ista-on-golub.lua
local spred = require "spred"

local results = spred.experiment {
    version = 1,
    name = "ista-on-golub",
    datasets = {{debian = "golub"}},
    problem = {loss = "logistic", lambda = {0.5, 0.3, 0.2}},
    protocol = {trials = 2},
    solvers = {
        -- the file's own solver, with and without momentum
        {["ista.lua"] = {momentum = {true, false}}},
        "coordinate-descent", "proximal-gradient", "spred-newton",
    },
    stop = {gap = 1e-5, wall = "20 s"},
    limits = {wall = "2 min"},
}:run {tables = true}

print(results)
results:figure("gap-time"):show()
