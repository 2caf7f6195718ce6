"""p-faulty.py: a solver that crashes, hangs, eats memory, fails, lies or diverges
becomes a row with its reason; the sweep ends; the exit code says so."""
import os

from harness import TINY, Folder, Tap, error_line

FAULTY = os.environ["SPREDBENCH_FAULTY"]
tap = Tap()
with Folder() as folder:
    text = TINY.replace("SOLVERS", "crash, hang, hog, fail, diverge, leak, proximal-gradient")
    text = text.replace("limits: {wall: 20 min, memory: 2 GiB, grace: 1 s}",
                        "limits: {wall: 5 s, memory: 300 MiB, grace: 1 s}")
    text = text.replace("trials: 2", "trials: 1")
    folder.write("tiny.yaml", text)
    result = folder.run("run", "tiny.yaml", program=FAULTY)
    tap.check(result.returncode == 3, "exit code 3", error_line(result))
    rows = {row["solver"]: row for row in folder.rows("tiny")}
    expected = {"crash": ("crashed", ": first line last line"), "leak": ("crashed", "exit code 7"), "hang": ("timeout", "limits.wall"),
                "hog": ("memory", "limits.memory"), "fail": ("error", "always fails"),
                "diverge": ("diverged", ""), "proximal-gradient": ("certified", "")}
    for solver, (status, words) in expected.items():
        row = rows.get(solver, {})
        tap.check(row.get("status") == status and words in row.get("reason", ""),
                  f"{solver}: {status}", row)
    tap.check(float(rows["hog"]["peak_rss_kib"]) > 250 * 1024, "the hog's peak memory is measured",
              rows["hog"])
    left = [pid for pid in os.listdir("/proc") if pid.isdigit() and
            os.path.exists(f"/proc/{pid}/exe") and
            os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(FAULTY)]
    tap.check(not left, "no worker is left behind", left)
    result = folder.run("run", "tiny.yaml", program=FAULTY)
    tap.check(b"7 were done before, 0 ran now" in result.stderr, "failures count as done",
              error_line(result))
    tap.check(result.returncode == 3 and b"6 of those done before failed; --retry-failed" in result.stderr,
              "they still fail the run, and it says how they run again", error_line(result))
    result = folder.run("run", "tiny.yaml", "--set", "solvers=[proximal-gradient]", program=FAULTY)
    tap.check(result.returncode == 0 and b"failed;" not in result.stderr, "not one that has no part in them", error_line(result))
    result = folder.run("run", "tiny.yaml", "--retry-failed", program=FAULTY)
    tap.check(b"1 were done before, 6 ran now" in result.stderr, "--retry-failed runs them again",
              error_line(result))
    tap.check(result.returncode == 3 and b"6 failed, 0 refuted" in result.stderr and b"before failed" not in result.stderr,
              "they failed now, not before", error_line(result))
    folder.write("lie.yaml", TINY.replace("SOLVERS", "lie").replace("tiny", "lie"))
    result = folder.run("run", "lie.yaml", program=FAULTY)
    tap.check(result.returncode == 4, "a refuted certificate: exit code 4", error_line(result))
    result = folder.run("run", "lie.yaml", program=FAULTY)
    tap.check(result.returncode == 4 and b"2 of those done before had a certificate" in result.stderr,
              "refuted before: exit code 4", error_line(result))
    tap.check(all(row["status"] == "refuted" for row in folder.rows("lie")), "refuted rows")
tap.done()
