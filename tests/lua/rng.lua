-- rng.lua: the userdata `rng` as a script sees it (run by t-matrix.c).
-- luacheck: read globals check raises
local spred = require "spred"

local g = spred.rng(7)
check(spred.type(g) == "rng", "type")
local first = {g:uniform(), g:normal(), g:integer(1, 1000)}
g = spred.rng(7)
check(g:uniform() == first[1] and g:normal() == first[2] and g:integer(1, 1000) == first[3],
    "the same seed gives the same numbers")
check(spred.rng(8):uniform() ~= first[1], "another seed gives others")
check(spred.rng{seed = 7}:uniform() == first[1], "a seed in a table")
check(spred.rng{seed = 7, stream = "a"}:uniform() ~= spred.rng{seed = 7, stream = "b"}:uniform(),
    "streams differ")
check(spred.rng{seed = 7, stream = "a"}:uniform() == spred.rng{seed = 7, stream = "a"}:uniform(),
    "a stream repeats")

local one = spred.rng(3)
local vector = spred.rng(3):normal(5)
for i = 1, 5 do
    check(vector[i] == one:normal(), "a vector holds the stream's numbers")
end
local m = spred.rng(3):uniform(40, 50)
check(m.rows == 40 and m.cols == 50 and m:min() >= 0 and m:max() < 1, "uniform matrix")
check(math.abs(m:mean() - 0.5) < 0.05, "mean of uniform")
local normal = spred.rng(4):normal(10000)
check(math.abs(normal:mean()) < 0.05 and math.abs(normal:column_sds()[1] - 1) < 0.05, "moments")

local seen = {}
for _ = 1, 500 do
    local k = g:integer(-2, 2)
    check(math.type(k) == "integer" and k >= -2 and k <= 2, "integer in its range")
    seen[k] = true
end
for k = -2, 2 do
    check(seen[k], "every integer comes")
end
check(g:integer(5, 5) == 5, "a range of one")
raises(function() return g:integer(2, 1) end, "2 to 1 is no range")
raises(function() return g:integer(math.mininteger, math.maxinteger) end, "at most 4294967296")

local function is_permutation(list, n)
    local there = {}
    for _, k in ipairs(list) do
        there[k] = true
    end
    for k = 1, n do
        if not there[k] then
            return false
        end
    end
    return #list == n
end
local order = spred.rng(5):permutation(20)
check(is_permutation(order, 20), "permutation")
local list = {}
for k = 1, 20 do
    list[k] = k
end
check(rawequal(spred.rng(5):shuffle(list), list), "shuffle gives the list")
for k = 1, 20 do
    check(list[k] == order[k], "shuffle exchanges as permutation does")
end
local shuffled = spred.rng(5):shuffle(spred.linspace(1, 20, 20))
check(shuffled == spred.vector(order), "shuffle a vector")
check(#g:permutation(0) == 0, "nothing to permute")
local some = g:choice(10, 10)
check(is_permutation(some, 10), "choice of all")
check(#g:choice(1000, 3) == 3, "choice")
raises(function() return g:choice(2, 3) end, "3 of 2")
raises(function() return g:permutation(-1) end, "0 or more")
raises(function() return spred.rng("x") end, "expected a whole number")
raises(function() return spred.rng(1.5) end, "got 1.5")
raises(function() return spred.rng{sed = 1} end, "did you mean 'seed'")
raises(function() return g:unifrom() end, "did you mean 'uniform'")
raises(function() return g:shuffle(spred.eye(2)) end, "vector")
raises(function() return g.uniform(spred.eye(2)) end, "rng expected, got matrix")
do
    local closed <close> = spred.rng(1)
    check(closed:uniform() < 1, "to be closed")
    g = closed
end
raises(function() return g:uniform() end, "closed")

-- Generators that nobody holds go: the collector sees their size.
for _ = 1, 20000 do
    spred.rng(1)
end
