#!/usr/bin/python3
"""coding.py: sparse coding of patches by our coders and by scikit-learn's Lasso
with a Gram matrix, on the same patches and dictionary, in alternating rounds.

usage: ./dev peers coding [NAME=VALUE...]
  picture=face       scipy's picture of that name, or FILE.pgm
  patches=10000      8x8, without their mean, of unit norm
  atoms=256          learned by `online` from twice as many other patches
  lambdas=.15,.05    about 10 and about 15 nonzeros a patch
  coders=spred-newton,lars,coordinate-descent
  gap=1e-6           asked of every patch, relative to |x|^2 / 2
  tol=1e-7           of scikit-learn, as in the numbers to beat
  rounds=3           of alternating runs; medians are shown
  threads=1,2        of our coders (scikit-learn's loop over patches has one)
  build=FOLDER       where b-coding is
Seconds: wall, and those of the processor, which other programs on the machine
do not lengthen. Every code is certified by our certificate and once more in
NumPy: gap = worst patch. SPAMS' LARS (not packaged in Debian) took 1/17 of this
scikit-learn's seconds at lambda = .15 on an idle machine: a ratio of 17 is par.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy

SIDE = 8
PAR = 17


def settings(words):
    s = {"picture": "face", "patches": "10000", "atoms": "256",
         "lambdas": ".15,.05", "gap": "1e-6", "tol": "1e-7", "rounds": "3",
         "coders": "spred-newton,lars,coordinate-descent", "threads": "1,2",
         "build": "build"}
    for word in words:
        name, _, value = word.partition("=")
        if name not in s or not value:
            sys.exit(f"coding.py: '{word}': one of "
                     + ", ".join(f"{n}=" for n in s) + " was expected")
        s[name] = value
    return s


def picture(name):
    if name.endswith(".pgm"):
        with open(name, "rb") as file:
            data = file.read()
        words, at = [], 0
        while len(words) < 4:
            end = at
            while not data[end:end + 1].isspace():
                end += 1
            words.append(data[at:end])
            at = end + 1
            while data[at:at + 1] == b"#":
                at = data.index(b"\n", at) + 1
        if words[0] != b"P5" or int(words[3]) > 255:
            sys.exit(f"coding.py: {name}: a binary pgm of 8 bits was expected")
        size = int(words[2]), int(words[1])
        return numpy.frombuffer(data, numpy.uint8, size[0] * size[1],
                                at).reshape(size).astype(float)
    warnings.simplefilter("ignore")
    import scipy.misc
    return getattr(scipy.misc, name)(gray=True).astype(float)


def patches(image, count, generator):
    out = []
    while len(out) < count:
        i, j = (generator.integers(side - SIDE + 1) for side in image.shape)
        patch = image[i:i + SIDE, j:j + SIDE].ravel()
        patch = patch - patch.mean()
        if numpy.linalg.norm(patch) > 1e-3:
            out.append(patch / numpy.linalg.norm(patch))
    return numpy.array(out)


def worst_gap(x, d, z, lam):
    """Relative duality gap of the worst patch; patches, atoms, codes in rows."""
    r = x - z @ d
    rr, xr = (r * r).sum(1), (x * r).sum(1)
    most = lam / numpy.abs(r @ d.T).max(1)
    s = numpy.clip(xr / rr, -most, most)
    gap = rr / 2 * (1 + s * s) - s * xr + lam * numpy.abs(z).sum(1)
    return (gap / ((x * x).sum(1) / 2)).max()


def ours(s, folder, coder, lam, threads, out=None):
    command = [os.path.join(s["build"], "tests/b-coding"), "code", coder,
               f"signals={folder}/signals", f"dictionary={folder}/dictionary",
               f"m={SIDE * SIDE}", f"lambda={lam}", f"gap={s['gap']}",
               f"threads={threads}", "repeats=2"]
    if out:
        command.append(f"out={out}")
    lines = subprocess.run(command, check=True, capture_output=True,
                           text=True).stdout.splitlines()[1:]
    runs = []
    for line in lines:
        words = line.split()
        runs.append({"wall": float(words[2]), "cpu": float(words[4]),
                     "certified": words[words.index("certified") + 1],
                     "gap": float(words[words.index("gap") + 1]),
                     "nonzeros": float(words[words.index("nonzeros") + 1])})
    return min(runs, key=lambda run: run["cpu"])


def sklearn_lasso(x, d, lam, tol):
    from sklearn.linear_model import Lasso
    warnings.simplefilter("ignore")
    begin, begin_cpu = time.perf_counter(), time.process_time()
    model = Lasso(alpha=lam / d.shape[1], fit_intercept=False,
                  precompute=d @ d.T, tol=tol, max_iter=1_000_000)
    model.fit(d.T, x.T)
    return ({"wall": time.perf_counter() - begin,
             "cpu": time.process_time() - begin_cpu}, model.coef_)


def certified_by_us(s, folder, lam, codes):
    codes.tofile(f"{folder}/theirs")
    line = subprocess.run(
        [os.path.join(s["build"], "tests/b-coding"), "certify",
         f"{folder}/theirs", f"signals={folder}/signals",
         f"dictionary={folder}/dictionary", f"m={SIDE * SIDE}",
         f"lambda={lam}", f"gap={s['gap']}"], check=True,
        capture_output=True, text=True).stdout.split()
    return (float(line[line.index("gap") + 1]),
            line[line.index("certified") + 1])


def compare(s, folder, x, d, lam):
    """One lambda: rounds, medians, ratios."""
    names = [(coder, threads) for coder in s["coders"].split(",")
             for threads in s["threads"].split(",")]
    runs = {name: [] for name in names}
    theirs, codes = [], None
    for _ in range(int(s["rounds"])):
        seconds, codes = sklearn_lasso(x, d, lam, float(s["tol"]))
        theirs.append(seconds)
        for coder, threads in names:
            runs[coder, threads].append(
                ours(s, folder, coder, lam, threads, f"{folder}/ours"))
    base = {kind: statistics.median(run[kind] for run in theirs)
            for kind in ("wall", "cpu")}
    gap, count = certified_by_us(s, folder, lam, codes)
    print(f"lambda {lam}: wall s, processor s, their ratio to scikit-learn, "
          "certified, gap, gap in NumPy, nonzeros")
    print(f"  {'scikit-learn':20} 1 {base['wall']:8.4f} {base['cpu']:8.4f} "
          f"{1:6.1f} {1:6.1f} {count:>6} {gap:8.1e} "
          f"{worst_gap(x, d, codes, lam):8.1e} {(codes != 0).sum(1).mean():6.2f}")
    for coder, threads in names:
        middle = {kind: statistics.median(run[kind]
                                          for run in runs[coder, threads])
                  for kind in ("wall", "cpu")}
        last = ours(s, folder, coder, lam, threads, f"{folder}/ours")
        z = numpy.fromfile(f"{folder}/ours").reshape(len(x), len(d))
        print(f"  {coder:20} {threads} {middle['wall']:8.4f} "
              f"{middle['cpu']:8.4f} {base['wall'] / middle['wall']:6.1f} "
              f"{base['cpu'] / middle['cpu']:6.1f} {last['certified']:>6} "
              f"{last['gap']:8.1e} {worst_gap(x, d, z, lam):8.1e} "
              f"{last['nonzeros']:6.2f}")


def main():
    if any(word in ("-h", "--help") for word in sys.argv[1:]):
        print(__doc__[__doc__.index("usage"):].rstrip())
        return
    s = settings(sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        generator = numpy.random.default_rng(1)
        image = picture(s["picture"])
        x = patches(image, int(s["patches"]), generator)
        x.tofile(f"{folder}/signals")
        patches(image, 2 * len(x), generator).tofile(f"{folder}/train")
        first = s["lambdas"].split(",")[0]
        subprocess.run([os.path.join(s["build"], "tests/b-coding"), "learn",
                        "online", f"signals={folder}/train",
                        f"out={folder}/dictionary", f"m={SIDE * SIDE}",
                        f"atoms={s['atoms']}", f"lambda={first}"], check=True,
                       stdout=subprocess.DEVNULL)
        d = numpy.fromfile(f"{folder}/dictionary").reshape(-1, SIDE * SIDE)
        print(f"{len(x)} patches {SIDE}x{SIDE} of {s['picture']}, {len(d)} "
              f"atoms, gap {s['gap']}, {s['rounds']} rounds, medians "
              f"(par at .15, PEERS.md: {PAR} times scikit-learn)")
        for lam in s["lambdas"].split(","):
            compare(s, folder, x, d, float(lam))


if __name__ == "__main__":
    main()
