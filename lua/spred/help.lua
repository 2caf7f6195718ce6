-- help.lua: help(x) from the doc strings that sit on the bound functions.
local spred = ...

local function entry_text(e)
    return e.usage .. "\n    " .. e.doc
end

-- help(): what there is; help("name"), help(function), help(value): about it.
function spred.help(x)
    local found = {}
    if x == nil then
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
