"""p-agree.py: solvers agree on every shared data set: no objective lies below another
solver's certified lower bound, so objectives differ by at most the gaps. These run:
coordinate-descent, lars and spred-newton, which must certify every path to 1e-6, and
proximal-gradient, owl-qn, spred-sgd and spred-lbfgs, which may end short of it (stalled,
steps, time) and are compared with the gap that they reached. subgradient (claims nothing) and
the solvers for group and power penalties do not run."""
import glob
import os
from collections import defaultdict

from harness import SHARED, Folder, Tap, error_line

SETS = []
if SHARED:
    for path in sorted(glob.glob(f"{SHARED}/genes/*.gct.gz") + glob.glob(f"{SHARED}/regression/*.csv.gz") +
                       glob.glob(f"{SHARED}/soft/*.soft.gz") + [f"{SHARED}/sparse/pcmac.svm.gz"]):
        SETS.append(path)
TEXT = """version: 1
name: agree
datasets:
DATASETS
problems:
  - {name: lasso, loss: squared, penalty: l1, lambda: [0.9, 0.5, 0.2]}
  - {name: logistic, loss: logistic, penalty: l1, lambda: [0.9, 0.5, 0.2]}
protocol: {kind: clean, trials: 1, test: 20%, validate: 20%}
solvers: [coordinate-descent, proximal-gradient, lars, owl-qn, {spred: {variant: [newton, sgd, lbfgs]}}]
stop: {gap: 1e-6, steps: 20000, wall: 30 s}
limits: {wall: 10 min, memory: 4 GiB}
"""
tap = Tap()
if not SETS:
    tap.skip("no shared data: nothing to agree on")
with Folder() as folder:
    listing = "".join(f"  - file: {path}\n" for path in SETS)
    folder.write("agree.yaml", TEXT.replace("DATASETS\n", listing))
    result = folder.run("run", "agree.yaml", "-j", "2", timeout=3000)
    tap.check(result.returncode == 0, "the sweep ends, nothing failed", error_line(result))
    runs = {row["job"]: row for row in folder.rows("agree")}
    refused = [row for row in runs.values() if row["status"] in ("crashed", "error", "refuted", "diverged")]
    tap.check(not refused, "no crash, no error, no refuted certificate",
              [(row["dataset"], row["problem"], row["solver"], row["reason"]) for row in refused])
    exact = [row for row in runs.values() if row["solver"] in ("coordinate-descent", "lars", "spred-newton")
             and row["status"] not in ("certified", "skipped")]
    tap.check(not exact, "cd, lars and spred-newton certify every path to 1e-6",
              [(row["dataset"], row["problem"], row["solver"], row["reason"]) for row in exact])
    points = defaultdict(list)
    for point in folder.rows("agree", "points"):
        run = runs[point["job"]]
        if point["last"] == "1":
            points[run["dataset"], run["problem"], point["output"], point["lambda_index"]].append(
                (float(point["primal"]), float(point["dual"]), float(point["gap"]), float(point["floor"]),
                 run["solver"]))
    wrong, pairs = [], 0
    for key, rows in points.items():
        unit = max((a[0] - a[1]) / a[2] for a in rows if a[2] > 0) if any(a[2] > 0 for a in rows) else 1
        for a in rows:
            for b in rows:
                pairs += a is not b
                if a[0] < b[1] - (a[3] + b[3]) * unit:
                    wrong.append((key, a, b))
    tap.check(pairs > 1000 and not wrong, f"{pairs} pairs of solvers agree within their gaps", wrong[:5])
    tap.note(f"{len(SETS)} files, {len(runs)} runs")
tap.done()
