-- reference.lua: prints docs/lua-reference.md from the doc strings (./dev man).
local order, entries = {}, {}
for _, e in ipairs(spred.docs()) do
    if e.kind ~= "type" and e.usage ~= "" and not entries[e.of] then
        entries[e.of] = {}
        order[#order + 1] = e.of
    end
end
for _, e in ipairs(spred.docs()) do
    if entries[e.of] and e.usage ~= "" then
        table.insert(entries[e.of], e)
    end
end
table.sort(order, function(a, b)
    if a == "spred" or b == "spred" then
        return a == "spred" and b ~= "spred"
    end
    return a < b
end)

print [[
# Lua reference

Made by `./dev man` from the doc strings of the program; `help(x)` shows the
same in the console. [lua.md](lua.md) has the rules and twelve recipes.]]
for _, of in ipairs(order) do
    local list = entries[of]
    table.sort(list, function(a, b) return a.usage < b.usage end)
    print("\n## " .. of .. "\n")
    for _, e in ipairs(list) do
        if e.kind == "type" then
            print(e.doc .. "\n")
        end
    end
    for _, e in ipairs(list) do
        if e.kind ~= "type" then
            print("- `" .. e.usage .. "`: " .. e.doc)
        end
    end
end
