"""processes.py: the peers, our solvers and our certificate as processes."""
import os
import select
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
              "LC_ALL": "C"}


def environment(threads=1):
    return {**os.environ, **ONE_THREAD, "OMP_NUM_THREADS": str(threads)}


def decades(first, last):
    return [10.0 ** -k for k in range(first, last + 1)]


# name: (program, tolerances from loose to tight, losses, most features)
PEERS = {
    "glmnet": ("R", decades(7, 20), ("squared", "logistic", "multinomial"),
               None),
    "sk_lars": ("lars", [0.0], ("squared",), None),
    "sk_cd": ("cd", decades(4, 12), ("squared",), None),
    # The Gram matrix of more features than this does not fit.
    "sk_gram": ("gram", decades(4, 12), ("squared",), 12000)}
COMMANDS = {"R": ["Rscript", "--vanilla", os.path.join(HERE, "glmnet_peer.R")]}
PYTHON = ["/usr/bin/python3", os.path.join(HERE, "sklearn_peer.py")]
READY = 600  # seconds to start and to read X


class TooSlow(Exception):
    """The peer took longer than the cap and was ended."""


class Peer:
    """One peer process with one problem in memory."""

    def __init__(self, name, say):
        self.name, self.say, self.alive = name, say, True
        self.method = PEERS[name][0]
        command = COMMANDS.get(self.method, PYTHON)
        say(command)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment())

    def ask(self, words, seconds):
        self.say([self.name + " <-"] + words)
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            self.close()
            raise TooSlow(f"{self.name}: more than {seconds:g} s")
        reply = self.process.stdout.readline().strip()
        if not reply or reply.startswith("failed"):
            self.close()
            raise RuntimeError(f"{self.name}: {reply or 'ended'}")
        return reply

    def load(self, prefix, loss, grid):
        return self.ask(["load", prefix, loss, grid], READY)

    def solve(self, tolerance, cap, out=None):
        """Seconds of the peer's own call."""
        method = "glmnet" if self.method == "R" else self.method
        words = ["solve", method, f"{tolerance:g}"] + ([out] if out else [])
        return float(self.ask(words, cap).split()[1])

    def close(self):
        self.alive = False
        self.process.kill()
        self.process.wait()


class Programs:
    """b-path and peers-certify of a build folder."""

    def __init__(self, build, say, threads=1, settings=()):
        self.path = os.path.join(build, "tests", "b-path")
        self.certifier = os.path.join(build, "tests", "peers-certify")
        self.say, self.threads, self.settings = say, threads, list(settings)
        for program in (self.path, self.certifier):
            if not os.path.exists(program):
                sys.exit(f"run: {program} is missing (./dev peers builds it)")

    def call(self, command, seconds):
        self.say(command)
        done = subprocess.run(
            command, env=environment(self.threads), capture_output=True,
            text=True, timeout=seconds, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{shlex.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip().split("\n")

    def shape(self, prefix, loss):
        """lambda_max, p and the size of one lambda's weights"""
        words = self.call([self.certifier, prefix, loss], READY)[0].split()
        fields = dict(zip(words[::2], words[1::2]))
        return float(fields["lambda_max"]), int(fields["p"])

    def certify(self, prefix, loss, grid, weights):
        """The worst gap plus rounding floor over the path."""
        lines = self.call([self.certifier, prefix, loss, grid, weights], READY)
        return max(float(line.split()[2]) + float(line.split()[3])
                   for line in lines[1:])

    def solve(self, solver, problem, target, cap, repeats, weights=None):
        """Of the last repeat: billed seconds, those with certificates, gap,
        lambdas certified and asked."""
        command = [self.path, problem.prefix, problem.loss, solver,
                   f"gap={target:g}", f"repeat={repeats}",
                   f"lambdas={problem.lambdas}", f"ratio={problem.ratio:g}",
                   f"wall={cap:g}", "tsv=1"] + self.settings
        if weights:
            command.append(f"weights={weights}")
        if self.threads > 1:
            command.append(f"threads={self.threads}")
        line = self.call(command, READY + 4 * repeats * cap)[-1].split("\t")
        billed, certify = float(line[4]), float(line[6])
        return {"seconds": billed, "with_certificates": billed + certify,
                "gap": float(line[11]), "certified": int(line[9]),
                "asked": int(line[10]), "own_mb": float(line[14])}


def weights_file(cache):
    """A temporary file for a peer's weights: they can be large."""
    handle, name = tempfile.mkstemp(suffix=".weights", dir=cache)
    os.close(handle)
    return name
