"""problems.py: the problems of the peers table, made in the cache folder."""
import csv
import gzip
import os
import subprocess
import sys

import numpy

# name: (loss, lambdas, least ratio). The same grids as docs/PEERS.md.
GENERATED = {
    "G22": ("squared", 100, .01), "G54": ("squared", 100, .01),
    "L22": ("logistic", 50, .05), "L54": ("logistic", 50, .05),
    "M22": ("multinomial", 50, .05), "I1k": ("squared", 10, .01),
    "I10k": ("squared", 10, .01), "I100k": ("squared", 10, .01)}
REAL = {
    "liver_toxicity": ("squared", 100, .01), "gasoline": ("squared", 100, .01),
    "bloodbrain": ("squared", 100, .01),
    "golub": ("logistic", 50, .05), "singh": ("logistic", 50, .05),
    "all_bcrabl": ("logistic", 50, .05), "alon": ("logistic", 50, .05),
    "gravier": ("logistic", 50, .05), "west": ("logistic", 50, .05),
    "khan": ("multinomial", 50, .05), "su": ("multinomial", 50, .05),
    "glioma50": ("multinomial", 50, .05)}
# One solve from zero at lambda_max / 10.
COLD = ("G22", "G54", "I1k", "I10k", "I100k", "L22", "L54", "golub", "singh")
COLD_RATIO = .1


def catalogue():
    """name -> (file, loss, lambdas, least ratio)"""
    out = {}
    for name, (loss, count, ratio) in {**GENERATED, **REAL}.items():
        out[name] = (name, loss, count, ratio)
        if name in COLD:
            out[name + "-cold"] = (name, loss, 1, COLD_RATIO)
    return out


def standardise(x):
    """Centred, variance 1 (divisor n); a constant column becomes zero."""
    x = x - x.mean(0)
    deviation = x.std(0)
    constant = deviation <= 1e-12 * numpy.abs(x).max()
    x[:, constant] = 0
    deviation[constant] = 1
    return numpy.asfortranarray(x / deviation)


def read_gct(path):
    with gzip.open(path, "rt") as file:
        rows = csv.reader(file, delimiter="\t")
        next(rows), next(rows), next(rows)
        return numpy.array([[float(v) for v in row[2:]] for row in rows]).T


def read_cls(path):
    with open(path) as file:
        lines = file.read().split("\n")
    return numpy.array([int(v) for v in lines[2].split()])


def read_csv(path):
    """X and the first response of a table of the shared data."""
    with gzip.open(path, "rt") as file:
        rows = list(csv.reader(file))
    response = [j for j, name in enumerate(rows[0]) if name.startswith("y")]
    values = [j for j in range(1, len(rows[0])) if j not in response]
    cells = numpy.array([[float(v) for v in row[1:]] for row in rows[1:]])
    y = cells[:, response[0] - 1]
    return cells[:, [j - 1 for j in values]], y - y.mean()


def export(name, data, prefix):
    """A real set as NumPy files: columns standardised, no log."""
    loss = REAL[name][0]
    if loss == "squared":
        x, y = read_csv(os.path.join(data, "regression", name + ".csv.gz"))
    else:
        folder = os.path.join(data, "genes")
        x = read_gct(os.path.join(folder, name + ".gct.gz"))
        y = read_cls(os.path.join(folder, name + ".cls")).astype(float)
        if loss == "logistic":
            y = 2 * y - 1
    numpy.save(prefix + ".X.npy", standardise(x))
    numpy.save(prefix + ".y.npy", y)


def make(name, cache, shared, say):
    """Makes the files of one problem if they are missing; returns the prefix."""
    prefix = os.path.join(cache, name)
    if all(os.path.exists(f"{prefix}.{part}.npy") for part in "Xy"):
        return prefix
    os.makedirs(cache, exist_ok=True)
    generator = os.path.join(shared, "peers", "generate.py")
    if not os.path.exists(generator):
        sys.exit(f"run: {generator} is missing: name its folder by --shared")
    if name in GENERATED:
        command = ["/usr/bin/python3", generator, cache, name]
        say(command)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    else:
        say(["export", name])
        export(name, os.path.join(shared, "data"), prefix)
    return prefix
