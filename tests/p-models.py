"""p-models.py: models beside solvers in an experiment file: what is planned and run, the
rows, the choice, a second run, kill -9, and what is said of mistakes."""
import os
import random
import signal
import time

from harness import SHARED, TINY, Folder, Tap, error_line

FAKES = os.environ["SPREDBENCH_MODELS"]  # has the model look, which offers gene after gene
GRID = "{look: {genes: [3, 60], tune: {gain: [1, 9], way: [well, fail]}}}, look-all"
HEAD = TINY.split("problem:")[0] + "protocol: {kind: clean, trials: 2, test: 20%, validate: 20%}\nfigures: []\n"
tap = Tap()


def words(result):
    return result.stdout.decode() + error_line(result)


with Folder() as folder:
    text = TINY.replace("SOLVERS", "fail").replace("name: tiny", "name: both") + f"models: [{GRID}]\nfigures: []\n"
    folder.write("both.yaml", text)
    plan = folder.run("plan", "both.yaml", "--all", program=FAKES)
    tap.check(b"8 jobs" in plan.stdout, "two trials of a solver and three models", words(plan))
    lines = [line.split("  ") for line in plan.stdout.decode().splitlines() if " trial " in line]
    tap.check([line[-1] for line in lines] == 4 * ["trial 1"] + 4 * ["trial 2"], "interleaved by trial", lines)
    tap.check("look genes=3 gain=1;9 way=well;fail" in [line[3] for line in lines], "the grid is in the label", lines)
    result = folder.run("run", "both.yaml", program=FAKES)
    tap.check(result.returncode == 3, "the solver fails, exit code 3", words(result))
    rows = folder.rows("both")
    models = [row for row in rows if row["kind"] == "model"]
    tap.check(len(rows) == 8 and len(models) == 6, "a row for every job", len(rows))
    tap.check(all(row["status"] == "done" and row["problem"] == "model" for row in models), "models are done", models)
    tap.check(all(row[key] == "" for row in models for key in ("loss", "penalty", "gap", "lambda_ratio", "lambda_max", "certified")),
              "what only problems have is empty", models[0])
    models = [row for row in models if "genes=60" in row["options"]] + models
    tap.check(models[0]["options"] == "gain=1;9 genes=60 way=well;fail word=", "all options", models[0])
    found = folder.rows("both", "candidates")
    mine = [row for row in found if row["job"] == models[0]["job"]]
    tap.check(len(found) == 2 * (4 + 4 + 1) and len(mine) == 4, "a candidate for every setting", len(found))
    tap.check([row["settings"] for row in mine] == ["gain=1 way=well", "gain=1 way=fail", "gain=9 way=well", "gain=9 way=fail"],
              "the grid in its order", mine)
    tap.check([row["stop"] for row in mine] == 2 * ["done", "error"] and mine[1]["note"] == "will not look",
              "an error of one setting is its row", mine)
    told = folder.run("explain", "both", models[0]["job"][:16]).stdout.decode()
    tap.check("gain=9 way=fail: error; will not look" in told and told.count("\n* ") == 1,
              "explain tells what was tried, and which stands", told)
    chosen = [row for row in mine if row["chosen"] == "1"]
    tap.check(len(chosen) == 1 and models[0]["chosen"] == f"{chosen[0]['settings']} {chosen[0]['at']}", "one stands", models[0])
    tap.check(all(float(row["validation"]) <= float(chosen[0]["validation"]) for row in mine if row["validation"]),
              "the best by validation", mine)
    genes = [row for row in folder.rows("both", "genes") if row["job"] == models[0]["job"]]
    tap.check(len(genes) == 1 and genes[0]["rank"] == "1" and genes[0]["coefficient"] == "" and
              int(models[0]["support"]) == 1, "its gene", genes)
    tap.check(all(int(row["truth"]) == 5 for row in models), "the truth of simulated data", models[0])
    with open(folder.file("results/both/resolved.yaml")) as resolved:
        again = resolved.read()
    tap.check("look: {genes: 3, tune: {gain: [1, 9], way: [well, fail]}}" in again, "the resolved file shows the grid", again)
    folder.write("again.yaml", again)
    result = folder.run("run", "again.yaml", program=FAKES)
    tap.check(b"8 were done before, 0 ran now" in result.stderr, "a second run, of the resolved file, runs nothing",
              error_line(result))
    result = folder.run("run", "both.yaml", "--set", "models.0.tune.gain=[1]", "--set", "models.0.genes=3", program=FAKES)
    tap.check(b"4 were done before, 2 ran now" in result.stderr, "--set of a grid", error_line(result))
    result = folder.run("run", "both.yaml", "--set", "stop.gap=1e-3", program=FAKES)
    tap.check(b"6 were done before, 2 ran now" in result.stderr, "what only solvers have changes no model's key",
              error_line(result))

    # Processes that die, and the parent's death.
    folder.write("faulty.yaml", HEAD.replace("name: tiny", "name: faulty").replace("trials: 2", "trials: 1") +
                 "models: [crash-model, hang-model, {look: {way: hang}}]\nlimits: {wall: 3 s, grace: 1 s}\nstop: {fit: 1 s}\n")
    result = folder.run("run", "faulty.yaml", program=FAKES)
    tap.check(result.returncode == 3, "crashes: exit code 3", words(result))
    status = {row["solver"]: row["status"] for row in folder.rows("faulty")}
    tap.check(status == {"crash-model": "crashed", "hang-model": "timeout", "look": "done"}, "crash, time-out, wall", status)
    tap.check(all(row["kind"] == "model" for row in folder.rows("faulty")), "also these rows are of models")
    look = [row for row in folder.rows("faulty") if row["solver"] == "look"][0]
    tap.check(look["chosen"] != "" and "time" in look["reason"], "past stop.fit, what was offered stands", look)
    folder.write("many.yaml", HEAD.replace("name: tiny", "name: many").replace("trials: 2", "trials: 15") + f"models: [{GRID}]\n")
    begin = time.monotonic()
    whole = folder.run("run", "many.yaml", "-o", "whole", program=FAKES)
    length = time.monotonic() - begin
    tap.check(whole.returncode == 0, "many", words(whole))
    random.seed(5)
    killed = 0
    for _ in range(5):
        process = folder.start("run", "many.yaml", program=FAKES)
        time.sleep(random.uniform(length / 8, length / 3))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
    last = folder.run("run", "many.yaml", program=FAKES)
    same = folder.run("verify", "whole/many", "results/many", program=FAKES)
    tap.check(last.returncode == 0 and same.returncode == 0 and killed >= 1, f"{killed} times kill -9, the same rows",
              words(same) + error_line(last))
    found = folder.rows("many", "candidates")
    tap.check((len(found), len({row["job"] for row in found})) == (15 * 9, 45), "every candidate once", len(found))

    # Mistakes.
    for models, place, message in (
            ("[majorty]", "7:10", "unknown model 'majorty', did you mean 'majority'?"),
            ("[majority: {rate: 3}]", "7:21", "model majority: no option 'rate' (there are none)"),
            ("[network: {model: [{linear: {out: 4}}, liner]}]", "7:27",
             "model network: layer 2: unknown kind of layer \"liner\", did you mean \"linear\"?"),
            ("[majority, majority]", "7:20", "'majority' is there twice, first at line 7")):
        folder.write("bad.yaml", HEAD.replace("name: tiny", "name: bad") + f"models: {models}\n")
        result = folder.run("plan", "bad.yaml")
        tap.check(result.returncode == 2 and f"bad.yaml:{place}: {message}" in error_line(result), message, words(result))

    # Real data, by both protocols.
    if not SHARED:
        tap.note("no shared data: nothing to compare with")
    else:
        for kind, file in (("clean", "genes/golub.gct.gz"), ("paper", "soft/GDS507.soft.gz")):
            folder.write(f"{kind}.yaml", f"version: 1\nname: {kind}\ndatasets: [file: {SHARED}/{file}]\nmodels: [majority]\n"
                         f"protocol: {{kind: {kind}, trials: 3}}\nfigures: []\n")
            result = folder.run("run", f"{kind}.yaml")
            tap.check(result.returncode == 0, f"{kind}: runs", words(result))
            rows = folder.rows(kind)
            tap.check(len(rows) == 3 and all(row["status"] == "done" and row["support"] == "0" for row in rows), f"{kind}: rows", rows)
            if kind == "clean":
                tap.check(all(abs(float(row["accuracy"]) - float(row["majority"])) < 1e-12 for row in rows),
                          "the majority's accuracy is the majority's share", rows)
                tap.check(all(row["balanced_accuracy"] == "0.5" and row["auc"] == "0.5" for row in rows), "and no better than chance", rows)
            else:
                tap.check(all(float(row["ceiling"]) == .5 and abs(float(row["informed"]) - .9) < 1e-12 and
                              float(row["accuracy"]) < .5 for row in rows), "paper: the ceilings beside it", rows)
tap.done()
