"""p-run.py: the main path on small real and simulated data: rows, resume, interrupt,
outputs, verbs."""
import csv
import os
import signal
import time

from harness import SHARED, SOURCE, TINY, Folder, Tap, error_line, wait_until

COLUMNS = """job dataset source protocol trial solver options lambda_ratio status reason objective gap
support seconds seconds_total passes peak_rss_kib accuracy balanced_accuracy auc seed machine""".split()
tap = Tap()
with Folder() as folder:
    smoke = os.path.join(SOURCE, "experiments", "smoke.yaml")
    first = folder.run(smoke, "-j2")
    tap.check(first.returncode == 0, "smoke.yaml runs", error_line(first))
    rows = folder.rows("smoke")
    tap.check(all(column in rows[0] for column in COLUMNS), "runs.csv has the promised columns")
    newton = [row for row in rows if row["solver"].startswith("spred") and "newton" in row["solver"]]
    tap.check(newton and all(row["status"] == "certified" for row in newton), "spred-newton certified", newton)
    skipped = [row for row in rows if row["solver"] == "lars" and row["problem"] == "logistic"]
    tap.check(skipped and all(row["status"] == "skipped" and "squared loss" in row["reason"]
                              for row in skipped), "lars on logistic: a skip row with its reason")
    tap.check(all(row["simulated"] == "1" for row in rows), "simulated data are marked")
    for name in ("results.db", "resolved.yaml", "points.csv", "table.md", "report.html"):
        tap.check(os.path.getsize(folder.file(f"results/smoke/{name}")) > 0, f"{name} is there")
    figures = os.listdir(folder.file("results/smoke/figures"))
    for ending in (".gp", ".dat", ".svg", ".pdf", ".png"):
        tap.check(any(name.endswith(ending) for name in figures), f"figures/*{ending}", figures)
    before = [(row["job"], row["seconds"]) for row in rows]
    begin = time.monotonic()
    second = folder.run("run", smoke)
    tap.check(b"0 ran now" in second.stderr and
              [(row["job"], row["seconds"]) for row in folder.rows("smoke")] == before,
              f"a second run recomputes nothing ({time.monotonic() - begin:.1f} s)", error_line(second))
    again = folder.run(smoke, "-o", "other")
    same = folder.run("verify", "results/smoke", "other/smoke")
    tap.check(again.returncode == 0 and same.returncode == 0, "another run has the same rows",
              same.stdout.decode() + error_line(same))
    changed = folder.run(smoke, "--set", "protocol.trials=3")
    ran = len(rows) // 2
    tap.check(f"{len(rows)} were done before, {ran} ran now".encode() in changed.stderr,
              "one more trial runs only the new jobs", error_line(changed))
    with open(folder.file("results/smoke/report.html")) as report:
        tap.check("smoke.yaml --set protocol.trials=3</td>" in report.read(), "the report tells the whole command")
    cross = folder.run(smoke, "-o", "folds", "--set", "protocol={folds: 4, trials: 1}", "--set", "solvers=[cd]")
    with open(folder.file("folds/smoke/runs.csv")) as lines:
        parts = [(int(row["trial"]), int(row["test"])) for row in csv.DictReader(lines) if row["problem"] == "lasso"]
    tap.check(cross.returncode == 0 and parts == [(fold, 10) for fold in (1, 2, 3, 4)],
              "four folds test every sample once", error_line(cross) + str(parts))
    for verb in (["status", "smoke"], ["export", "smoke"], ["plot", "smoke"], ["plan", smoke],
                 ["explain", "smoke", rows[0]["job"][:12]], ["solvers"], ["solvers", "lars"],
                 ["data"], ["doctor"], ["--help"], ["--version"]):
        result = folder.run(*verb)
        tap.check(result.returncode == 0 and len(result.stdout) > 10, "verb " + " ".join(verb)[-60:],
                  error_line(result))
    told = folder.run("explain", "smoke", newton[0]["job"][:16]).stdout.decode()
    tap.check("Every lambda (ratio), relative gap" in told and told.count("  certified\n") >= int(newton[0]["points"]),
              "explain tells how every lambda ended", told)
    folder.write("threads.yaml", TINY.replace("SOLVERS", "coordinate-descent").replace("2 GiB", "512 MiB"))
    threads = folder.run("threads.yaml", "--set", f"measure.threads={os.cpu_count()}", timeout=60)
    tap.check(threads.returncode == 0, "a thread per core under a small memory limit", error_line(threads))
    slow = TINY.replace("SOLVERS", "subgradient").replace("steps: 2000", "steps: 100000000")
    folder.write("slow.yaml", slow.replace("name: tiny", "name: slow"))
    process = folder.start("run", "slow.yaml", "--set", "stop.stall.eps=0", "--set",
                           "stop.stall.patience=1000000")
    wait_until(lambda: os.path.exists(folder.file("results/slow/results.db")), 10)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    tap.check(process.wait(20) == 130, "SIGINT: exit code 130")
    if SHARED:
        text = TINY.replace("SOLVERS", "coordinate-descent, {spred: {variant: newton}}")
        start = text.index("datasets:")
        text = text[:start] + f"""datasets:
  - file: {SHARED}/genes/golub.gct.gz
  - file: {{path: {SHARED}/soft/GDS507.soft.gz, target: disease state}}
  - file: {SHARED}/regression/gasoline.csv.gz
""" + text[text.index("problem:"):]
        folder.write("real.yaml", text.replace("name: tiny", "name: real").replace("trials: 2", "trials: 1"))
        real = folder.run("real.yaml")
        rows = folder.rows("real")
        tap.check(real.returncode == 0 and len(rows) == 6 and
                  all(row["status"] == "certified" for row in rows), "real files, all certified",
                  error_line(real) + str([(row["dataset"], row["status"], row["reason"]) for row in rows]))
    else:
        tap.note("no shared data: the run on real files was left out")
tap.done()
