-- console_complete.lua: what may follow the text before the cursor. Looks only
-- at raw tables and doc strings: nothing the person wrote is called.
local spred, host, parts = ...
if not host then
    return
end

local _G, type, next, rawget, ipairs = _G, type, next, rawget, ipairs
local sort, concat = table.sort, table.concat

local function words(text)
    local list = {}
    for word in text:gmatch("[%w_]+") do
        list[#list + 1] = word
    end
    return list
end

-- Keys of the tables that functions take, and of the tables inside.
local data_keys = "data x y features symbols samples name target "
local fit_keys = data_keys .. [[loss penalty lambda solver gap wall steps stall intercept
    standardize scaling warm_start preprocess seed threads batch on_point ]]
local keys = {
    ["spred.solve"] = fit_keys, ["spred.path"] = fit_keys,
    ["spred.cv"] = fit_keys .. "folds rule",
    ["spred.certify"] = fit_keys .. "w b",
    ["spred.problem"] = fit_keys,
    ["spred.learn"] = data_keys .. "model options tune protocol trial preprocess wall seed threads",
    ["spred.patches"] = "pictures size count center norm seed",
    ["spred.dictionary"] = "signals atoms lambda method options seed threads wall",
    ["spred.code"] = "dictionary signals lambda coder options gap threads wall",
    ["spred.data.new"] = "x y features symbols samples name",
    ["spred.sparse"] = "rows cols entries",
    ["spred.experiment"] = [[version name seed datasets problem problems preprocess protocol
        solvers models coding stop limits measure figures]],
    ["spred.plot"] = [[x y low high z series label title xlabel ylabel zlabel log kind name
        bins caption results simulated]],
    ["spred.solver"] = "name doc options init start step",
    ["spred.loss"] = "name doc value residual curvature bound dual targets",
    ["spred.penalty"] = "name doc value prox derivative conjugate at_zero convex",
    stop = "gap stall wall steps",
    stall = "eps patience",
    lambda = "path min_ratio absolute",
    problem = "name loss penalty intercept standardize lambda scaling warm_start",
    preprocess = "log2 missing variance_keep",
    penalty = "kind l1_ratio groups over weights factors",
    protocol = "kind trials folds test validate choose",
    choose = "kind folds rule",
    limits = "wall memory grace script",
    measure = "threads batch keep_models",
}
for what, list in next, keys do
    keys[what] = words(list)
end
local reserved = words [[and break do else elseif end false for function goto if in local
    nil not or repeat return then true until while]]

-- Goes through the text: what brackets are open (each with the name before it,
-- the key it is the value of, the call around) and whether a string is open.
local function scan(text)
    local at, stack, quote = 1, {}, nil
    while at <= #text do
        local c = text:sub(at, at)
        local long = text:match("^%[(=*)%[", at)
        local comment = text:match("^%-%-()", at)
        if comment and text:find("^%[=*%[", comment) then
            local _, last = text:find("]" .. text:match("^%[(=*)%[", comment) .. "]", comment, true)
            at = last or #text
        elseif comment then
            at = text:find("\n", at, true) or #text
        elseif long then
            local _, last = text:find("]" .. long .. "]", at, true)
            at = last or #text
        elseif c == '"' or c == "'" then
            local last = at + 1
            while last <= #text and text:sub(last, last) ~= c do
                last = last + (text:sub(last, last) == "\\" and 2 or 1)
            end
            if last > #text then
                quote = at
            end
            at = last
        elseif c == "{" or c == "(" or c == "[" then
            local before = text:sub(1, at - 1)
            stack[#stack + 1] = {bracket = c, at = at,
                name = before:match("([%a_][%w_.:]*)%s*%(?%s*$"),
                key = before:match("([%a_][%w_]*)%s*=%s*$")
                    or before:match('%[%s*"([^"]*)"%s*%]%s*=%s*$')}
        elseif c == "}" or c == ")" or c == "]" then
            stack[#stack] = nil
        end
        at = at + 1
    end
    return stack, quote
end

-- Adds the names of a table's string keys.
local function add_fields(out, t, head)
    for key in next, t do
        if type(key) == "string" and key:find("^[%a_][%w_]*$") then
            out[#out + 1] = head .. key
        end
    end
end

-- A value by its path of plain names, from raw tables only; or nil.
local function value_of(path)
    local value = _G
    for name in path:gmatch("[^.]+") do
        if type(value) ~= "table" then
            return nil
        end
        value = rawget(value, name)
    end
    return value
end

local function add_members(out, value, sign, head)
    if type(value) == "table" then
        add_fields(out, value, head)
    elseif type(value) == "string" and sign == ":" then
        add_fields(out, string, head)
    elseif type(value) == "userdata" then
        local of = spred.type(value)
        for _, e in ipairs(spred.docs()) do
            if e.of == of and e.name:sub(1, 2) ~= "__"
                and (e.kind == "method" or (e.kind == "property" and sign == ".")) then
                out[#out + 1] = head .. e.name
            end
        end
    end
end

-- What solver = {, solvers = { or models = { lists: name -> names of options.
local function methods_of(level)
    local key = level and level.key
    if key == "solver" or key == "solvers" then
        return host.solvers()
    end
    return (key == "model" or key == "models") and host.models() or nil
end

local function add_keys(out, stack, text)
    local top = stack[#stack]
    if not top or top.bracket ~= "{" or not text:find("[{,;]%s*[%a_]?[%w_]*$") then
        return false
    end
    local list, outer = keys[top.name] or keys[top.key], stack[#stack - 1]
    local grid = top.key == "tune" and outer -- models = {mlp = {tune = {
    local method, owner = grid or top, grid and stack[#stack - 2] or outer
    if methods_of(owner) then
        list = {}
        for _, name in ipairs(methods_of(owner)[method.key] or {}) do
            list[#list + 1] = name
        end
        if owner.key:find("^model") and not grid then
            list[#list + 1] = "tune"
        end
    elseif methods_of(top) then
        list = {}
        for name in next, methods_of(top) do
            list[#list + 1] = name:find("^[%a_][%w_]*$") and name or ('["%s"]'):format(name)
        end
    end
    for _, key in ipairs(list or {}) do
        out[#out + 1] = key .. " = "
    end
    return list ~= nil
end

local function add_names(out, word, stack, text)
    local head, sign, path
    path, sign = word:match("^(.*)([.:])[%w_]*$")
    if path then
        head = path .. sign
        return add_members(out, value_of(path), sign, head)
    elseif word:sub(1, 1) == ":" then
        return
    elseif add_keys(out, stack, text) then
        return
    end
    add_fields(out, _G, "")
    for _, name in ipairs(word ~= "" and reserved or {}) do
        out[#out + 1] = name
    end
end

-- Inside quotes: names of methods, data sets, losses; then files.
local function add_strings(out, word, text)
    local key = text:match("([%a_][%w_]*)%s*=%s*{?%s*$")
        or text:match("([%a_][%w_]*)%s*%(?%s*$")
    local function add(list)
        for _, name in ipairs(list) do
            out[#out + 1] = name
        end
    end
    if key == "loss" or key == "figures" or key == "kind" then
        return add(host.names(key))
    elseif key == "penalty" then
        return add({"l1", "elastic-net", "group", "power"})
    elseif key == "debian" then
        return add(host.sets())
    end
    local solvers = key == "solver" or key == "solvers"
    local models = key == "model" or key == "models"
    local function add_all(list)
        for name in next, list do
            out[#out + 1] = name
        end
    end
    if solvers or models then
        return add_all(solvers and host.solvers() or host.models())
    elseif key == nil or word ~= "" then
        add_all(host.solvers())
        add_all(host.models())
        add(host.sets())
    end
    for name in host.files(word):gmatch("[^\n]+") do
        out[#out + 1] = name
    end
end

-- Those that begin with the word, sorted, each once; and what they share.
local function fitting(out, word)
    local list, seen, common = {}, {}, nil
    for _, name in ipairs(out) do
        if not seen[name] and name:sub(1, #word) == word then
            seen[name] = true
            list[#list + 1] = name
            local n = 0
            while common and n < #common and common:byte(n + 1) == name:byte(n + 1) do
                n = n + 1
            end
            common = common and common:sub(1, n) or name
        end
    end
    sort(list)
    return list, common or word
end

-- insert, list (one a line), count for the text before the cursor.
function parts.complete(text)
    local out, tail, word = {}, ""
    local stack, quote = scan(text)
    if text:find("^%s*:[%w]*$") then
        word = text:match(":(%w*)$")
        for _, name in ipairs(parts.commands) do
            out[#out + 1] = name
        end
        tail = " "
    elseif text:find("^%s*:%l+%s") and not text:find("^%s*:time%s") then
        local command = text:match("^%s*:(%l+)")
        word = text:match("(%S*)$")
        if command == "doc" or command == "help" then
            for _, e in ipairs(spred.docs()) do
                local sign = e.kind == "method" and ":" or "."
                out[#out + 1] = e.kind == "type" and e.name or e.of .. sign .. e.name
            end
        elseif command == "solvers" or command == "models" then
            for name in next, host[command]() do
                out[#out + 1] = name
            end
        elseif command == "data" then
            out = host.sets()
        end
        if command == "load" or command == "save" or command == "data" then
            for name in host.files(word):gmatch("[^\n]+") do
                out[#out + 1] = name
            end
        end
    elseif quote then
        word = text:sub(quote + 1)
        add_strings(out, word, text:sub(1, quote - 1))
        tail = text:sub(quote, quote)
    else
        word = text:match("[%a_][%w_.:]*$") or ""
        add_names(out, word, stack, text)
    end
    local list, common = fitting(out, word)
    local insert = common:sub(#word + 1)
    if #list == 1 and insert:sub(-1) ~= "/" then
        insert = insert .. tail
    end
    for i, name in ipairs(list) do
        list[i] = name:match("[^.:/]+/?$") and not quote and name:match("[^.:]+$") or name
    end
    return insert, concat(list, "\n"), #list
end
