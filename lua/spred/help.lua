-- help.lua: help(x) from the doc strings that sit on the bound functions.
local spred = ...

-- What is written in Lua gets its doc string here.
local function document(name, usage, doc)
    table.insert(spred.docs(),
        {kind = "function", of = "spred", name = name, usage = usage, doc = doc})
end

-- Words at most 90 to a line, behind four blanks.
local function wrap(text)
    local lines, line = {}, "   "
    for word in text:gmatch("%S+") do
        if #line + #word + 1 > 94 then
            lines[#lines + 1] = line
            line = "   "
        end
        line = line .. " " .. word
    end
    lines[#lines + 1] = line
    return table.concat(lines, "\n")
end

local function entry_text(e)
    return e.usage .. "\n" .. wrap(e.doc)
end

-- help(): what there is; help("name"), help(function), help(value): about it.
function spred.help(x)
    local found = {}
    if x == nil or x == spred then
        for _, e in ipairs(spred.docs()) do
            if e.kind == "function" then
                found[#found + 1] = e.usage
            end
        end
        return table.concat(found, "\n")
    end
    local name = type(x) == "string" and x or nil
    local of = type(x) == "userdata" and spred.type(x) or name
    for _, e in ipairs(spred.docs()) do
        if e.of == of or e.name == name or e.of .. "." .. e.name == name
            or e.of .. ":" .. e.name == name
            or (type(x) == "function" and spred.docs(x) == e) then
            found[#found + 1] = entry_text(e)
        end
    end
    if #found == 0 then
        return "nothing is known about " .. tostring(x)
    end
    return table.concat(found, "\n")
end

-- The same, printed, as one types it at the prompt.
function help(x)
    print(spred.help(x))
end

document("help", "help(x)", "Prints what is known about a function, a value, a type or a name; "
    .. "without x, all functions. spred.help(x) gives the text.")
document("group", "spred.group(rows, {by=, of=, with=})", "Groups a list of tables by the columns "
    .. "of the list by: for each group these columns, count, and value = with (\"median\", "
    .. "\"mean\", \"min\", \"max\", \"sum\", \"count\" or a function of the sorted values) of "
    .. "the column of. results:group does it for the rows of a store.")
