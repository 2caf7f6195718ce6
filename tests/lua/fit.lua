-- fit.lua: fits from scripts against closed forms, optimality conditions and
-- predictions by hand.

local function near(a, b, tolerance)
    if math.abs(a - b) <= (tolerance or 1e-9) then
        return
    end
    error(("%.17g is not near %.17g"):format(a, b), 2)
end

-- Soft thresholding, when the columns are orthogonal: X'X = n I.
local H = spred.matrix{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}}
local y = spred.vector{3, 1, -0.5, -2}
local fit = spred.solve{
    x = H, y = y, lambda = {absolute = 0.5}, intercept = false,
    standardize = false, solver = "coordinate-descent", gap = 1e-12,
}
local c = H:tmul(y) / 4
for j = 1, 2 do
    near(fit.w[j], math.max(math.abs(c[j]) - 0.5, 0) * (c[j] > 0 and 1 or -1), 1e-9)
end
near(fit.lambda, 0.5)
near(fit.lambda_max, math.max(math.abs(c[1]), math.abs(c[2])))
check(fit.certified and fit.gap <= 1e-12 and fit.b[1] == 0)
check(fit.solver == "coordinate-descent" and fit.loss == "squared" and fit.penalty == "l1")

-- Optimality by matrix algebra, and the objective.
local d = spred.data.simulated{n = 60, p = 100, k = 5, classes = 0, seed = 3}
fit = spred.solve{data = d, lambda = 0.3, standardize = false, solver = "cd", gap = 1e-10}
local n, lambda = d.n, fit.lambda
local function centre(X, mean)
    return X - spred.ones(X.rows):mul(mean:transpose())
end
local Xc = centre(d.x, fit.mean)
local r = d.y - Xc:mul(fit.w) - fit.b[1]
local g = Xc:tmul(r) / n
local used = 0
for j = 1, d.p do
    check(math.abs(g[j]) <= lambda * (1 + 1e-4), "subgradient")
    if fit.w[j] ~= 0 then
        used = used + 1
        near(g[j], fit.w[j] > 0 and lambda or -lambda, 1e-4 * lambda)
    end
end
near(fit.primal, r:dot(r) / (2 * n) + lambda * fit.w:norm(1), 1e-9)
check(fit.dual <= fit.primal + 1e-12 and fit.certified)
near(fit.ratio, 0.3)

