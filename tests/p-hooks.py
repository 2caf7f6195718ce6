"""p-hooks.py: a script beside an experiment: hooks, a metric, a figure, data, in the program."""
import os

from harness import SOURCE, Folder, Tap, error_line

TEXT = """version: 1
name: NAME
script: s.lua
datasets: [{simulated: {kind: blocks, n: 40, p: 8, blocks: 2, k: 2, classes: 0}}]
problem: {loss: squared, penalty: l1, lambda: [0.5, 0.3]}
protocol: {trials: 3}
solvers: [cd]
FIGURES
"""
HOOKS = """
local ends = 0
spred.metric{name = "mae", value = function(s)
    local sum = 0
    for i = 1, s.n do sum = sum + math.abs(s.truth[i] - s.scores[i]) end
    return sum / s.n
end}
spred.figure{name = "kept", draw = function(r)
    local y = {}
    for i, run in ipairs(r:rows()) do y[i] = run.support end
    return {y = y, title = "features kept"}
end}
spred.hooks{
    on_plan = function(jobs) print("plan " .. #jobs) return {1, 3} end,
    on_job_start = function(job) print("start " .. job.trial) end,
    on_point = function(p) assert(p.gap) end,
    on_job_end = function(run) ends = ends + 1; print("end " .. run.trial, run.metrics.mae ~= nil) end,
    on_finish = function(folder) print("finish " .. ends .. " " .. folder) end,
}
"""
tap = Tap()


def run(folder, name, script, figures=""):
    folder.write("s.lua", script)
    folder.write(f"{name}.yaml", TEXT.replace("NAME", name).replace("FIGURES", figures))
    return folder.run("run", f"{name}.yaml")


with Folder() as folder:
    result = run(folder, "all", HOOKS, "figures: [kept]")
    out = result.stdout.decode()
    tap.check(result.returncode == 0, "all hooks run", error_line(result))
    for line in ("plan 3", "end 1\ttrue", "end 3\ttrue", "finish 2 results/all"):
        tap.check(line in out, f"printed: {line}", out + error_line(result))
    if result.returncode == 0:
        tap.check([row["trial"] for row in folder.rows("all")] == ["1", "3"], "on_plan chose the jobs")
        tap.check(all(row["name"] == "mae" and float(row["value"]) > 0
                      for row in folder.rows("all", "metrics")), "metrics.csv")
        tap.check(os.path.exists(folder.file("results/all/figures/kept.svg")), "the script's figure")
        with open(folder.file("results/all/report.html"), encoding="utf-8") as page:
            report = page.read()
        tap.check("features kept" in report, "the figure is in the report")
        tap.check("The script's metrics" in report and ">mae<" in report, "the metric is in the report")
        with open(folder.file("results/all/table.md"), encoding="utf-8") as page:
            tap.check("| mae" in page.read(), "the metric is in table.md")
    result = run(folder, "end", 'spred.hooks{on_job_end = function() error("enough") end}')
    tap.check(result.returncode == 2, f"on_job_end fails: exit {result.returncode}")
    tap.check("s.lua:1: enough" in error_line(result), "with file and line", error_line(result))
    result = run(folder, "start", 'spred.hooks{on_job_start = function() error("not so") end}')
    rows = folder.rows("start")
    tap.check(rows and all(row["status"] == "error" and "s.lua:1: not so" in row["reason"]
                           for row in rows), "on_job_start fails: rows that say so",
              [(row["status"], row["reason"]) for row in rows])
    result = folder.run("run", f"{SOURCE}/experiments/lua-data.yaml",
                        "--set", "figures=[gap-time]")
    tap.check(result.returncode == 0, "the example lua-data runs", error_line(result))
    with open(f"{SOURCE}/experiments/custom-figure.lua", encoding="utf-8") as script:
        result = run(folder, "own", script.read(), "figures: [kept]")
    tap.check(result.returncode == 0 and os.path.exists(folder.file("results/own/figures/kept.svg")),
              "the example custom-figure draws", error_line(result))
tap.done()
