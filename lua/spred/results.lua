-- results.lua: grouping of rows, for r:group and any list of tables.
local spred = ...

local reducers = {
    count = function(values)
        return #values
    end,
    sum = function(values)
        local sum = 0
        for _, v in ipairs(values) do
            sum = sum + v
        end
        return sum
    end,
    min = function(values)
        return values[1]
    end,
    max = function(values)
        return values[#values]
    end,
    median = function(values)
        local n = #values
        if n == 0 then
            return nil
        end
        local low, high = values[(n + 1) // 2], values[n // 2 + 1]
        return low == high and low or (low + high) / 2
    end,
}
reducers.mean = function(values)
    return #values > 0 and reducers.sum(values) / #values or nil
end

local function reducer(with)
    if type(with) == "function" then
        return with
    end
    if not reducers[with] then
        error("group: with = " .. tostring(with)
            .. ": expected median, mean, min, max, sum, count or a function", 3)
    end
    return reducers[with]
end

-- Rows without a number in the column `of` count as members, not as values.
local function collect(rows, by, of)
    local groups, order = {}, {}
    for _, row in ipairs(rows) do
        local parts = {}
        for i, key in ipairs(by) do
            parts[i] = tostring(row[key])
        end
        local name = table.concat(parts, "\0")
        local g = groups[name]
        if not g then
            g = {row = row, values = {}, count = 0}
            groups[name] = g
            order[#order + 1] = g
        end
        g.count = g.count + 1
        local value = of and row[of]
        if type(value) == "number" and value == value then
            g.values[#g.values + 1] = value
        end
    end
    return order
end

-- spred.group(rows, {by = {"dataset"}, of = "seconds", with = "median"}): one
-- table per group, in the order of the rows: the columns of by, value, count.
function spred.group(rows, how)
    local by = how.by or {}
    if type(by) == "string" then
        by = {by}
    end
    local with = how.with or (how.of and "median" or "count")
    local of, reduce = how.of, reducer(with)
    if not of and with ~= "count" then
        error("group: of: expected the name of a column", 2)
    end
    for _, key in ipairs(of and {of, table.unpack(by)} or by) do
        local known = #rows == 0
        for _, row in ipairs(rows) do
            known = known or row[key] ~= nil
        end
        if not known then
            error("group: no row has a column '" .. tostring(key) .. "'", 2)
        end
    end
    local out = {}
    for i, g in ipairs(collect(rows, by, of)) do
        table.sort(g.values)
        out[i] = {count = g.count}
        for _, key in ipairs(by) do
            out[i][key] = g.row[key]
        end
        out[i].value = with == "count" and g.count or reduce(g.values)
    end
    return out
end
