-- results.lua: spred.results, groups, spred.plot and figures, over the store
-- of t-luaresults.c: fixture = its folder, drawn = where to save.
-- luacheck: read_globals check raises fixture drawn
local r = spred.results(fixture)

-- rows, labels, filters
check(#r == 288, "runs: " .. #r)
check(r.name == fixture:match("[^/]*$") and r.folder == fixture, "names")
local text = tostring(r)
check(text:find("288 runs", 1, true) and text:find("crashed 6", 1, true)
    and text:find("GDS1815, ", 1, true) and text:find("owl-qn", 1, true), text)
local rows = r:rows{dataset = "GDS1815", problem = "lasso", solver = "spred"}
check(#rows == 6, "two settings of spred, three trials: " .. #rows)
check(rows[1].solver == "spred[variant=newton]" and rows[1].trial == 1, "label")
check(math.type(rows[1].features) == "integer", "whole numbers stay whole")
check(rows[1].truth == nil and rows[1].r2 == nil, "no value: no field")
check(#r:rows{solver = "lars", status = "skipped"} == 18, "skipped")
check(#r:rows() == 288 and #r:rows(nil) == 288, "no filter")
local points = r:points{dataset = "planted", solver = "lars", problem = "lasso"}
check(#points == 60 and points[1].solver == "lars" and points[1].gap == 1e-14
    and points[60].trial == 3, "points")
check(r:genes{dataset = "GDS3268", solver = "owl-qn"}[1].symbol == "GENE1007",
    "genes")
check(#r:folds() == 0, "folds")
raises(function() r:rows{datset = "a"} end, "dataset")
raises(function() r:rows{dataset = 1} end, "expected a string")
raises(function() return r.pionts end, "no field 'pionts'")

-- queries
local summary = r:query("summary")
check(summary[1].dataset and summary[1].solver, "summary")
check(r:query("notes")[1].value, "notes")
check(#r:queries() == 29, "queries")
raises(function() r:query("sumary") end, "did you mean 'summary'")

-- SQL
local best = r:sql([[SELECT solver, min(seconds) AS s FROM runs
    WHERE dataset = ? AND status = ? AND seconds > ? GROUP BY solver ORDER BY s]],
    "GDS1815", "certified", 0.5)
check(#best > 2 and best[1].s <= best[2].s, "sql")
check(r:sql("SELECT ? AS a, ? AS b, ? AS c", 7, nil, true)[1].a == 7, "values")
raises(function() r:sql("DELETE FROM runs") end, "not allowed here")
raises(function() r:sql("ATTACH 'x' AS y") end, "ATTACH")
raises(function() r:sql("PRAGMA user_version = 3") end, "PRAGMA")
raises(function() r:sql("SELECT 1; SELECT 2") end, "one statement")
raises(function() r:sql("SELECT ?") end, "1 marks")
raises(function() r:sql("SELECT ?", {}) end, "got a table")
raises(function() r:sql("SELECT nosuch FROM runs") end, "no such column")
check(#r == 288 and #spred.results(fixture):rows() == 288, "nothing changed")

-- groups
local g = r:group{by = {"dataset", "solver"}, of = "seconds", problem = "lasso"}
local one = r:rows{dataset = g[1].dataset, solver = g[1].solver, problem = "lasso"}
table.sort(one, function(a, b) return a.seconds < b.seconds end)
check(#g == 48 and g[1].count == 3 and g[1].value == one[2].seconds, "median")
g = r:group{by = "status", with = "count"}
local total = 0
for _, row in ipairs(g) do
    total = total + row.value
end
check(total == 288, "count")
local list = {{a = 1, b = 4}, {a = 2, b = 1}, {a = 1, b = 2}, {a = 1}}
local function reduced(with)
    return spred.group(list, {by = {"a"}, of = "b", with = with})[1].value
end
check(reduced("mean") == 3 and reduced("median") == 3 and reduced("min") == 2
    and reduced("max") == 4 and reduced("sum") == 6 and reduced("count") == 3
    and reduced(function(v) return #v end) == 2, "reducers")
raises(function() r:group{by = "sovler", with = "count"} end, "no row has a column 'sovler'")
raises(function() r:group{of = "seconds", with = "meen"} end, "median, mean")

-- tables and words
check(r:table():find("| solver", 1, true), "Markdown")
check(r:status():find("288 runs stored", 1, true), "status")

-- which results
raises(function() spred.results("no/such") end, "no results 'no/such'")
raises(function() spred.results("fixtre") end, "no results 'fixtre'")

-- built-in figures, drawn anew
local f, second = r:figure("gap-time")
check(f.name == "gap-time-lasso" and second.name == "gap-time-logistic", "pages")
check(r:figure("gap-time-logistic").name == "gap-time-logistic", "one page")
check(spred.type(f) == "figure" and tostring(f) == "figure gap-time-lasso", "figure")
check(f.gp:find("set multiplot", 1, true) and f.dat:find("# gap-time-lasso.dat", 1, true),
    "its files")
text = f:text(100):gsub("%s+", " ")
check(text:find("SIMULATED data, not measured: planted", 1, true)
    and text:find("y: relative duality gap", 1, true), text)
local names = table.concat(r:figures(), " ")
check(names:find("profile", 1, true) and names:find("gap-time-lasso", 1, true), names)
raises(function() r:figure("gap-tme") end, "gap%-time")
raises(function() r:figure("time-dimension") end, "nothing to show")

-- a figure from a table
f = spred.plot{x = {1, 2, 3}, y = {10, 1000, 0.5}, log = "y", title = "mine",
    ylabel = "seconds", caption = "By hand.", simulated = true}
check(f.name == "plot" and f.dat:find("\n2 1000 1000 1000\n", 1, true), f.dat)
check(f.gp:find("set logscale y", 1, true)
    and f.gp:find("'SIMULATED data, not measured. By hand. '", 1, true), f.gp)
check(f:text(60, 20):find("mine", 1, true), "text")
check(f:sixel():sub(1, 2) == "\27P", "sixel")
check(f:save(drawn .. "/mine.svg") == f, "save")
f:save(drawn .. "/mine.txt"):save(drawn .. "/mine.png"):save(drawn .. "/mine.pdf")
raises(function() f:save(drawn .. "/mine.jpg") end, "%.svg %.pdf %.png")
raises(function() f:save("no/such/mine.svg") end, "mine.svg")
local said
local print_before = print
print = function(s) said = s end -- luacheck: ignore 121
f:show()
print = print_before -- luacheck: ignore 121
check(said:find("By hand.", 1, true), "show")

g = r:group{by = {"solver"}, of = "seconds", problem = "lasso"}
local solvers, seconds = {}, spred.zeros(#g)
for i, row in ipairs(g) do
    solvers[i] = row.solver
end
f = spred.plot{x = solvers, y = seconds, kind = "bars", name = "by solver", results = r}
check(f.name == "by_solver" and f.gp:find("'owl-qn' ", 1, true)
    and f.gp:find("Seed 17", 1, true), "bars by name")
f = spred.plot{series = {
    {label = "a", x = {1, 2}, y = {1, 2}, low = {0, 1}, high = {2, 3}},
    {label = "b", y = {2, 1}}}}
check(f.dat:find("\n1 1 0 2\n2 2 1 3\n", 1, true) and f.dat:find("# b", 1, true), f.dat)
check(spred.plot{z = spred.zeros(3, 2)}.dat:find("\n2 3 0\n", 1, true), "heat")
check(spred.plot{y = {1, 2, 2, 9}, kind = "histogram", bins = 4}.gp:find("< 4 ?", 1, true),
    "histogram")
for _, wrong in ipairs{
    {{y = "a"}, "plot.y: expected a vector"},
    {{x = {1, 2}, y = {1}}, "2 values of x for 1"},
    {{y = {1, "b"}}, "plot.y%[2%]: expected a number"},
    {{y = {}}, "no finite number"},
    {{}, "plot.y: expected a list"},
    {{y = {-1, 0}, log = "y"}, "no value above 0"},
    {{y = {1}, kind = "lnes"}, "did you mean 'lines'"},
    {{y = {1}, log = "q"}, "logarithmic axes"},
    {{y = {1}, tilte = "t"}, "did you mean 'title'"},
    {{y = {1}, low = {1}}, "low and high come together"},
    {{series = {}}, "list of 1 to"},
    {{series = {{x = {1}}}}, "series%[1%].y"},
    {{x = {"a", 2}, y = {1, 2}}, "plot.x%[2%]: expected a name"},
    {{x = {"a"}, y = {1, 2}}, "2 values of y for 1 names"},
    {{y = {1}, kind = "heat"}, "come together"},
    {{y = {1}, name = ""}, "expected a name"},
    {{y = {1}, results = 1}, "results expected"}} do
    raises(function() spred.plot(wrong[1]) end, wrong[2])
end
