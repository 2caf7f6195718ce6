"""p-protocols.py: the paper's protocol shows its ceilings and stays below them; the
clean protocol's accuracies agree with those stated beside the shared data."""
from harness import SHARED, Folder, Tap, error_line

TEXT = """version: 1
name: NAME
datasets:
DATASETS
problem: {loss: logistic, penalty: l1, lambda: LAMBDA}
protocol: {kind: KIND, trials: TRIALS, test: 20%, validate: 20%}
solvers: [{spred: {variant: newton}}]
MODELS
stop: {gap: 1e-6, steps: 10000, wall: 5 min}
"""
# Rows: majority share (REFERENCE.tsv), T, labels, rows.
PAPER = {"GDS507": (.265, 2, 12, 34), "L1R71019_bladder_gpl96": (.234, 3, 13, 171),
         "L1R128_all_gpl8300": (.137, 5, 24, 604)}
# L1-logistic accuracy, 5-fold (data/README.md).
CLEAN = {"alon": .856, "golub": .950, "singh": .915, "khan": 1.0, "su": .980, "west": .783,
         "gravier": .776, "glioma50": .740, "all_bcrabl": .856}
tap = Tap()


def run(folder, name, files, **words):
    text = TEXT.replace("DATASETS", "\n".join(f"  - file: {SHARED}/{file}" for file in files))
    for word, value in dict(words, name=name).items():
        text = text.replace(word.upper(), str(value))
    folder.write(f"{name}.yaml", text)
    result = folder.run("run", f"{name}.yaml", "-j", "2")
    tap.check(result.returncode == 0, f"{name} runs", error_line(result))
    rows = folder.rows(name)
    tap.check(all(row["status"] in ("certified", "done") for row in rows), f"{name}: all certified",
              [(row["dataset"], row["status"], row["reason"]) for row in rows])
    return rows


def mean(values):
    return sum(values) / len(values)


with Folder() as folder:
    if not SHARED:
        tap.note("no shared data: nothing to compare with")
    else:
        rows = run(folder, "paper", [f"soft/{name}.soft.gz" for name in PAPER], kind="paper", trials=3,
                   models="models: [nearest-neighbour]", **{"lambda": "{path: 10, min_ratio: 0.1}"})
        for name, (majority, types, labels, count) in PAPER.items():
            mine = [row for row in rows if row["dataset"] == name]
            first = mine[0]
            tap.check(abs(float(first["majority"]) - majority) < 5.01e-4, f"{name}: majority share", first)
            tap.check(abs(float(first["ceiling"]) - 1 / types) < 1e-12, f"{name}: ceiling 1/T")
            informed = (1 - .8 ** types) / (.2 * types)
            tap.check(abs(float(first["informed"]) - informed) < 1e-12, f"{name}: the informed guess")
            total = sum(int(first[part]) for part in ("train", "validate", "test"))
            tap.check(total == count and int(first["test"]) == round(.2 * count), f"{name}: rows and split", first)
            tap.check(all(int(row["classes"]) == labels for row in mine), f"{name}: labels")
            accuracy = mean([float(row["accuracy"]) for row in mine if row["kind"] == "solver"])
            tap.check(accuracy < 1 / types, f"{name}: accuracy {accuracy:.3f} stays below 1/T")
            # The nearest neighbour is the same sample under a label that is used up.
            memory = mean([float(row["accuracy"]) for row in mine if row["kind"] == "model"])
            tap.check(memory < .6 * majority,
                      f"{name}: 1-nn, which memorises, scores {memory:.3f}, the largest class {majority}")
        rows = run(folder, "clean", [f"genes/{name}.gct.gz" for name in CLEAN], kind="clean", trials=10, models="",
                   **{"lambda": "{path: 50, min_ratio: 0.02}"})
        for name, stated in CLEAN.items():
            mine = [row for row in rows if row["dataset"] == name]
            values = [float(row["accuracy"]) for row in mine]
            variance = sum((value - mean(values)) ** 2 for value in values) / (len(values) - 1)
            ratio = int(mine[0]["test"]) / int(mine[0]["train"])
            half = 2.262 * (variance * (1 / len(values) + ratio)) ** .5  # t, 9 degrees of freedom
            tap.check(abs(mean(values) - stated) <= half + .02,
                      f"{name}: {mean(values):.3f} +- {half:.3f}, stated {stated}")
        # A gate that died is verified at its end, at the defaults on real data.
        run(folder, "parked", ["genes/golub.gct.gz"], kind="clean", trials=2,
            models="models: [spred-linear, spred-network: {hidden: 64}]", **{"lambda": "{path: 5, min_ratio: 0.1}"})
        notes = [row["note"] for row in folder.rows("parked", "candidates")]
        tap.check(len(notes) == 4 and all("all verified |g| < lambda" in note for note in notes),
                  "golub: every parked gate has |g| < lambda", notes)
tap.done()
