"""measure.py: calibrates the peers, then times all in alternating rounds."""
import json
import os
import statistics
import subprocess
import time

import numpy

import check
import problems
import processes

# A peer is given up after so many decades without a better gap.
STALLED = 3
# What takes longer than so many seconds takes part in so many rounds at most.
SLOW, SLOW_ROUNDS = 20, 3
# Two computations of a gap agree when they differ by less than this share,
# or than rounding.
AGREE = 1e-2
ROUNDING = 1e-12


class Problem:
    """One row group of the table: the files, the grid, who may run."""

    def __init__(self, title, options, programs, say):
        self.title = title
        name, self.loss, self.lambdas, self.ratio = problems.catalogue()[title]
        self.prefix = problems.make(name, options.cache, options.shared, say)
        most, self.p = programs.shape(self.prefix, self.loss)
        self.grid = os.path.join(options.cache, title + ".lambdas")
        steps = numpy.linspace(0, 1, self.lambdas) if self.lambdas > 1 \
            else numpy.ones(1)
        (most * self.ratio ** steps).tofile(self.grid)
        self.check = check.Check(self.prefix, self.loss, self.grid)

    def judge(self, weights, programs):
        """The worst gap by our certificate, and by NumPy."""
        ours = programs.certify(self.prefix, self.loss, self.grid, weights)
        numpy_gap = self.check.worst_gap(weights)
        if abs(ours - numpy_gap) > AGREE * numpy_gap + ROUNDING:
            print(f"# WARNING {self.title}: certificate {ours:.3e}, NumPy "
                  f"{numpy_gap:.3e} (ours may know a better dual point from "
                  "the lambda before)", flush=True)
        return {"gap": ours, "numpy_gap": numpy_gap}

    def peers(self, wanted):
        return [name for name in wanted
                if self.loss in processes.PEERS[name][2]
                and (processes.PEERS[name][3] or self.p) >= self.p]

    def ours(self, wanted):
        return [s for s in wanted if s != "lars" or self.loss == "squared"]


class Store:
    """What is kept between runs: ladders and times of the peers, as JSON."""

    def __init__(self, cache):
        self.path = os.path.join(cache, "peers.json")
        self.all = {}
        if os.path.exists(self.path):
            with open(self.path) as file:
                self.all = json.load(file)

    def of(self, problem, peer):
        return self.all.setdefault(problem.title, {}).setdefault(peer, {})

    def save(self):
        with open(self.path + ".new", "w") as file:
            json.dump(self.all, file, indent=1)
        os.replace(self.path + ".new", self.path)


def ended(kept, options):
    """Need the ladder go no further? It does when the time ran out."""
    ladder = kept.get("ladder", [])
    gaps = [step["gap"] for step in ladder]
    if gaps and min(gaps) <= min(options.targets):
        return True
    return kept.get("slow", 0) >= options.cap or \
        len(gaps) > STALLED and min(gaps[-STALLED:]) >= min(gaps[:-STALLED])


def climb(problem, peer, kept, options, programs):
    """The ladder: tolerances, decade by decade, each with its certified gap;
    goes on where it stopped."""
    ladder, begin = kept.setdefault("ladder", []), time.monotonic()
    weights = processes.weights_file(options.cache)
    try:
        for tolerance in processes.PEERS[peer.name][1][len(ladder):]:
            if ended(kept, options) or \
                    time.monotonic() - begin > options.ladder:
                break
            seconds = peer.solve(tolerance, options.cap, weights)
            ladder.append({"tolerance": tolerance, "seconds": seconds,
                           **problem.judge(weights, programs)})
    except processes.TooSlow as error:
        kept.update(note=str(error), slow=options.cap)
        print(f"# {problem.title}: {error}", flush=True)
    finally:
        os.remove(weights)


def rung(kept, target):
    """The loosest tolerance that reached the target, or None."""
    for step in kept.get("ladder", []):
        if step["gap"] <= target:
            return step
    return None


def ready(problem, name, options, programs, store, say):
    """A peer process with the problem loaded and its ladder known; None: it
    reaches no target."""
    kept = store.of(problem, name)
    peer = processes.Peer(name, say)
    versions = peer.load(problem.prefix, problem.loss, problem.grid)
    if options.again or kept.get("versions") != versions:
        kept.clear()
        kept["versions"] = versions
    if not ended(kept, options):
        climb(problem, peer, kept, options, programs)
        store.save()
    if not any(rung(kept, target) for target in options.targets):
        peer.close()
        return None
    if not peer.alive:
        peer = processes.Peer(name, say)
        peer.load(problem.prefix, problem.loss, problem.grid)
    return peer