-- Support, genes, predictions.
check(#fit.support == used and fit.support:size() == used)
check(#fit.support:names() == used)
for i = 1, used do
    check(fit.w[fit.support[i]] ~= 0)
    check(fit.support:names()[i] == d.features[fit.support[i]])
end
check(fit.support[used + 1] == nil and fit.support[0] == nil)
local genes = fit:genes(2)
check(#genes == 2 and math.abs(genes[1].weight) >= math.abs(genes[2].weight))
check(genes[1].feature == d.features[genes[1].column])
near(genes[1].weight, fit.w[genes[1].column])
check(#spred.genes(fit) == used)
local p = fit:predict(d)
local by_hand = Xc:mul(fit.w) + fit.b[1]
for i = 1, n do
    near(p[i], by_hand[i], 1e-9)
end
check(spred.predict(fit, d.x:rows_at{3, 1}, "score")[2] == p[1])
raises(function() fit:predict(d, "class") end, "predicts numbers")
raises(function() fit:predict(spred.zeros(2, 3)) end, "100 features, x has 3 columns")
raises(function() fit:predict(3) end, "expected data or a matrix, got a number")
check(tostring(fit):find("certified") and tostring(fit):find("largest: "), tostring(fit))

-- The certificate of these weights, and of others.
local function certify(w, b)
    return spred.certify{data = d, lambda = 0.3, standardize = false, w = w, b = b}
end
local good, bad = certify(fit.w, fit.b), certify(spred.zeros(d.p, 1))
near(good.primal, fit.primal, 1e-12)
check(good.certified and good.support == used and good.gap <= 1e-9)
check(not bad.certified and bad.gap > 0.01 and bad.primal > good.primal)
raises(function() certify(spred.zeros(3, 1)) end, "spred.certify.w")

-- Classes: two by logistic, three by multinomial and one-vs-rest.
local two = spred.data.simulated{n = 60, p = 40, k = 3, classes = 2}
local binary = spred.solve{data = two, lambda = 0.1}
check(binary.loss == "logistic" and binary.solver == "spred-newton", binary.solver)
check(#binary.classes == 2 and binary.certified)
local names, scores = binary:predict(two), binary:predict(two, "score")
local shares = binary:predict(two, "probability")
check(shares.rows == 60 and shares.cols == 2 and scores.cols == 1)
local right = 0
for i = 1, two.n do
    near(shares:get(i, 2), 1 / (1 + math.exp(-scores[i])), 1e-12)
    near(shares:get(i, 1) + shares:get(i, 2), 1, 1e-12)
    check(names[i] == binary.classes[scores[i] > 0 and 2 or 1])
    right = right + (names[i] == two.labels[i] and 1 or 0)
end
check(right > 45, "learnt nothing")
local three = spred.data.simulated{n = 60, p = 20, k = 3, classes = 3}
local soft = spred.solve{data = three, lambda = 0.1}
check(soft.loss == "multinomial" and soft.w.cols == 3 and soft.b.rows == 3)
check(soft:predict(three, "probability").cols == 3 and #soft:predict(three) == 60)
local rest = spred.solve{data = three, loss = "squared", lambda = 0.1}
check(rest.w.cols == 3 and rest.certified and #rest.support > 0)
raises(function() rest:predict(three, "probability") end, "no probabilities")
local seen = {}
for j = 1, 20 do
    for k = 1, 3 do
        seen[j] = seen[j] or rest.w:get(j, k) ~= 0
    end
end
for i = 1, #rest.support do
    check(seen[rest.support[i]])
end

-- Paths: all models are kept.
local path = spred.path{data = d, lambda = {path = 8, min_ratio = 0.1}, gap = 1e-8}
check(#path == 8 and path.certified and path.lambdas.rows == 8)
near(path.lambdas[1], path.lambda_max, 1e-12)
near(path.lambdas[8], 0.1 * path.lambda_max, 1e-12)
for i = 1, #path do
    check(#path[i].support == path.supports[i])
    check(path[i].gap == path.gaps[i] and path[i].lambda == path.lambdas[i])
    local alone = spred.solve{data = d, lambda = {absolute = path.lambdas[i]}, gap = 1e-8}
    near(alone.primal, path[i].primal, 1e-6)
    near((alone:predict(d) - path[i]:predict(d)):norm(), 0, 1e-2)
end
check(path[9] == nil and path[0] == nil)
check(path.best.lambda == path.lambdas[8] and path.cv_loss == nil)
check(tostring(path):find("path of 8 lambdas"))
check(path[4].options.reparametrisation == nil and next(path[4].options) ~= nil)

-- Cross-validation.
local cv = spred.cv{data = d, lambda = {path = 8, min_ratio = 0.1}, folds = 4, threads = 2}
check(cv.cv_loss.rows == 8 and cv.cv_se.rows == 8)
local least, within = 1, nil
for i = 2, 8 do
    least = cv.cv_loss[i] < cv.cv_loss[least] and i or least
end
for i = 8, 1, -1 do
    within = cv.cv_loss[i] <= cv.cv_loss[least] + cv.cv_se[least] and i or within
end
check(cv.best.lambda == cv.lambdas[within], "1se")
local minimum = spred.cv{
    data = d, lambda = {path = 8, min_ratio = 0.1}, folds = 4, rule = "min", threads = 1,
}
check(minimum.best.lambda == cv.lambdas[least], "min")
check(minimum.cv_loss == cv.cv_loss, "threads change nothing")

-- Looking on, and stopping.
local points, view = 0, nil
local stopped = spred.path{
    data = d, lambda = {path = 8, min_ratio = 0.1}, solver = "proximal-gradient",
    on_point = function(point)
        points = points + 1
        view = point.w
        check(point.w.rows == d.p and point.gap >= 0 and point.lambda > 0)
        return point.lambda_index == 3
    end,
}
check(points > 2 and stopped[2] and stopped[8] == nil)
raises(function() return view[1] end, "is over")
raises(function()
    spred.solve{data = d, lambda = 0.1, on_point = function() error("enough!") end}
end, "enough!")

-- A part of this script.
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
local huber = spred.solve{data = d, loss = "huber", lambda = 0.3, solver = "proximal-gradient"}
check(huber.loss == "huber" and huber.certified, tostring(huber))
local hg = centre(d.x, huber.mean)
local m = hg:mul(huber.w)
check(m.rows == n)

-- What is wrong is said.
raises(function() spred.solve{data = d, lambda = 0.1, losss = "squared"} end, "did you mean 'loss'")
raises(function() spred.solve{data = d, lambda = 0.1, loss = "hubert"} end, "did you mean 'huber'")
raises(function() spred.solve{data = d, lambda = 0.1, solver = "lar"} end, "did you mean 'lars'")
raises(function() spred.solve{data = d, lambda = 0.1, solver = {cd = {stpe = 1}}} end,
    "fit.lua:%d+: spred.solve")
raises(function() spred.solve{data = d} end, "'lambda' is missing")
raises(function() spred.solve{data = d, lambda = {0.1, 0.2}} end, "expected one, these are 2")
raises(function() spred.solve{data = d, lambda = 2} end, "more than 1")
raises(function() spred.solve{data = 3, lambda = 0.1} end, "expected data, got a number")
raises(function() spred.solve{lambda = 0.1} end, "expected data=, or x= and y=")
raises(function() spred.solve{x = H, y = {1, 2}, lambda = 0.1} end, "4 rows, y has 2 values")
raises(function() spred.solve{data = d, lambda = 0.1, loss = "logistic"} end, "cannot fit classes")
raises(function() spred.solve{data = d, lambda = 0.1, target = "z"} end,
    "no target 'z'; it has 'y'")
raises(function() spred.solve{data = two, lambda = 0.1, solver = "lars"} end, "lars")
raises(function() spred.solve(3) end, "expected a table, got a number")
raises(function() spred.solve{data = d, lambda = 0.1, wall = -1} end, "wall")
raises(function() return fit.lamda end, "did you mean 'lambda'")
