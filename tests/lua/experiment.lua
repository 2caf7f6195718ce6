-- experiment.lua: an experiment of a script, run by p-luaexperiment.py.

local function check(condition, message)
    if not condition then
        error(message or "check", 2)
    end
end
local function raises(f, pattern)
    local ok, message = pcall(f)
    check(not ok, "no error: " .. pattern)
    check(tostring(message):find(pattern), "expected " .. pattern .. ", got " .. tostring(message))
end

spred.loss{
    name = "huber",
    value = function(m, t)
        local e = math.abs(t - m)
        return e <= 1 and e * e / 2 or e - 0.5
    end,
    residual = function(m, t) return math.max(-1, math.min(1, t - m)) end,
    curvature = function(m, t) return math.abs(t - m) <= 1 and 1 or 0 end,
    bound = 1,
    dual = function(theta, t)
        return math.abs(theta) <= 1 and theta * t - theta * theta / 2 or -math.huge
    end,
}

local settings = {
    name = "scripted",
    seed = 5,
    datasets = {{simulated = {n = 40, p = 30, k = 3, classes = 0, name = "sim"}}},
    problems = {
        {loss = "squared", lambda = {path = 6, min_ratio = 0.1}},
        {loss = "huber", lambda = 0.3},
    },
    protocol = {trials = 1, test = 0, choose = {kind = "cv", folds = 4}},
    solvers = {"proximal-gradient", "spred"},
    stop = {wall = 60, steps = 100000},
    figures = {"gap-time"},
}
local e = spred.experiment(settings)
check(e.name == "scripted" and tostring(e):find("2 problems, 2 solvers"))
check(e.resolved:find("wall: 60 s", 1, true), e.resolved)
check(e.resolved:find("spred-newton", 1, true), e.resolved)

raises(function() spred.experiment{datasets = {}} end, "experiment.lua:%d+: spred.experiment")
raises(function()
    settings.solver = "x"
    spred.experiment(settings)
end, "did you mean 'solvers'")
settings.solver = nil
raises(function() return e.resolve end, "did you mean 'resolved'")
raises(function() e:run{job = 2} end, "did you mean 'jobs'")
raises(function() e:run{jobs = 0} end, "expected 1 to 1024")

-- A pcall around it does not keep a worker from ending here.
local _, results, totals = pcall(function() return e:run{jobs = 2, quiet = true} end)
check(type(totals) == "table", tostring(results))
check(totals.done == 4 and totals.failed == 0 and totals.known == 0, "totals")
print("once")
local _, again = e:run{jobs = 1, quiet = true}
check(again.known == 4 and again.done == 0, "nothing is done twice")

local jobs = e:plan()
check(#jobs == 4 and jobs[1].dataset == "sim" and jobs[1].solver == "proximal-gradient")
check(jobs[1].stall_patience == 3 and #jobs[1].job == 64)

-- The same numbers as a fit of the same data, seed and rule.
local rows = results:rows{solver = "spred-newton", problem = "lasso"}
check(#rows == 1 and rows[1].status == "certified", "rows")
local d = spred.data.simulated{n = 40, p = 30, k = 3, classes = 0, name = "sim", seed = 5}
local cv = spred.cv{
    data = d, loss = "squared", lambda = {path = 6, min_ratio = 0.1}, folds = 4, seed = 5,
    solver = "spred-newton",
}
check(rows[1].lambda_max == cv.lambda_max, "lambda_max")
check(math.abs(rows[1].lambda_ratio - cv.best.ratio) < 1e-15, "ratio")
for i = 1, #cv do
    check(cv.lambdas[i] ~= cv.best.lambda or rows[1].cv_loss == cv.cv_loss[i], "cv_loss")
end
check(rows[1].objective == cv.best.primal, "objective")
print("done")
