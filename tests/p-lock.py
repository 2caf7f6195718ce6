"""p-lock.py: one process runs in a folder of results; another is refused, readers are not,
and kill -9 frees the folder."""
import atexit
import os
import re
import shutil
import signal

from harness import TINY, Folder, Tap, error_line, wait_until

SLOW = TINY.replace("SOLVERS", "coordinate-descent, subgradient").replace("steps: 2000", "steps: 1000000000")
SLOW = SLOW.replace("gap: 1e-6", "gap: 1e-6, stall: {eps: 0, patience: 1000000}").replace("trials: 2", "trials: 1")
SCRIPT = """
local e = spred.experiment{name = "tiny", solvers = {"coordinate-descent"},
    datasets = {{simulated = {n = 40, p = 60, k = 5, snr = 5}}},
    problem = {loss = "squared", penalty = "l1", lambda = {path = 3, min_ratio = 0.2}}}
e:run{quiet = true}
"""
tap = Tap()


def opened(pid):
    """What the process has open."""
    found = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{number}"))
        except OSError:
            pass
    return found


def workers(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return children.read().split()


with Folder() as folder:
    folder.write("slow.yaml", SLOW)
    folder.write("same.lua", SCRIPT)
    lock = os.path.realpath(folder.file("results/tiny/lock"))
    first = folder.start("run", "slow.yaml")
    atexit.register(first.kill)
    begun = wait_until(lambda: os.path.exists(folder.file("results/tiny/results.db")) and
                       folder.run("status", "tiny").stdout.startswith(b"1 runs") and len(workers(first.pid)) == 1, 60)
    tap.check(begun and lock in opened(first.pid), "the first one runs and holds the lock", opened(first.pid))
    inherited = [worker for worker in workers(first.pid) if lock in opened(worker)]
    tap.check(not inherited, "its workers do not", inherited)
    for what, arguments in (("run", ["run", "slow.yaml"]), ("--retry-failed", ["run", "slow.yaml", "--retry-failed"]),
                            ("a Lua script", ["same.lua"])):
        second = folder.run(*arguments, timeout=60)
        tap.check(second.returncode == 2 and f"results/tiny: process {first.pid} on " in error_line(second),
                  f"{what} is refused, by folder and process", error_line(second))
    key = re.search(r"^[0-9a-f]{12,}", folder.run("export", "tiny") and open(
        folder.file("results/tiny/runs.csv")).read().splitlines()[1]).group()[:12]
    for verb in (["status", "tiny"], ["explain", "tiny", key], ["export", "tiny"], ["plot", "tiny"],
                 ["plan", "slow.yaml"], ["verify", "tiny", "tiny"]):
        result = folder.run(*verb)
        tap.check(result.returncode == 0, f"{verb[0]} meanwhile", error_line(result))
    other = folder.run("run", "slow.yaml", "-o", "other", "--set", "solvers=[cd]")
    tap.check(other.returncode == 0, "another folder is free", error_line(other))
    tap.check(first.poll() is None, "the first one is still at work")
    first.send_signal(signal.SIGKILL)
    first.wait()
    after = folder.run("run", "slow.yaml", "--set", "solvers=[cd]", "--set", "protocol.trials=2")
    tap.check(after.returncode == 0 and "1 were done before, 1 ran now" in error_line(after),
              "kill -9 frees the folder at once", error_line(after))
    tap.check(os.path.getsize(lock) == 0, "at its end nobody is named")
    shutil.rmtree(folder.file("results"))
    wrong = folder.run("run", "slow.yaml", "--set", "measure.threads=1000")
    tap.check(wrong.returncode == 2 and not os.path.exists(folder.file("results")), "no plan, no folder",
              error_line(wrong))
tap.done()
