"""p-luaexperiment.py: spred.experiment: jobs in workers that read the script, with its own loss;
the same numbers as spred.cv; from a text without a file."""
import os

from harness import SOURCE, Folder, Tap, error_line

tap = Tap()
with Folder() as folder:
    path = os.path.join(SOURCE, "tests", "lua", "experiment.lua")
    result = folder.run("script", path)
    tap.check(result.returncode == 0, "the script's own checks", error_line(result))
    tap.check(result.stdout.decode().split() == ["once", "done"], "only the script itself goes on after run()",
              result.stdout.decode())
    rows = folder.rows("scripted")
    tap.check([row["status"] for row in rows].count("certified") == len(rows) == 4, "all certified",
              [(row["solver"], row["status"], row["reason"]) for row in rows])
    tap.check(os.path.exists(folder.file("results/scripted/report.html")), "a report")
    folder.write("parts.lua", open(path).read().split("local settings")[0])
    folder.write("other.lua", """spred.experiment{
    name = "other", script = "parts.lua", datasets = {{simulated = {n = 40, p = 30, classes = 0}}},
    problem = {loss = "huber", lambda = 0.3}, solvers = {"proximal-gradient"}, protocol = {trials = 1},
}:run{quiet = true}
print("end")
""")
    result = folder.run("script", "other.lua")
    rows = folder.rows("other") if result.returncode == 0 else []
    tap.check(result.stdout == b"end\n" and [row["status"] for row in rows] == ["certified"],
              "a script that declares nothing takes another's parts", error_line(result))
    folder.write("self.lua", 'spred.experiment{script = "self.lua", datasets = {{debian = "golub"}},\n'
                 '    problem = {loss = "squared"}, solvers = {"cd"}}:run()\n')
    result = folder.run("script", "self.lua")
    tap.check(result.returncode == 2 and "opens no script itself" in error_line(result), "but not its own",
              error_line(result))
tap.done()
