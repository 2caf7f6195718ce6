-- matrix.lua: the userdata `matrix` as a script sees it (run by t-matrix.c).
-- luacheck: read globals check raises
local spred = require "spred"
local inf, nan = math.huge, 0 / 0

local function same(a, b, what)
    check(a == spred.matrix(b), what)
end

local function near(a, b, what)
    check(math.abs(a - b) <= 1e-12 * (1 + math.abs(b)), what .. ": " .. a .. " against " .. b)
end

-- Making.
local m = spred.matrix{{1, 2, 3}, {4, 5, 6}}
check(m.rows == 2 and m.cols == 3 and m.size == 6, "sizes")
check(m.storage == "f64" and not m.read_only and m.stored == 6, "storage")
check(spred.type(m) == "matrix", "type")
raises(function() return spred.matrix{{1, 2}, {3}} end, "row 2 has 1 values, the first one has 2")
raises(function() return spred.matrix{1, 2} end, "row 1 is a number")
raises(function() return spred.matrix{{1, 2}, {3, "x"}} end,
    "row 2, column 2: expected a number, got a string")
raises(function() return spred.matrix(3) end, "expected a table of rows")
raises(function() return spred.vector{1, {}} end, "%[2%]: expected a number, got a table")
raises(function() return spred.zeros(-1) end, "0 or more, got %-1")
raises(function() return spred.zeros(2, 1.5) end, "got 1.5")
raises(function() return spred.zeros(1 << 40) end, "too large")
check(spred.matrix{}.rows == 0 and spred.matrix{{}}.rows == 1, "empty")
check(spred.zeros(0).size == 0, "empty vector")
same(spred.zeros(2, 2), {{0, 0}, {0, 0}}, "zeros")
same(spred.ones(1, 2), {{1, 1}}, "ones")
same(spred.eye(2), {{1, 0}, {0, 1}}, "eye")
local steps = spred.linspace(0, 0.3, 4)
check(steps[1] == 0 and steps[4] == 0.3 and #steps == 4, "linspace ends")
near(steps[2], 0.1, "linspace")
check(spred.linspace(5, 7, 1)[1] == 5, "linspace of one")
same(spred.matrix{spred.vector{1, 2}, spred.vector{3, 4}}, {{1, 2}, {3, 4}}, "rows from vectors")

-- Sparse.
local s = spred.sparse{rows = 3, cols = 2, entries = {{3, 1, 7}, {1, 2, 5}, {1, 1, -2}, {2, 2, 0}}}
check(s.storage == "csc" and s.stored == 3, "sparse")
same(s, {{-2, 5}, {0, 0}, {7, 0}}, "sparse values")
local twice = {{1, 1, 1}, {2, 2, 1}, {1, 1, 3}}
raises(function() return spred.sparse{rows = 2, cols = 2, entries = twice} end,
    "entries %d and %d are both at %(1, 1%)")
raises(function() return spred.sparse{rows = 2, cols = 2, entries = {{3, 1, 1}}} end,
    "row 3: expected 1 to 2")
raises(function() return spred.sparse{rows = 2, entries = {}} end, "cols = is needed")
raises(function() return spred.sparse{rows = 2, cols = 2, entrie = {}} end,
    "did you mean 'entries'")
raises(function() return spred.sparse{rows = 2, cols = 2, entries = {{1, 1}}} end, "entry 1")
check(spred.sparse{rows = 2, cols = 2}.stored == 0, "no entries")

-- Storages.
for _, storage in ipairs{"f64", "f32", "csc"} do
    local x = s:to(storage)
    check(x.storage == storage and x == s, "to " .. storage)
    check(x:transpose():transpose() == x, "transpose twice " .. storage)
    same(x:transpose(), {{-2, 0, 7}, {5, 0, 0}}, "transpose " .. storage)
    check(x:transpose().storage == storage, "transpose keeps the storage")
    check(x:copy() == x and x:copy().storage == storage, "copy " .. storage)
    check(x:get(3, 1) == 7 and x:get(2, 1) == 0 and x[{1, 2}] == 5, "get " .. storage)
    same(x:column(1), {{-2}, {0}, {7}}, "column " .. storage)
    same(x:row(1), {{-2, 5}}, "row " .. storage)
    same(x:slice(1, 2, 2, 2), {{5}, {0}}, "slice " .. storage)
    same(x:slice(2, 3), {{0, 0}, {7, 0}}, "slice of rows " .. storage)
    same(x:rows_at{3, 1, 3}, {{7, 0}, {-2, 5}, {7, 0}}, "rows_at " .. storage)
    check(x:rows_at{3, 1, 3}.storage == storage, "rows_at keeps the storage")
    same(x:columns_at(spred.vector{2, 1}), {{5, -2}, {0, 0}, {0, 7}}, "columns_at " .. storage)
    same(x:mul{1, 2}, {{8}, {0}, {7}}, "mul " .. storage)
    same(x:tmul{1, 2, 3}, {{19}, {5}}, "tmul " .. storage)
    same(x * spred.eye(2), {{-2, 5}, {0, 0}, {7, 0}}, "times " .. storage)
    same(x * 2, {{-4, 10}, {0, 0}, {14, 0}}, "scaled " .. storage)
    check((2 * x).storage == storage and (x / 2).storage == storage, "scaling keeps the storage")
    same(x / 2, {{-1, 2.5}, {0, 0}, {3.5, 0}}, "divided " .. storage)
    same(-x, {{2, -5}, {0, 0}, {-7, 0}}, "negated " .. storage)
    same(x + 1, {{-1, 6}, {1, 1}, {8, 1}}, "plus a number " .. storage)
    same(1 - x, {{3, -4}, {1, 1}, {-6, 1}}, "a number minus " .. storage)
    same(x - x, {{0, 0}, {0, 0}, {0, 0}}, "minus " .. storage)
    check(x:sum() == 10 and x:min() == -2 and x:max() == 7, "sum, min, max " .. storage)
    near(x:mean(), 10 / 6, "mean " .. storage)
    local i, j = x:argmax()
    check(i == 3 and j == 1, "argmax " .. storage)
    i, j = x:argmin()
    check(i == 1 and j == 1, "argmin " .. storage)
    check(x:count_nonzero() == 3, "count_nonzero " .. storage)
    check(x:norm(1) == 14 and x:norm("inf") == 7 and x:norm(inf) == 7, "norms " .. storage)
    near(x:norm(), math.sqrt(78), "norm " .. storage)
    near(x:column_means()[1], 5 / 3, "column_means " .. storage)
    near(x:column_sds()[1], math.sqrt((4 + 49) / 3 - 25 / 9), "column_sds " .. storage)
    near(x:column_norms()[2], 5, "column_norms " .. storage)
    same(x:gram(), {{53, -10}, {-10, 25}}, "gram " .. storage)
    same(x:abs(), {{2, 5}, {0, 0}, {7, 0}}, "abs " .. storage)
    check(x:values()[3][1] == 7 and #x:values() == 3, "values " .. storage)
    check(x:dot(x) == 78, "dot " .. storage)
end
check(spred.vector{0.1}:to("f32") ~= spred.vector{0.1}, "f32 rounds")
local negative = spred.sparse{rows = 3, cols = 1, entries = {{1, 1, -1}, {3, 1, -2}}}
check(negative:max() == 0 and negative:argmax() == 2, "zeros that are not stored count")
check(spred.sparse{rows = 2, cols = 1}:argmin() == 1, "only zeros")
local full = spred.sparse{rows = 2, cols = 1, entries = {{1, 1, -1}, {2, 1, -2}}}
check(full:max() == -1 and full:argmin() == 2, "a full sparse column")

-- Access.
local v = spred.vector{3, 1, 2}
check(#v == 3 and #m == 2 and #spred.ones(1, 4) == 4, "length")
check(v[1] == 3 and v:get(3) == 2 and v[4] == nil, "index")
local told = {}
for i, x in ipairs(v) do
    told[i] = x
end
check(table.concat(told, " ") == "3.0 1.0 2.0", "ipairs")
v[2] = 10
check(v[2] == 10 and v:set(2, 1) == v and v[2] == 1, "set")
m[{2, 3}] = 60
check(m:get(2, 3) == 60 and m:set(2, 3, 6) == m and m[{2, 3}] == 6, "set in a matrix")
raises(function() return v[0] end, "index 0: expected 1 to 3")
raises(function() return v[5] end, "index 5: expected 1 to 3")
raises(function() return v[1.5] end, "got 1.5")
raises(function() return m[1] end, "a matrix of 2 x 3 takes two")
raises(function() return m[{1, 4}] end, "column 4: expected 1 to 3")
raises(function() return m:get(3, 1) end, "row 3: expected 1 to 2")
raises(function() return m:get("1", 1) end, "got 1")
raises(function() v[4] = 1 end, "index 4")
raises(function() v[1] = "x" end, "holds numbers, got a string")
raises(function() v.rows = 1 end, "no field 'rows'")
raises(function() s:set(1, 1, 2) end, "only a dense f64 matrix can be written, this one is csc")
raises(function() return m.colls end, "no field 'colls' %(did you mean 'cols'%?%)")
raises(function() return m:tmull{1} end, "did you mean 'tmul'")
raises(function() return v[{}] end, "two indices, got 0")
raises(function() return v[true] end, "cannot be indexed by a boolean")
local single = spred.vector{1, 2}:to("f32")
single[1] = 9
check(single[1] == 9, "f32 can be set")

-- Views share memory and keep the owner alive.
local big = spred.matrix{{1, 2, 3, 4}, {5, 6, 7, 8}}
local second, middle = big:column(2), big:slice(nil, nil, 2, 3)
second[1] = 20
check(big:get(1, 2) == 20 and middle:get(1, 1) == 20, "views see each other")
middle:column(2):scale(10)
check(big:get(2, 3) == 70, "a view of a view")
local last = big:column(4):slice(2, 2)
last[1] = 80
check(big:get(2, 4) == 80, "part of a column is a view")
local copied = big:slice(1, 1, 1, 2)
copied[1] = -1
check(big:get(1, 1) == 1, "part of the rows is a copy")
local function kept()
    local owner = spred.ones(1000, 200)
    return owner:column(200):slice(2, 1000)
end
local views = {}
for i = 1, 20 do
    views[i] = kept()
end
for _ = 1, 200 do
    spred.ones(1000, 200):fill(7)
end
for i = 1, 20 do
    check(views[i]:sum() == 999, "the owner lives")
end
raises(function() return big:slice(1, 2, 4, 2) end, "first column, 4, is after the last, 2")
raises(function() return big:slice(0, 2) end, "row 0")
raises(function() return big:rows_at{1, 3} end,
    "rows_at%[2%]: expected a whole number from 1 to 2, got 3")
raises(function() return big:columns_at{1.5} end, "got 1.5")
check(big:rows_at{}.rows == 0 and big:rows_at{}.cols == 4, "no rows")

-- Algebra.
local a = spred.matrix{{1, 2}, {3, 4}}
same(a * a, {{7, 10}, {15, 22}}, "product")
same(a:mul(a), {{7, 10}, {15, 22}}, "mul of a matrix")
same(a:tmul(a), {{10, 14}, {14, 20}}, "tmul of a matrix")
same(a:hadamard(a), {{1, 4}, {9, 16}}, "hadamard")
same(a + a, {{2, 4}, {6, 8}}, "sum")
check(a == a:copy() and a ~= a + 1 and a ~= spred.ones(2) and a ~= 3, "equality")
raises(function() return a + spred.ones(3, 2) end, "a %+ b: the sizes differ: 2 x 2 and 3 x 2")
raises(function() return a * spred.ones(3) end, "2 x 2 and 3 x 1 do not fit")
raises(function() return a / a end, "b must be a number")
raises(function() return a + "x" end, "expected a matrix, got a string")
raises(function() return a * {} end, "matrix expected")
raises(function() return a:mul(spred.ones(3)) end, "mul: 2 x 2 and 3 x 1 do not fit")
raises(function() return a:tmul(spred.ones(3, 3)) end, "tmul: 2 x 2 and 3 x 3")
for _, name in ipairs{"dot", "solve", "hadamard", "mul", "tmul", "add", "copy_from"} do
    raises(function() return a[name](a) end, "expected a matrix, got a %a+")
end
raises(function() return a:dot{1, 2} end, "dot: the sizes differ: 2 x 2 and 2 x 1")
local out = spred.zeros(2)
check(rawequal(a:mul({1, 1}, out), out) and out == spred.vector{3, 7}, "mul into out")
check(rawequal(a:tmul({1, 1}, out), out) and out == spred.vector{4, 6}, "tmul into out")
raises(function() return a:mul({1, 1}, spred.zeros(3)) end, "out is 3 x 1, the result 2 x 1")
raises(function() return a:mul(out, out) end, "shares memory")
raises(function() return a:tmul(spred.ones(2), a:column(1)) end, "shares memory")
check(spred.ones(1, 2):mul(spred.ones(1, 2))[1] == 2, "a row as a vector")
local y = spred.vector{1, 2}
check(rawequal(y:axpy(2, {10, 20}), y) and y == spred.vector{21, 42}, "axpy")
check(rawequal(y:scale(2), y) and y == spred.vector{42, 84}, "scale")
check(rawequal(y:add{1, 2}, y) and y == spred.vector{43, 86}, "add")
check(y:add(-40) == spred.vector{3, 46}, "add a number")
check(y:axpy(1, spred.sparse{rows = 2, cols = 1, entries = {{2, 1, 4}}}) == spred.vector{3, 50},
    "axpy sparse")
check(rawequal(y:copy_from{7, 8}, y) and y == spred.vector{7, 8}, "copy_from")
check(y:copy_from(spred.matrix{{5, 6}}) == spred.vector{5, 6}, "copy a row into a column")
check(rawequal(y:fill(3), y) and y == spred.vector{3, 3}, "fill")
check(rawequal(y:map(function(x, i, j) return x + 10 * i + 100 * j end), y)
    and y == spred.vector{113, 123}, "map")
check(y:clip(0, 120) == spred.vector{113, 120}, "clip")
raises(function() return y:clip(2, 1) end, "no range")
local t = spred.vector{3, -3, 0.5, -0.5, 0, inf, nan}
check(rawequal(t:soft_threshold(1), t), "soft_threshold gives itself")
check(t[1] == 2 and t[2] == -2 and t[3] == 0 and t[4] == 0 and t[6] == inf and t[7] ~= t[7],
    "soft_threshold")
check(spred.vector{3, -3}:soft_threshold{1, 2} == spred.vector{2, -1}, "thresholds")
raises(function() return t:soft_threshold(-1) end, "threshold")
raises(function() return t:soft_threshold(nan) end, "threshold")
raises(function() return y:soft_threshold{1, -1} end, "value 2 is %-1")
raises(function() return y:axpy(1, {1, 2, 3}) end, "axpy: the sizes differ: 2 x 1 and 3 x 1")
raises(function() return y:axpy(1) end, "expected a matrix, got a no value")
raises(function() return y:map(function() return "x" end) end, "gave a string")
raises(function() return s:fill(1) end, "dense f64")
raises(function() return y:map(3) end, "function expected")

-- Values that are not finite.
check(a:mul{nan, 0}[1] ~= a:mul{nan, 0}[1], "nan is not lost in a product")
check(spred.eye(2):mul(spred.matrix{{nan, 1}, {0, 1}})[{2, 2}] == 1, "nan stays in its column")
check(spred.vector{1, nan, 3}:max() ~= spred.vector{1, nan, 3}:max(), "max of nan")
check(spred.vector{1, nan, 3}:argmin() == 2, "argmin of nan")
check(spred.vector{1, inf}:sum() == inf and spred.vector{1, inf}:norm() == inf, "inf")
check(spred.vector{nan, 1}:norm("inf") ~= 1, "norm of nan")
local odd = spred.matrix{{1, nan, inf}, {1, 1, 2}, {1, 1, 3}}
local means, sds = odd:column_means(), odd:column_sds()
check(means[1] == 1 and sds[1] == 0, "constant")
check(means[2] ~= means[2] and sds[2] ~= sds[2], "column with nan")
check(means[3] == inf and sds[3] ~= sds[3], "column with inf")
check(spred.vector{nan} ~= spred.vector{nan}, "nan equals nothing")
check(spred.vector{1e200, 1e200}:norm() < 1.5e200, "norms do not overflow")
near(spred.vector{1e16, 1, -1e16}:sum(), 1, "sums lose no digits")
raises(function() return spred.zeros(0):max() end, "empty %(0 x 1%)")
check(spred.zeros(0):mean() ~= spred.zeros(0):mean() and spred.zeros(0):sum() == 0, "empty sums")
raises(function() return v:norm(3) end, "p is 1, 2")
raises(function() return v:norm("two") end, "number expected")

-- Functions and systems.
check(spred.vector{4, -1}:sqrt()[1] == 2, "sqrt")
check(spred.vector{0}:exp()[1] == 1 and spred.vector{1, 0}:log() == spred.vector{0, -inf},
    "exp, log")
local x = spred.matrix{{4, 1}, {1, 3}}:solve{1, 2}
near(x[1], 1 / 11, "solve")
near(x[2], 7 / 11, "solve")
raises(function() return spred.matrix{{1, 2}, {2, 1}}:solve{1, 1} end,
    "not positive definite %(its first 2")
raises(function() return spred.matrix{{1, 2}, {0, 1}}:solve{1, 1} end, "not symmetric: %(2, 1%)")
raises(function() return spred.ones(2, 3):solve{1, 1} end, "2 x 3, not square")
raises(function() return spred.eye(2):solve{1, 1, 1} end, "do not fit")

-- Printing.
check(tostring(a) == "matrix 2 x 2 (f64)\n  1  2\n  3  4", "print: " .. tostring(a))
check(tostring(spred.vector{1, nan, -inf}) == "matrix 3 x 1 (f64)\n     1  nan -inf",
    "print: " .. tostring(spred.vector{1, nan, -inf}))
check(tostring(spred.vector{1, -nan}):find("-nan", 1, true) == nil, "nan has no sign")
local corner = tostring(spred.ones(200, 300))
check(corner:find("^matrix 200 x 300 %(f64%)\n") and corner:find("%.%.%.$"), "corner")
check(select(2, corner:gsub("\n", "")) == 7, "six rows and dots")
check(select(2, tostring(spred.zeros(100)):gsub("\n", "")) == 3, "a vector on three lines")
check(tostring(s) == "matrix 3 x 2 (csc, 3 stored: 50%)\n  (1, 1)  -2\n  (3, 1)  7\n  (1, 2)  5",
    "print: " .. tostring(s))
check(tostring(spred.zeros(0, 3)) == "matrix 0 x 3 (f64)", "print nothing")
check(tostring(m:to("f32")):find("^matrix 2 x 3 %(f32%)"), "print f32")

-- The collector sees payloads: far more than the limit goes through.
for _ = 1, 4000 do
    spred.zeros(131072)
end
for _ = 1, 300 do
    spred.zeros(131072):to("f32"):to("csc")
    spred.ones(32768):to("csc"):to("f32")
end

-- Doc strings.
for _, e in ipairs(spred.docs()) do
    check(type(e.doc) == "string" and #e.doc > 10, "doc of " .. e.name)
end
check(spred.docs(spred.matrix).usage:find("matrix"), "doc of a function")
