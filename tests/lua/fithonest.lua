-- fithonest.lua: fits stand for the data that were given; stops; keys; kept columns.
-- luacheck: read globals check raises

-- what is certified is the data as they were given, whatever a script does to
-- its own matrix meanwhile
do
    local x = spred.rng(5):normal(20, 6)
    local y = x:column(1) * 2
    local given = x:copy()
    local fit = spred.solve {x = x, y = y, lambda = 0.3, solver = "subgradient", steps = 50,
        on_point = function() x:scale(1.5) end}
    local c = spred.certify {x = given, y = y, lambda = 0.3, w = fit.w, b = fit.b}
    check(math.abs(c.primal - fit.primal) < 1e-12, "a changed matrix does not reach the fit")
end

-- on_point stops a fit, and what it had is there
do
    local x = spred.rng(6):normal(20, 6)
    local fit = spred.solve {x = x, y = x:column(2), lambda = 0.1, solver = "subgradient",
        on_point = function(point) return point.step >= 5 end}
    check(fit.stop == "interrupted" and fit.steps >= 5 and fit.steps < 20, "stopped by on_point")
    check(fit.w[2] ~= 0 and not fit.certified, "the model of that moment")
end

-- verbs have keys of their own; columns that were dropped
do
    local x = spred.rng(7):normal(30, 8)
    local y = x:column(5) * 3
    raises(function() spred.solve {x = x, y = y, lambda = 0.5, folds = 3} end, "no key 'folds'")
    raises(function() spred.cv {x = x, y = y, on_point = print} end, "no key 'on_point'")
    raises(function() spred.solve {data = spred.data.new {x = x, y = y}, x = x, lambda = 1} end,
        "data and x")
    x:column(5):scale(10)
    local fit = spred.solve {x = x, y = y, lambda = 0.1, preprocess = {variance_keep = "25%"}}
    check(fit.w.rows == 2 and #fit.kept == 2, "two columns are kept")
    local j = fit.kept[1] == 5 and 1 or 2
    check(fit.kept[j] == 5 and fit.w[j] ~= 0 and fit.support[1] == 5, "kept says which")
end
