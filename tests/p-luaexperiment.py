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
tap.done()
