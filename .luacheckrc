-- .luacheckrc: what luacheck may take for granted in our Lua files.
std = "lua54"
globals = {"spred", "help"}
max_line_length = 100
files["tests/lua"] = {read_globals = {"check", "raises"}}
files["tests/lua/coding.lua"] = {read_globals = {"check", "raises", "near", "shared"}}
