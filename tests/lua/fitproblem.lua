-- fitproblem.lua: spred.problem: the same problem as spred.solve's, by hand.

local d = spred.data.simulated{n = 50, p = 20, k = 3, classes = 0}
local problem = spred.problem{data = d, lambda = 0.2}
local fit = spred.solve{data = d, lambda = 0.2, gap = 1e-12, solver = "coordinate-descent"}
check(problem.n == 50 and problem.p == 20 and problem.loss == "squared")
check(problem.lambda == fit.lambda and problem.lambda_max == fit.lambda_max)
check(math.abs(problem:value(fit.w, fit.b) - fit.primal) < 1e-12)

-- Proximal gradient on it comes to the same place.
local w, b = spred.zeros(20, 1), spred.vector{fit.b[1]}
local step = 1 / problem:lipschitz()
for _ = 1, 2000 do
    w = problem:prox(w - step * problem:gradient(w, b), step)
end
check((w - fit.w):norm() < 1e-5, tostring((w - fit.w):norm()))

-- The problem keeps what it is made of.
local function make()
    return spred.problem{
        x = spred.matrix{{1, 2}, {3, 4}, {5, 7}}, y = {1, 2, 4}, loss = "squared",
    }
end
local small = make()
for _ = 1, 2000 do
    spred.zeros(30, 100)
    spred.zeros(3, 1):fill(7)
end
check(small.y[3] == 4 and small.lambda == nil)
local three = spred.data.simulated{n = 60, p = 20, k = 3, classes = 3}
raises(function() spred.problem{data = three, loss = "squared"} end, "one%-vs%-rest makes 3")
