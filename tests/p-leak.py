"""p-leak.py: nothing crosses the split: with permuted labels every method scores
chance within its interval; a leak that is planted on purpose is seen."""
import random
import statistics
from harness import Folder, Tap, error_line

N, P, SIGNAL, LEAKED, TRIALS = 60, 600, 10, 25, 20
T_975 = 2.093  # Student's t, 19 degrees of freedom
TEXT = """version: 1
name: NAME
datasets:
  - file: {path: NAME.csv, target: "y:label"}
problem: {loss: logistic, penalty: l1, lambda: {path: 10, min_ratio: 0.1}}
solvers: [coordinate-descent]
models:
MODELS
protocol: {kind: clean, trials: TRIALS, test: 20%, validate: 20%}
stop: {gap: 1e-4, steps: 10000, wall: 10 min}
figures: []
"""
# Small, so that the test ends in time; lists are chosen on the validation part.
MODELS = {
    "majority": "", "nearest-neighbour": "", "mrmr": "{genes: 10}", "svm-rfe": "",
    "hsic-lasso": "{features: 10}", "mlp": "{steps: 100, hidden: 16}",
    "spred-linear": "{steps: 1000}", "spred-network": "{steps: 1000, hidden: 16}",
    "stg": "{steps: 500, hidden: 16}", "lassonet": "{path_multiplier: 1.5, hidden: 16}",
}
tap = Tap()


def interval(rows):
    """Mean balanced accuracy and the half width of its corrected 95% interval."""
    values = [float(row["balanced_accuracy"]) for row in rows]
    ratio = int(rows[0]["test"]) / int(rows[0]["train"])
    half = T_975 * (statistics.variance(values) * (1 / len(values) + ratio)) ** .5
    return statistics.mean(values), half


def table(signal, leak, seed):
    """Noise, labels in a random order; SIGNAL genes know the label, or LEAKED
    are picked out of many by all labels, which is what a filter before the split does."""
    rng = random.Random(seed)
    labels = [i % 2 for i in range(N)]
    rng.shuffle(labels)
    genes = [[rng.gauss(0, 1) for _ in range(N)] for _ in range(8 * P if leak else P)]
    if leak:
        means = [abs(sum(v if y else -v for v, y in zip(gene, labels))) for gene in genes]
        best = sorted(range(len(genes)), key=lambda j: -means[j])[:LEAKED]
        genes = [genes[j] for j in best]
    for gene in genes[:SIGNAL if signal else 0]:
        gene[:] = [v + 1.5 * y for v, y in zip(gene, labels)]
    lines = ["sample,y:label," + ",".join(f"g{j}" for j in range(len(genes)))]
    for i in range(N):
        cells = ",".join(f"{gene[i]:.5f}" for gene in genes)
        lines.append(f"s{i},{'ab'[labels[i]]},{cells}")
    return "\n".join(lines) + "\n"


def scores(folder, name, **kind):
    folder.write(f"{name}.csv", table(seed=5, **kind))
    models = "\n".join(f"  - {model}{': ' if options else ''}{options}"
                       for model, options in MODELS.items())
    text = TEXT.replace("NAME", name).replace("MODELS", models).replace("TRIALS", str(TRIALS))
    folder.write(f"{name}.yaml", text)
    result = folder.run("run", f"{name}.yaml", "-j", "2")
    tap.check(result.returncode == 0, f"{name} runs", error_line(result))
    by_method = {}
    for row in folder.rows(name):
        by_method.setdefault(row["solver"], []).append(row)
    tap.check(len(by_method) == len(MODELS) + 1 and
              all(len(rows) == TRIALS for rows in by_method.values()),
              f"{name}: every method has {TRIALS} trials")
    return {method: interval(rows) for method, rows in by_method.items()}


with Folder() as folder:
    for method, (mean, half) in scores(folder, "permuted", signal=False, leak=False).items():
        tap.check(abs(mean - .5) <= half or mean == .5,
                  f"permuted labels: {method} scores {mean:.3f} +- {half:.3f}, chance")
    for method, (mean, half) in scores(folder, "planted", signal=True, leak=False).items():
        if method != "majority":
            tap.check(mean > .6, f"real labels: {method} scores {mean:.3f} +- {half:.3f}, better than chance")
    for method, (mean, half) in scores(folder, "leaky", signal=False, leak=True).items():
        if method != "majority":
            tap.check(mean - half > .5,
                      f"genes picked by all labels: {method} scores {mean:.3f} +- {half:.3f}, a leak is seen")
    # Same seed, same threads: the same rows but for clocks.
    result = folder.run("run", "planted.yaml", "-j", "2", "-o", "again", "--set", "protocol.trials=3")
    tap.check(result.returncode == 0, "again runs", error_line(result))
    result = folder.run("run", "planted.yaml", "-j", "1", "-o", "other", "--set", "protocol.trials=3")
    result = folder.run("verify", "again/planted", "other/planted")
    tap.check(result.returncode == 0, "the same seed gives the same rows, of every method", result.stdout.decode())
tap.done()
