-- console.lua: what the console does with a chunk or a command that was typed.
local spred, host, parts = ...
if not host then
    return
end

-- Kept here, whatever the person does to the globals.
local _G, error, type, next, ipairs = _G, error, type, next, ipairs
local concat, pack = table.concat, table.pack

local number = 0     -- of the chunk, for its name in errors
local kept = {}      -- texts for :save
local figures = setmetatable({}, {__mode = "k"}) -- those that were seen
local last_figure

local function say(text)
    host.write(text .. "\n")
end

-- Expressions first, so that they print; a local would vanish with its chunk.
local function compile(text)
    local name = "=console:" .. (number + 1)
    local run, first = host.load("return " .. text, name)
    if run then
        return run, text, true
    end
    local bare = text:match("^%s*local%s+(.+)$")
    run = bare and host.load(bare, name)
    if run then
        return run, bare, false
    end
    local second
    run, second = host.load(text, name)
    if run then
        return run, text, false
    elseif first:find("<eof>'?$") or second:find("<eof>'?$") then
        return nil
    end
    number = number + 1
    error(second, 0)
end

local function note_figure(value)
    if type(value) == "userdata" and spred.type(value) == "figure"
        and not figures[value] then
        figures[value] = true
        last_figure = value
    end
end

local function show(values)
    for i = 1, values.n do
        note_figure(values[i])
        say(parts.text(values[i]))
    end
    for _, value in next, _G do
        note_figure(value)
    end
end

-- What :save writes for a chunk: what it printed is printed. It is a function
-- where it would end the script, a block where it would not fit between others:
-- it has labels or locals, begins with a bracket, is nothing but an expression.
local function saved(text, expression, count)
    local inner = "(function(...)\n" .. (expression and "return " or "") .. text .. "\nend)(...)"
    if count > 0 then
        for _, form in ipairs({"print(" .. text .. ")", "print(" .. text .. "\n)"}) do
            if expression and host.load(form, "=save") then
                return form
            end
        end
        return "print(" .. inner .. ")"
    elseif not host.load(text .. "\nlocal _", "=save")
        or (text:find("%f[%w]return%f[%W]") and not text:find("function", 1, true)) then
        return ";" .. inner
    elseif text:find("^%s*%(") or text:find("^%s*local%s") or text:find("::", 1, true) then
        return "do\n" .. text .. "\nend"
    end
    return text
end

local function run(code, text, expression)
    number = number + 1
    host.screen()
    local values = pack(code())
    show(values)
    kept[#kept + 1] = saved(text, expression, values.n)
end

-- ---- commands ----

local commands = {}

local topics = {
    values = "An expression prints its values. A leading `local` at the prompt is dropped:\n"
        .. "the name would be gone with the line. In files it is kept.",
    keys = "TAB completes, twice: lists. Up, Down: history (also of earlier sessions);\n"
        .. "Ctrl-R searches it; Alt-P, Alt-N: entries that begin like the line.\n"
        .. "Ctrl-C: gives the line up, or stops what runs (three times: leaves).\n"
        .. "Ctrl-D on an empty line leaves.",
    chunks = "A chunk that is not finished goes on at `  ... `; an empty line gives it up.",
    spred = "help() lists the functions, help(f) or :doc NAME explains one;\n"
        .. ":solvers, :models, :coders, :data list what there is.",
}

local function sorted(t)
    local names = {}
    for name in next, t do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

commands.help = {"[TOPIC]", "commands, or: values, keys, chunks, spred, a command", function(topic)
    if topic == "" then
        for _, name in ipairs(sorted(commands)) do
            say(("  :%-22s %s"):format(name .. " " .. commands[name][1], commands[name][2]))
        end
        return say(":help values | keys | chunks | spred says more.")
    end
    local command = commands[topic:gsub("^:", "")]
    if command then
        return say((":%s %s\n    %s"):format(topic:gsub("^:", ""), command[1], command[2]))
    end
    say(topics[topic] or spred.help(topic))
end}

commands.doc = {"NAME", "the doc strings of a function, method or type", function(name)
    if name == "" then
        error(":doc wants a name, for example :doc spred.matrix", 0)
    end
    say(spred.help(name))
end}

commands.time = {"EXPR", "run it; seconds, and memory that Lua holds more", function(text)
    local code, source, expression = compile(text)
    if not code then
        error(":time wants a whole expression", 0)
    end
    local held, began = host.memory(), host.seconds()
    run(code, source, expression)
    local seconds = host.seconds() - began
    say(("%.3g s, Lua memory %+.1f KiB"):format(seconds, (host.memory() - held) / 1024))
end}

commands.figure = {"[open]", "the last figure, here or in a viewer", function(how)
    if not last_figure then
        error("no figure yet: spred.plot{...} makes one", 0)
    elseif how == "open" then
        local path = host.temporary(".svg")
        last_figure:save(path)
        return say(host.open(path) and path or path .. " (xdg-open was not found)")
    elseif how ~= "" then
        error(":figure or :figure open", 0)
    end
    host.screen(true)
    last_figure:show()
end}

commands.save = {"FILE.lua[!]", "what ran so far as a script; !: also over a file", function(path)
    local force = path:sub(-1) == "!"
    path = force and path:sub(1, -2) or path
    if not path:find("%.lua$") then
        error(":save wants the name of a .lua file", 0)
    elseif not force and host.exists(path) then
        error(path .. " is there already; :save " .. path .. "! writes over it", 0)
    end
    host.save(path, "-- " .. path:match("[^/]*$") .. ": saved by the console of spredbench.\n"
        .. 'local spred = require "spred"\n\n' .. concat(kept, "\n") .. "\n")
    say(("%s: %d chunk%s"):format(path, #kept, #kept == 1 and "" or "s"))
end}

commands.load = {"FILE.lua", "run a script", function(path)
    if path == "" then
        error(":load wants the name of a file", 0)
    end
    local text = host.read(path)
    host.run(path)
    show({n = 0})
    kept[#kept + 1] = ";(function(...) -- " .. path .. "\n" ..
        text:gsub("^#[^\n]*", "") .. "\nend)(...)"
end}

commands.trace = {"", "where the last error came from", function()
    local trace = host.trace() or "no error yet"
    say((trace:gsub("in local 'code'.*", "in the chunk"))) -- not the console's own
end}

commands.solvers = {"[SOLVER]", "methods, or the options of one", function(name)
    host.inspect("solvers", name ~= "" and name or nil)
end}

commands.models = {"[MODEL]", "models, or the options of one", function(name)
    host.inspect("models", name ~= "" and name or nil)
end}

commands.coders = {"[CODER]", "sparse coders, dictionaries, or options of one", function(name)
    host.inspect("coders", name ~= "" and name or nil)
end}

commands.data = {"[SET]", "data sets and formats, or what one holds", function(name)
    host.inspect("data", name ~= "" and name or nil)
end}

commands.quit = {"", "leave (also Ctrl-D)", host.quit}

parts.commands = sorted(commands)

local function command(text)
    local name, rest = text:match("^%s*:(%S*)%s*(.-)%s*$")
    local found = commands[name]
    if not found then
        local near = host.nearest(name, parts.commands)
        error("no command :" .. name .. (near and " (did you mean :" .. near .. "?)" or "")
            .. "; :help lists them", 0)
    end
    found[3](rest)
end

-- Runs what was typed; true: it is not finished.
function parts.enter(text)
    if text:find("^%s*:") then
        command(text)
        return false
    elseif not text:find("%S") then
        return false
    end
    local code, source, expression = compile(text)
    if not code then
        return true
    end
    run(code, source, expression)
    return false
end