def start(problem, options, programs, store, say):
    """The peers that can take part in the rounds."""
    running = {}
    for name in problem.peers(options.peers):
        if options.stored and "times" in store.of(problem, name):
            continue
        try:
            peer = ready(problem, name, options, programs, store, say)
            if peer:
                running[name] = peer
        except (RuntimeError, processes.TooSlow) as error:
            store.of(problem, name)["note"] = str(error)
            print(f"# {problem.title}: {error}", flush=True)
    return running


def judged(solver, problem, target, options, programs):
    """Our solver's first, dropped run: its weights are judged as a peer's."""
    weights = processes.weights_file(options.cache)
    try:
        seen = programs.solve(solver, problem, target, options.cap, 1, weights)
        return {**seen, **problem.judge(weights, programs)} \
            if seen["certified"] == seen["asked"] else seen
    finally:
        os.remove(weights)


def one_round(problem, running, solvers, options, programs, store, samples):
    """Each peer, then each solver, for every target; a peer that needs the same
    tolerance for two targets runs once."""
    done = {}
    for target in options.targets:
        for name, peer in list(running.items()):
            step = rung(store.of(problem, name), target)
            if step is None:
                continue
            key = (name, step["tolerance"])
            before = samples.get((target, name), [])
            if len(before) >= SLOW_ROUNDS and before[-1] > SLOW:
                continue
            try:
                if key not in done:
                    done[key] = peer.solve(step["tolerance"], options.cap)
            except (RuntimeError, processes.TooSlow) as error:
                print(f"# {problem.title}: {error}", flush=True)
                del running[name]
                continue
            samples.setdefault((target, name), []).append(done[key])
        for solver in list(solvers):
            before = samples.get((target, solver), [])
            slow = before and before[-1]["seconds"] > 2
            if before and before[-1]["certified"] < before[-1]["asked"]:
                continue  # it will not be better next time
            if len(before) >= SLOW_ROUNDS and before[-1]["seconds"] > SLOW:
                continue
            try:
                seen = judged(solver, problem, target, options, programs) \
                    if not before else \
                    programs.solve(solver, problem, target, options.cap,
                                   1 if slow else 2)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                print(f"# {problem.title}: {error}", flush=True)
                solvers.remove(solver)
                continue
            samples.setdefault((target, solver), []).append(seen)


def summarise(values):
    kept = values[1:] if len(values) > 1 else values
    return {"median": statistics.median(kept), "least": min(kept),
            "most": max(kept), "rounds": len(kept)}


def measure(problem, options, programs, store, say):
    """(target, who) -> what was seen; peers come with tolerance and gap."""
    running = start(problem, options, programs, store, say)
    solvers = [] if options.peers_only else problem.ours(options.ours)
    asked = list(solvers)
    samples, out = {}, {}
    try:
        for _ in range(options.rounds + 1):  # the first one is dropped
            one_round(problem, running, solvers, options, programs, store,
                      samples)
    finally:
        for peer in running.values():
            peer.close()
    for target in options.targets:
        for name in problem.peers(options.peers):
            kept, step = store.of(problem, name), None
            step = rung(kept, target)
            seen = samples.get((target, name))
            if seen:
                kept.setdefault("times", {})[f"{target:g}"] = summarise(seen)
            times = kept.get("times", {}).get(f"{target:g}")
            if step and times:
                out[target, name] = {**times, "tolerance": step["tolerance"],
                                     "gap": step["gap"],
                                     "numpy_gap": step["numpy_gap"],
                                     "alternating": bool(seen and asked)}
            else:
                best = min((s["gap"] for s in kept.get("ladder", [])),
                           default=None)
                out[target, name] = {"best": best, "note": kept.get("note", "")}
        for solver in asked:
            seen = samples.get((target, solver))
            if not seen:
                continue
            out[target, solver] = {
                **summarise([s["seconds"] for s in seen]),
                "with_certificates":
                    summarise([s["with_certificates"] for s in seen])["median"],
                "numpy_gap": seen[0].get("numpy_gap", ""),
                "gap": seen[0]["gap"],
                **{k: seen[-1][k] for k in ("certified", "asked", "own_mb")}}
    store.save()
    return out
