"""p-kill.py: kill -9 of the parent at 20 random moments leaves an intact store, and
going on ends with the same rows (clocks aside) as an uninterrupted run."""
import os
import random
import signal
import sqlite3
import time

from harness import TINY, Folder, Tap, error_line, wait_until

MOMENTS = 20
tap = Tap()


def working_in(path):
    """Processes whose working folder this is: workers that outlived their parent."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd") == os.path.realpath(path):
                found.append(pid)
        except OSError:
            pass  # gone, or not ours
    return found


text = TINY.replace("SOLVERS", "proximal-gradient, coordinate-descent, lars, spred: {variant: newton}")
text = text.replace("trials: 2", "trials: 10").replace("spred: {variant: newton}", "{spred: {variant: newton}}")
random.seed(17)
with Folder() as folder:
    folder.write("tiny.yaml", text)
    begin = time.monotonic()
    whole = folder.run("run", "tiny.yaml", "-o", "whole")
    length = time.monotonic() - begin
    tap.check(whole.returncode == 0, f"the uninterrupted run ({length:.1f} s)", error_line(whole))
    intact = killed = orphans = 0
    for _ in range(MOMENTS):
        process = folder.start("run", "tiny.yaml", "-o", "results")
        time.sleep(random.uniform(0, length / 4))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
        orphans += not wait_until(lambda: not working_in(folder.path), 2)
        try:
            with sqlite3.connect(folder.file("results/tiny/results.db")) as store:
                intact += store.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        except sqlite3.OperationalError:
            intact += 1  # killed before there was a store
    tap.check(intact == MOMENTS, f"the store is intact after each of {MOMENTS} ({killed} kills)", intact)
    tap.check(orphans == 0, "the workers die with their parent", orphans)
    tap.check(killed >= 5, "kills happened in mid-run", killed)
    last = folder.run("run", "tiny.yaml", "-o", "results")
    tap.check(last.returncode == 0, "the run goes on to its end", error_line(last))
    same = folder.run("verify", "whole/tiny", "results/tiny")
    tap.check(same.returncode == 0, "same rows as the uninterrupted run",
              same.stdout.decode() + error_line(same))
    with sqlite3.connect(folder.file("results/tiny/results.db")) as store:
        store.execute("UPDATE runs SET objective = objective + 1e-12 WHERE rowid = 1")
    different = folder.run("verify", "whole/tiny", "results/tiny")
    tap.check(different.returncode == 3, "verify sees a changed row", different.stdout.decode())
tap.done()
