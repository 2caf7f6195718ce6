-- data.lua: data sets in scripts: made, simulated, read from a file.

local X = spred.matrix{{1, 2}, {3, 4}, {5, 6}, {7, 9}, {2, 1}, {0, 4}}
local d = spred.data.new{
    x = X,
    y = {"b", "a", "b", "a", "b", "a"},
    features = {"one", "two"},
    name = "tiny",
}
check(d.name == "tiny" and d.n == 6 and d.p == 2)
check(d.x == X and d.x.read_only)
check(d.classes[1] == "b" and d.classes[2] == "a" and #d.classes == 2)
check(d.labels[1] == "b" and d.labels[2] == "a" and #d.labels == 6)
check(d.y == spred.vector{1, 2, 1, 2, 1, 2})
check(d.features[2] == "two" and d.symbols[1] == "" and d.samples[6] == "s6")
check(d.targets[1].name == "class" and d.targets[1].kind == "class")
check(d.target == "class" and not d.simulated)
check(tostring(d):find("tiny: 6 samples x 2 features", 1, true), tostring(d))
check(tostring(d):find("b 3, a 3", 1, true), tostring(d))
raises(function() d.x[{1, 1}] = 5 end, "only be read")
raises(function() return d.feature end, "did you mean 'features'")

local numbers = spred.data.new{x = X, y = spred.vector{1, 2, 3, 4, 5, 6}}
check(numbers.classes == nil and numbers.labels == nil)
check(numbers.y[6] == 6 and numbers.target == "y")
local none = spred.data.new{x = X}
check(#none.targets == 0)
raises(function() return none.y end, "no target")

-- What is wrong is said.
raises(function() spred.data.new{x = X, y = {1, 2}} end, "6 rows, y has 2 values")
raises(function() spred.data.new{x = X, y = {"a"}} end, "6 rows, y has 1 class names")
raises(function() spred.data.new{y = {1}} end, "spred.data.new.x: expected a matrix, got nil")
raises(function() spred.data.new{x = {1}} end, "expected a matrix, got a table")
raises(function() spred.data.new{x = X, labels = {}} end, "no key 'labels'")
raises(function() spred.data.new{x = X, features = {"a"}} end, "expected a list of 2 names")
raises(function() spred.data.new{x = X, y = {"a", 1, "a", "b", "a", "b"}} end,
    "class name at 2, got a number")

-- The matrix goes on living in the data, and the data in a view of it.
local function make()
    return spred.data.new{x = spred.matrix{{1, 2}, {3, 4}}, y = {1, 2}}
end
local function view_of()
    return make().x
end
local kept, view = make(), view_of()
for _ = 1, 2000 do -- the collector's work, and others in the place of what is gone
    spred.zeros(30, 100)
    spred.zeros(2, 2):fill(7)
end
check(kept.x:get(2, 2) == 4 and view:get(2, 1) == 3)

-- Simulated, as in an experiment file.
local s = spred.data.simulated{n = 40, p = 30, classes = 0, k = 3, seed = 5}
check(s.simulated and s.n == 40 and s.p == 30 and s.name == "simulated-n40-p30")
check(tostring(s):find("SIMULATED"))
check(s.x == spred.data.simulated{n = 40, p = 30, classes = 0, k = 3, seed = 5}.x)
check(s.x ~= spred.data.simulated{n = 40, p = 30, classes = 0, k = 3}.x)
raises(function() spred.data.simulated{n = 40} end, "'p' is missing")
raises(function() spred.data.simulated{n = 40, p = 30, noize = 1} end, "noize")
raises(function() spred.data.simulated{n = 40, p = 30, kind = "block"} end,
    "data.lua:%d+: spred.data.simulated: .*block.*did you mean 'blocks'")
raises(function() spred.data.simulated{n = {40, 50}, p = 30} end, "expected one data set")
raises(function() spred.data.simulated{n = 0 / 0, p = 30} end, "finite")
raises(function() spred.data.simulated{n = print, p = 30} end, "got a function")
raises(function() spred.data.simulated{n = {1, a = 2}, p = 30} end, "not both")
local loop = {}
loop.loop = loop
raises(function() spred.data.simulated(loop) end, "inside each other")

raises(function() spred.data.debian("golubb") end, "golub")
raises(function() spred.data.geo("GSE1") end, "not a GEO DataSet")
raises(function() spred.data.file("no-such-file.csv") end, "no%-such%-file.csv")
raises(function() spred.data.file("x.csv", {traget = "a"}) end, "did you mean 'target'")
raises(function() spred.data.geo("GDS507", 3) end, "table expected")
