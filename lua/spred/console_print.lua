-- console_print.lua: values as the console shows them: tables with sorted keys.
local _, host, parts = ...
if not host then
    return
end

local DEPTH, ITEMS = 3, 30
local tostring, type, getmetatable, next = tostring, type, getmetatable, next
local rawlen, rawget, ipairs = rawlen, rawget, ipairs
local concat, sort = table.concat, table.sort

local words = {}
for word in ([[and break do else elseif end false for function goto if in local
    nil not or repeat return then true until while]]):gmatch("%a+") do
    words[word] = true
end

local function has_text(value)
    local meta = getmetatable(value)
    return type(meta) == "table" and rawget(meta, "__tostring") ~= nil
end

local function quoted(text)
    return '"' .. text:gsub('[%c"\\]', function(c)
        return c == "\n" and "\\n" or c == "\t" and "\\t" or ("\\" .. (c:byte() < 32
            and ("%03d"):format(c:byte()) or c))
    end) .. '"'
end

local function key_text(key)
    if type(key) == "string" and key:find("^[%a_][%w_]*$") and not words[key] then
        return key
    end
    return "[" .. (type(key) == "string" and quoted(key) or tostring(key)) .. "]"
end

local function in_order(a, b)
    local left, right = type(a), type(b)
    if left ~= right then
        return left < right
    elseif left == "number" or left == "string" then
        return a < b
    end
    return tostring(a) < tostring(b)
end

local item

local function pieces(t, depth, seen)
    local out, n, keys = {}, rawlen(t), {}
    for i = 1, n do
        if #out == ITEMS then
            out[#out + 1] = ("... %d more"):format(n - ITEMS)
            break
        end
        out[#out + 1] = item(rawget(t, i), depth, seen)
    end
    for key in next, t do
        if not (math.type(key) == "integer" and key >= 1 and key <= n) then
            keys[#keys + 1] = key
        end
    end
    sort(keys, in_order)
    for i, key in ipairs(keys) do
        if i > ITEMS then
            out[#out + 1] = ("... %d more"):format(#keys - ITEMS)
            break
        end
        out[#out + 1] = key_text(key) .. " = " .. item(rawget(t, key), depth, seen)
    end
    return out
end

-- Short pieces beside each other.
local function filled(out, width)
    local lines, last = {}, false
    for _, piece in ipairs(out) do
        local short = #piece <= 16
        if short and last and #lines[#lines] + 2 + #piece <= width then
            lines[#lines] = lines[#lines] .. ", " .. piece
        else
            lines[#lines + 1] = piece
        end
        last = short
    end
    return lines
end

-- A value inside a table, indented for its depth.
function item(value, depth, seen)
    if type(value) == "string" then
        return quoted(#value > 200 and value:sub(1, 200) .. "..." or value)
    elseif type(value) == "userdata" then
        local text = tostring(value)
        return text:find("\n", 1, true) and "<" .. text:match("^[^\n]*") .. ">" or text
    elseif type(value) ~= "table" or has_text(value) then
        return tostring(value)
    elseif seen[value] then
        return "{... itself}"
    elseif next(value) == nil then
        return "{}"
    elseif depth >= DEPTH then
        return "{...}"
    end
    seen[value] = true
    local out = pieces(value, depth + 1, seen)
    seen[value] = nil
    local flat = "{" .. concat(out, ", ") .. "}"
    local indent = ("    "):rep(depth)
    if #flat + #indent <= host.columns() - 12 and not flat:find("\n", 1, true) then
        return flat
    end
    return "{\n" .. indent .. "    " .. concat(filled(out, host.columns() - #indent - 6),
        ",\n" .. indent .. "    ") .. "\n" .. indent .. "}"
end

-- A value that an expression gave.
function parts.text(value)
    if type(value) ~= "table" or has_text(value) then
        return tostring(value)
    end
    return item(value, 0, {})
end
