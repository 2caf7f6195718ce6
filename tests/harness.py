"""harness.py: TAP lines and a temporary folder for the tests of the program."""
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ["SPREDBENCH"]
SOURCE = os.environ["SPRED_SOURCE"]
SHARED = os.environ.get("SPRED_SHARED_DATA")
# Clocks must not end a run here: steps do.
TINY = """version: 1
name: tiny
datasets:
  - simulated: {n: 40, p: 60, blocks: 6, rho: [0.3, 0.7], k: 5, snr: 5, classes: 2}
problem: {loss: squared, penalty: l1, lambda: {path: 3, min_ratio: 0.2}}
protocol: {kind: clean, trials: 2, test: 20%, validate: 20%}
solvers: [SOLVERS]
stop: {gap: 1e-6, steps: 2000, wall: 10 min}
limits: {wall: 20 min, memory: 2 GiB, grace: 1 s}
"""


class Tap:
    """Counts and prints checks; leaving the block prints the plan."""

    def __init__(self):
        self.count = self.bad = 0

    def check(self, good, name, detail=""):
        self.count += 1
        self.bad += not good
        name = name.replace("#", "number")
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        if not good and detail:
            for line in str(detail).splitlines()[:20]:
                print(f"# {line}")
        sys.stdout.flush()
        return good

    def note(self, text):
        print(f"# {text}", flush=True)

    @staticmethod
    def skip(reason):
        """Ends a test that cannot check anything here."""
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)

    def done(self):
        print(f"1..{self.count}")
        sys.exit(0)


class Folder:
    """A temporary working folder with a cache of its own."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="spredbench-test-")
        self.env = dict(os.environ, XDG_CACHE_HOME=self.file("cache"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, content):
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self.file(name), mode) as out:
            out.write(content)
        return name

    def run(self, *arguments, program=PROGRAM, timeout=300):
        return subprocess.run([program, *arguments], cwd=self.path, env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)

    def start(self, *arguments, program=PROGRAM):
        return subprocess.Popen([program, *arguments], cwd=self.path, env=self.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def rows(self, name, table="runs"):
        with open(self.file(f"results/{name}/{table}.csv"), newline="") as lines:
            return list(csv.DictReader(lines))


def error_line(result):
    return result.stderr.decode(errors="replace").strip()


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
