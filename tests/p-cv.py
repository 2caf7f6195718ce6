"""p-cv.py: lambda by cross-validation on real genes: the same rows whatever the threads,
the rule against a recomputation from folds.csv, kill -9 and going on."""
import csv
import math
import os
import random
import signal
import time

from harness import SHARED, Folder, Tap, error_line

TEXT = """version: 1
name: cv
datasets:
DATASETS
problems:
  - {name: lasso, loss: squared, lambda: {path: 30, min_ratio: 0.02}}
  - {name: logistic, loss: logistic, lambda: {path: 20, min_ratio: 0.05}}
protocol: {trials: 2, test: 20%, choose: {kind: cv, folds: 8, rule: 1se}}
solvers: [coordinate-descent, {spred: {variant: newton}}]
stop: {gap: 1e-6, wall: 5 min}
figures: [cv]
"""
CLOCKS = ("job", "seconds", "started", "machine", "peak_rss_kib")
tap = Tap()


def table(folder, where, name):
    with open(folder.file(f"{where}/cv/{name}.csv")) as lines:
        return list(csv.DictReader(lines))


def timeless(rows):
    return [[value for key, value in row.items() if not key.startswith(CLOCKS)] for row in rows]


def check_rule(run, points, folds):
    """The chosen lambda of one run, from its folds alone."""
    by_lambda = {}
    for row in folds:
        by_lambda.setdefault(int(row["lambda_index"]), []).append((int(row["held"]), float(row["loss"])))
    losses, errors, lambdas = {}, {}, {}
    for index, parts in by_lambda.items():
        n = sum(held for held, _ in parts)
        losses[index] = sum(held * loss for held, loss in parts) / n
        errors[index] = math.sqrt(sum(held * (loss - losses[index]) ** 2 for held, loss in parts) / n / (len(parts) - 1))
    for row in folds:
        lambdas[int(row["lambda_index"])] = float(row["lambda"])
    least = min(losses, key=lambda index: (losses[index], index))
    within = min(index for index in losses if losses[index] <= losses[least] + errors[least])
    chosen = float(run["lambda_ratio"]) * float(run["lambda_max"])
    stated = {int(row["lambda_index"]): float(row["cv_loss"]) for row in points if row["last"] == "1"}
    return (math.isclose(chosen, lambdas[within], rel_tol=1e-12) and
            math.isclose(float(run["ratio_min"]) * float(run["lambda_max"]), lambdas[least], rel_tol=1e-12) and
            all(math.isclose(stated[index], losses[index], rel_tol=1e-10) for index in losses) and
            sum(held for held, _ in by_lambda[1]) == int(run["train"]))


with Folder() as folder:
    sets = ([f"  - file: {SHARED}/genes/golub.gct.gz", f"  - file: {SHARED}/regression/gasoline.csv.gz"] if SHARED
            else ["  - simulated: {n: 60, p: 500, classes: 2}", "  - simulated: {name: real, n: 60, p: 400, classes: 0}"])
    folder.write("cv.yaml", TEXT.replace("DATASETS", "\n".join(sets)))
    begin = time.monotonic()
    one = folder.run("run", "cv.yaml", "-o", "one")
    length = time.monotonic() - begin
    tap.check(one.returncode == 0, f"one thread ({length:.1f} s)", error_line(one))
    threads = min(2, os.cpu_count())
    two = folder.run("run", "cv.yaml", "-o", "two", "--set", f"measure.threads={threads}")
    tap.check(two.returncode == 0, f"{threads} threads", error_line(two))
    for name in ("runs", "points", "genes", "folds"):
        a, b = (timeless(table(folder, where, name)) for where in ("one", "two"))
        tap.check(a and a == b, f"{name}.csv is the same to the bit ({len(a)} rows)",
                  next((pair for pair in zip(a, b) if pair[0] != pair[1]), None))
    runs, points, folds = (table(folder, "one", name) for name in ("runs", "points", "folds"))
    done = [run for run in runs if run["status"] != "skipped"]
    tap.check(len(done) == 12 and all(run["status"] == "certified" for run in done), "all certified",
              [(run["dataset"], run["status"], run["reason"]) for run in runs])
    for run in done:
        mine = [[row for row in rows if row["job"] == run["job"]] for rows in (points, folds)]
        tap.check(check_rule(run, *mine), f"the rule: {run['dataset']} {run['problem']} {run['solver']} {run['trial']}", run)
        tap.check(len({row["fold"] for row in mine[1]}) == 8 and all(row["certified"] == "1" for row in mine[1]) and
                  max(float(row["gap"]) for row in mine[1]) <= float(run["gap"]), "every fold is certified", run)
    model = folder.run("run", "cv.yaml", "-o", "model", "--set", "protocol.test=0%", "--set", "protocol.trials=1",
                       "--set", "solvers=[cd]", "--set", "problems.1.loss=squared")
    first = table(folder, "model", "runs")[0]
    genes = [row for row in table(folder, "model", "genes") if row["job"] == first["job"]]
    tap.check(model.returncode == 0 and first["test"] == "0" and first["accuracy"] == "" and
              len(genes) == int(first["support"]) + 1 > 1, "without a test part: a model and its genes",
              error_line(model) + str(first))
    random.seed(17)
    killed = 0
    for _ in range(8):
        process = folder.start("run", "cv.yaml", "-o", "killed")
        time.sleep(random.uniform(0, length / 6))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
    last = folder.run("run", "cv.yaml", "-o", "killed")
    same = folder.run("verify", "one/cv", "killed/cv")
    tap.check(killed >= 2 and last.returncode == 0 and same.returncode == 0, f"{killed} kills, then the same rows",
              error_line(last) + same.stdout.decode())
tap.done()
