-- matrix-hostile.lua: every function of matrix and rng with arguments that make no sense: an
-- error is fine, a crash is not (t-matrix.c runs it, also under the sanitizers).
-- luacheck: read globals check
local spred = require "spred"
local CALLS = 60 -- for each function

local function looping()
    return setmetatable({}, {__len = function() return 3 end, __index = function() return 1.5 end})
end

local values = {
    function() return nil end,
    function() return 0 end,
    function() return 1 end,
    function() return 2 end,
    function() return -1 end,
    function() return 3.5 end,
    function() return 90 end,
    function() return 0 / 0 end,
    function() return math.huge end,
    function() return math.maxinteger end,
    function() return math.mininteger end,
    function() return 1 << 31 end,
    function() return "x" end,
    function() return "1" end,
    function() return "inf" end,
    function() return true end,
    function() return {} end,
    function() return {1, 2} end,
    function() return {2, 1, "x"} end,
    function() return {{1, 2}, {3, 4}} end,
    function() return {rows = 2, cols = 2, entries = {{1, 1, 1}, {2, 1, 0 / 0}}} end,
    function() return {seed = 1, stream = "x"} end,
    looping,
    function() return setmetatable({}, {__len = function() return -5 end}) end,
    function() return function(x) return x end end,
    function() return function() error("no") end end,
    function() return spred.rng(1) end,
    function() return spred.matrix{{4, 1}, {1, 3}} end,
    function() return spred.eye(2):to("f32") end,
    function() return spred.eye(2):to("csc") end,
    function() return spred.ones(3, 2) end,
    function() return spred.ones(2) end,
    function() return spred.ones(1, 2):to("csc") end,
    function() return spred.vector{0 / 0, math.huge} end,
    function() return spred.zeros(0) end,
    function() return spred.zeros(0, 3) end,
    function() return spred.zeros(3, 0) end,
    function() return spred.zeros(0, 2):to("csc") end,
    function() return spred.zeros(2, 0):to("csc") end,
    function() return spred.zeros(0, 0):to("f32") end,
    function() return spred.ones(4, 4):slice(1, 4, 2, 3):column(1):slice(2, 3) end,
}
local makers = {matrix = 1, vector = 1, zeros = 1, ones = 1, eye = 1, linspace = 1, sparse = 1,
    rng = 1}
local first = {matrix = #values - 13, rng = 27, spred = 1}

local function any(from)
    return values[math.random(from or 1, #values)]()
end

local function operators(a, b)
    return {
        function() return a + b end, function() return a - b end, function() return a * b end,
        function() return a / b end, function() return -a end, function() return a == b end,
        function() return #a end, function() return a[b] end, function() a[b] = 1 end,
        function() return tostring(a) .. tostring(b) end, function() a[1] = b end,
        function() return a[{b, b}] end, function() return a[{1, b}] end,
    }
end

local done = 0
for _, e in ipairs(spred.docs()) do
    local ours = e.of == "matrix" or e.of == "rng" or e.of == "spred" and makers[e.name]
    for _ = 1, ours and e.kind ~= "type" and CALLS or 0 do
        local self = any(first[e.of])
        done = done + (pcall(function()
            if e.of == "spred" then
                return spred[e.name](self, any(), any())
            elseif e.kind == "property" then
                return self[e.name]
            end
            return self[e.name](self, any(), any(), any(), any())
        end) and 1 or 0)
    end
end
for _ = 1, 40 * CALLS do
    local all = operators(any(first.matrix), any())
    done = done + (pcall(all[math.random(#all)]) and 1 or 0)
end
check(done > 500, "only " .. done .. " calls made sense")

-- Nothing to do is done.
for _, storage in ipairs{"f64", "f32", "csc"} do
    local wide, tall = spred.zeros(0, 3):to(storage), spred.zeros(3, 0):to(storage)
    check(wide:tmul(spred.zeros(0)) == spred.zeros(3), "no rows")
    check(tall:mul(spred.zeros(0)) == spred.zeros(3), "no columns")
    check(tall:mul(spred.zeros(0, 2)) == spred.zeros(3, 2), "no columns, twice")
    check(wide:mul(spred.ones(3)).size == 0 and tall:tmul(spred.ones(3)).size == 0, "empty")
    check(wide:gram() == spred.zeros(3, 3) and tall:gram().size == 0, "gram of nothing")
    check(wide:transpose() == tall and wide:column_norms() == spred.zeros(3), "turned")
    check(wide:norm() == 0 and wide:norm(1) == 0 and wide:norm("inf") == 0, "norms of nothing")
    check(#tostring(wide) > 0 and wide:column(2).size == 0, "shown")
end
