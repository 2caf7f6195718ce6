"""p-checkpoint.py: kill -9 in the middle of a fit that saves itself: the next run goes on
from its checkpoint and ends with the rows of a run that was never stopped; checkpoints that
are damaged, left over or cannot be written; models that are kept."""
import os
import shutil
import signal
import sqlite3

from harness import TINY, Folder, Tap, error_line, wait_until

FAKES = os.environ["SPREDBENCH_MODELS"]  # has the model tread, which goes step after step
HEAD = TINY.split("problem:")[0] + "protocol: {kind: clean, trials: 1, test: 20%, validate: 20%}\nfigures: []\n"
SLOW = "models: [{tread: {steps: 60, pause: 40, tune: {rate: [0.1, 0.02]}}}]\n"  # 2.4 s a setting
tap = Tap()


def words(result):
    return result.stdout.decode() + error_line(result)


def begins(folder):
    """At which steps fits began."""
    with open(folder.file("log")) as lines:
        return [int(line) for line in lines]


def kept(folder, name="slow", below="results"):
    try:
        return sorted(os.listdir(folder.file(f"{below}/{name}/checkpoints")))
    except FileNotFoundError:
        return []


def kill_once_saved(folder, at_least):
    """Starts the run and kills it once `at_least` checkpoints are there."""
    process = folder.start("run", "slow.yaml", program=FAKES)
    saved = wait_until(lambda: len([f for f in kept(folder) if f.endswith(".ckpt")]) >= at_least, 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return saved


with Folder() as folder:
    folder.env["TREAD_LOG"] = folder.file("log")
    folder.write("slow.yaml", HEAD.replace("name: tiny", "name: slow") + SLOW)
    whole = folder.run("run", "slow.yaml", "-o", "whole", program=FAKES)
    tap.check(whole.returncode == 0 and begins(folder) == [0, 0], "the uninterrupted run", words(whole))
    tap.check(kept(folder, below="whole") == [], "its checkpoints are gone", kept(folder, below="whole"))

    # Killed in the first setting, then in the second, where the first is done.
    tap.check(kill_once_saved(folder, 1), "killed once a checkpoint was there", kept(folder))
    tap.check(kill_once_saved(folder, 2), "killed again, in the second setting", kept(folder))
    files = kept(folder)
    tap.check([f[64:71] for f in files if f.endswith(".ckpt")] == ["-1.ckpt", "-2.ckpt"], "a file for each setting", files)
    again = folder.run("run", "slow.yaml", program=FAKES)
    tap.check(again.returncode == 0, "the run goes on to its end", words(again))
    tap.check("setting 1 goes on from its checkpoint" in error_line(again) and
              "setting 2 goes on from its checkpoint" in error_line(again), "and says that it goes on", error_line(again))
    starts = begins(folder)[2:]
    tap.check(len(starts) == 5 and starts[0] == 0 and starts[1] >= 5 and starts[2] == 0 and starts[3] == 60 and starts[4] >= 5,
              "no step was done twice but the last few", starts)
    same = folder.run("verify", "whole/slow", "results/slow", program=FAKES)
    tap.check(same.returncode == 0, "the same rows as the uninterrupted run", words(same))
    tap.check(kept(folder) == [], "the checkpoints are gone", kept(folder))
    for table, count in (("marks", 6), ("layers", 12), ("arrays", 1)):
        rows = folder.rows("slow", table)
        tap.check(len(rows) == count, f"{table}.csv", rows)
    marks = folder.rows("slow", "marks")
    tap.check([row["candidate"] for row in marks] == 3 * ["1"] + 3 * ["2"] and marks[0]["rule"] == "dense" and
              marks[0]["threshold"] == "" and marks[1]["threshold"] == "0.10000000000000001" and
              float(marks[1]["seconds_sample"]) > 0, "a mark's columns", marks[:2])
    shown = folder.rows("slow", "arrays")[0]
    tap.check(shown["name"] == "weights" and (shown["rows"], shown["columns"], shown["width"]) == ("60", "2", "60") and
              len(shown["values"].split(" ")) == 120, "an array's columns", shown)

    with sqlite3.connect(folder.file("results/slow/results.db")) as store:
        store.execute("UPDATE marks SET seconds_sample = 9")
    same = folder.run("verify", "whole/slow", "results/slow", program=FAKES)
    tap.check(same.returncode == 0, "a mark's clock is none of verify's business", words(same))
    with sqlite3.connect(folder.file("results/slow/results.db")) as store:
        store.execute("UPDATE marks SET loss = loss + 1e-12 WHERE mark = 5")
        store.execute('UPDATE arrays SET "values" = "values" || 1')
    same = folder.run("verify", "whole/slow", "results/slow", program=FAKES)
    tap.check(same.returncode == 3 and "marks row 5: loss" in words(same) and "arrays row 1: values" in words(same),
              "its loss is, and so are arrays", words(same)[:400])

    # A damaged checkpoint: from the start, and the same rows.
    shutil.rmtree(folder.file("results/slow"))
    tap.check(kill_once_saved(folder, 1), "killed")
    for name in kept(folder):
        with open(folder.file(f"results/slow/checkpoints/{name}"), "r+b") as file:
            file.seek(600)
            file.write(b"rubbish")
    again = folder.run("run", "slow.yaml", program=FAKES)
    tap.check(again.returncode == 0 and "the checkpoint is damaged; the fit starts anew" in error_line(again),
              "a damaged checkpoint is said", words(again))
    tap.check(begins(folder)[-2:] == [0, 0], "and the fit starts anew", begins(folder))
    same = folder.run("verify", "whole/slow", "results/slow", program=FAKES)
    tap.check(same.returncode == 0, "with the same rows", words(same))

    # No place for checkpoints.
    shutil.rmtree(folder.file("results/slow"))
    os.mkdir(folder.file("results/slow"))
    folder.write("results/slow/checkpoints", "a file is in the way")
    again = folder.run("run", "slow.yaml", "--set", "models.0.tread.pause=0", program=FAKES)
    tap.check(again.returncode == 0 and "no checkpoints (a fit that is killed starts anew)" in error_line(again),
              "no place for checkpoints is a warning", words(again))
    tap.check([row["status"] for row in folder.rows("slow")] == ["done"], "the job is done", folder.rows("slow"))
    os.remove(folder.file("results/slow/checkpoints"))

    # A failed job keeps its checkpoint; one that is no longer planned is swept away at the end.
    text = HEAD.replace("name: tiny", "name: slow") + "models: [{tread: {way: die}}, {tread: {steps: 30}}]\n"
    folder.write("die.yaml", text)
    result = folder.run("run", "die.yaml", program=FAKES)
    tap.check(result.returncode == 3 and len(kept(folder)) == 1, "a failed job keeps its checkpoint", (words(result), kept(folder)))
    result = folder.run("run", "die.yaml", "--retry-failed", program=FAKES)
    tap.check("goes on from its checkpoint" in error_line(result) and begins(folder)[-1] == 20, "from which it is tried again",
              words(result))
    result = folder.run("run", "die.yaml", "--set", "models=[look]", program=FAKES)
    tap.check(result.returncode == 0 and kept(folder) == [], "a job that is not planned loses it", (words(result), kept(folder)))

    # Models that are kept.
    folder.write("kept.yaml", HEAD.replace("name: tiny", "name: kept") + "models: [tread, look]\nmeasure: {keep_models: true}\n")
    result = folder.run("run", "kept.yaml", program=FAKES)
    tap.check(result.returncode == 0 and "look: not kept (measure.keep_models), cannot be saved" in error_line(result),
              "what cannot be kept is said", words(result))
    row = [row for row in folder.rows("kept") if row["solver"] == "tread"][0]
    files = os.listdir(folder.file("results/kept/models"))
    tap.check(files == [row["job"] + ".model"], "the model has the name of its job", files)
    with open(folder.file("results/kept/resolved.yaml")) as resolved:
        tap.check("keep_models: true" in resolved.read(), "the resolved file says so")
    folder.write("load.lua", f"""local spred = require "spred"
local m = spred.load_model("results/kept/models/{files[0]}")
local x = spred.zeros(40, 60)
print(m.name, #m:predict(x), m:predict(x, "probability").cols)
local store = spred.results("results/kept")
for _, name in ipairs {{"marks", "layers", "arrays"}} do
    print(name, #store[name](store))
end
""")
    result = folder.run("load.lua", program=FAKES)
    tap.check(result.stdout.decode().split() == ["tread", "40", "2", "marks", "3", "layers", "6", "arrays", "1"],
              "a script loads it, and reads the tables", words(result))
tap.done()
