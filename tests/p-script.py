"""p-script.py: a script's methods in a whole experiment: certified, refuted, and whatever a
script does wrong is a row or a clear message."""
import os
import shutil

from harness import SOURCE, TINY, Folder, Tap, error_line

RIGHT = """
spred.solver{
    name = "NAME",
    init = function(s, ctx) s.step = 1 / ctx:lipschitz() end,
    step = function(s, ctx)
        local g, gb = ctx:gradient(s.w, s.b)
        ctx:prox(s.w:axpy(-s.step, g), s.step)
        s.b:axpy(-s.step, gb)
    end,
}
"""
WRONG = """
local function wrong(name, step)
    spred.solver{name = name, step = step}
end
wrong("lies", function() return true end)
wrong("fails", function() error("no way on") end)
wrong("endless", function()
    while true do pcall(function() while true do end end) end
end)
wrong("quiet", function() while true do pcall(error, "x") end end)
wrong("big", function(s) s.text = string.rep("x", 2 ^ 30) end)
wrong("grows", function(s)
    local all = {}
    while true do all[#all + 1] = spred.zeros(1000, 100) end
end)
wrong("deep", function(s) local function f() return 1 + f() end return f() end)
wrong("exits", function() os.execute("true") end)
wrong("matches", function() return ("a"):rep(40):find(("a-"):rep(30) .. "b") ~= nil end)
"""
STATUS = {"lies": ("refuted", ""), "fails": ("error", "wrong.lua:6: no way on"),
          "endless": ("timeout", "limits.wall"), "quiet": ("timeout", "limits.wall"),
          "big": ("memory", "300 MiB of memory"),
          "grows": ("memory", "300 MiB"),  # the script's limit or the worker's, whoever sees it
          "deep": ("error", "overflow"), "exits": ("error", "os"),
          "matches": ("timeout", "limits.wall"), "coordinate-descent": ("certified", "")}
BAD = {  # at the top of a script: exit code 2 with these words
    "exec.lua": ('os.execute("true")', "exec.lua:1: attempt to index a nil value (global 'os')"),
    "io.lua": ('io.open("x")', "global 'io'"),
    "syntax.lua": ("x = = 1", "syntax.lua:1:"),
    "byte.lua": (b"\x1bLuaT\x00\x19\x93\r\n\x1a\n", "binary"),
    "loop.lua": ("while true do end", "more than 0.5 seconds"),
    "catch.lua": ("while true do pcall(function() while true do end end) end", "0.5 seconds"),
    "rep.lua": ('x = ("x"):rep(2^31)', "resulting string too large"),
    "deep.lua": ("local function f() return 1 + f() end f()", "overflow"),
    "none.lua": ("local x = 1", "declares no solver"),
    "load.lua": ('load("x = 1")()', "load"),
}

tap = Tap()
with Folder() as folder:
    shutil.copy(os.path.join(SOURCE, "experiments/ista.lua"), folder.file("ista.lua"))
    folder.write("tiny.yaml", TINY.replace("SOLVERS", "ista.lua, coordinate-descent"))
    result = folder.run("run", "tiny.yaml")
    rows = folder.rows("tiny")
    tap.check(result.returncode == 0, "exit code 0", error_line(result))
    tap.check(sum(row["solver"] == "my-ista" and row["status"] == "certified" for row in rows) == 2,
              "my-ista is certified", rows)
    with open(folder.file("results/tiny/table.md")) as lines:
        tap.check("| my-ista " in lines.read(), "it is in table.md")
    figures = folder.file("results/tiny/figures")
    found = [name for name in os.listdir(figures) if name.endswith(".dat") and
             "my-ista" in open(os.path.join(figures, name)).read()]
    tap.check(found, "it is in the figures' data", os.listdir(figures))
    with open(folder.file("results/tiny/report.html")) as lines:
        tap.check("my-ista" in lines.read(), "it is in report.html")

    # an edit of the script does the script's jobs again, and no others
    with open(folder.file("ista.lua"), "a") as script:
        script.write("-- an edit\n")
    result = folder.run("run", "tiny.yaml")
    tap.check("2 were done before, 2 ran now" in error_line(result), "an edit runs its jobs again",
              error_line(result))
    result = folder.run("run", "results/tiny/resolved.yaml", "-o", "again")
    tap.check("0 were done before, 4 ran now" in error_line(result) and result.returncode == 0,
              "resolved.yaml is the same experiment", error_line(result))

    # options of a file, and two solvers in it
    folder.write("two.lua", RIGHT.replace("NAME", "one") + RIGHT.replace("NAME", "other"))
    folder.write("two.yaml", TINY.replace("SOLVERS", "two.lua").replace("tiny", "two"))
    result = folder.run("run", "two.yaml")
    tap.check({row["solver"] for row in folder.rows("two")} == {"one", "other"},
              "a file stands for all its solvers", error_line(result))

    # what goes wrong in a step is a row
    folder.write("wrong.lua", WRONG)
    text = TINY.replace("SOLVERS", "wrong.lua, coordinate-descent").replace("tiny", "wrong")
    text = text.replace("limits: {wall: 20 min, memory: 2 GiB, grace: 1 s}",
                        "limits: {wall: 8 s, memory: 300 MiB, grace: 0.5 s}")
    folder.write("wrong.yaml", text.replace("trials: 2", "trials: 1"))
    result = folder.run("run", "wrong.yaml")
    rows = {row["solver"]: row for row in folder.rows("wrong")}
    tap.check(result.returncode == 4, "a refuted certificate: exit code 4", error_line(result))
    for solver, (status, words) in STATUS.items():
        row = rows.get(solver, {})
        tap.check(row.get("status") == status and words in row.get("reason", ""),
                  f"{solver}: {status}", row)
    with open(folder.file("results/wrong/report.html")) as lines:
        report = lines.read()
    tap.check("refuted" in report and "lies" in report, "report.html says who was refuted")

    # what goes wrong while a script is read ends the command
    for name, (script, words) in BAD.items():
        folder.write(name, script)
        text = TINY.replace("SOLVERS", name).replace("grace: 1 s", "grace: 1 s, script: 0.5 s")
        folder.write("bad.yaml", text)
        result = folder.run("run", "bad.yaml", timeout=120)
        tap.check(result.returncode == 2 and words in error_line(result) and
                  len(error_line(result).splitlines()) < 3, f"{name}: exit code 2", error_line(result))
tap.done()
