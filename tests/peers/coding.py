#!/usr/bin/python3
"""coding.py: sparse coding of patches by our coders and by scikit-learn's Lasso
with a Gram matrix, on the same patches and dictionary, in alternating rounds.

usage: ./dev peers coding [NAME=VALUE...]   (NAME may be written --NAME)
  picture=face       scipy's picture of that name, or FILE.pgm
  patches=10000      without their mean, of unit norm
  patch=8            their side
  atoms=256          learned by `online` from twice as many other patches
  dictionaries=      instead: learn by each of online,spred-joint,dct,signals with
                     its defaults from the same other patches, and code these
                     patches by spred-newton: their mean objective
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

PAR = 17


def settings(words):
    s = {"picture": "face", "patches": "10000", "patch": "8", "atoms": "256",
         "dictionaries": "",
         "lambdas": ".15,.05", "gap": "1e-6", "tol": "1e-7", "rounds": "3",
         "coders": "spred-newton,lars,coordinate-descent", "threads": "1,2",
         "build": "build"}
    for word in words:
        name, _, value = word.removeprefix("--").partition("=")
        if name not in s or not value:
            sys.exit(f"coding.py: '{word}': one of "
                     + ", ".join(f"{n}=" for n in s) + " was expected")
        s[name] = value
    s["side"] = int(s["patch"])
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


def patches(image, side, count, generator):
    out = []
    while len(out) < count:
        i, j = (generator.integers(length - side + 1) for length in image.shape)
        patch = image[i:i + side, j:j + side].ravel()
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
               f"m={s['side'] ** 2}", f"lambda={lam}", f"gap={s['gap']}",
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
                     "nonzeros": float(words[words.index("nonzeros") + 1]),
                     "objective": float(words[words.index("objective") + 1])})
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
         f"dictionary={folder}/dictionary", f"m={s['side'] ** 2}",
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


def learn(s, folder, method, lam):
    """Seconds that learning took; the dictionary is in the folder."""
    line = subprocess.run(
        [os.path.join(s["build"], "tests/b-coding"), "learn", method,
         f"signals={folder}/train", f"out={folder}/dictionary",
         f"m={s['side'] ** 2}", f"atoms={s['atoms']}", f"lambda={lam}"],
        check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    return float(line.split()[-1])


def held_out(s, folder, lam):
    """What every way to a dictionary is worth on patches it has not seen."""
    print(f"lambda {lam}: mean objective, nonzeros, certified, seconds of learning")
    for method in s["dictionaries"].split(","):
        seconds = learn(s, folder, method, lam)
        run = ours(s, folder, "spred-newton", lam, 1)
        print(f"  {method:20} {run['objective']:.4f} {run['nonzeros']:6.2f} "
              f"{run['certified']:>6} {seconds:8.2f}")


def main():
    if any(word in ("-h", "--help") for word in sys.argv[1:]):
        print(__doc__[__doc__.index("usage"):].rstrip())
        return
    s = settings(sys.argv[1:])
    lambdas = s["lambdas"].split(",")
    with tempfile.TemporaryDirectory() as folder:
        generator = numpy.random.default_rng(1)
        image = picture(s["picture"])
        x = patches(image, s["side"], int(s["patches"]), generator)
        x.tofile(f"{folder}/signals")
        patches(image, s["side"], 2 * len(x),
                generator).tofile(f"{folder}/train")
        print(f"{len(x)} patches {s['patch']}x{s['patch']} of {s['picture']}, "
              f"{s['atoms']} atoms, gap {s['gap']}")
        if s["dictionaries"]:
            for lam in lambdas:
                held_out(s, folder, float(lam))
            return
        learn(s, folder, "online", lambdas[0])
        d = numpy.fromfile(f"{folder}/dictionary").reshape(-1, s["side"] ** 2)
        print(f"{s['rounds']} rounds, medians (par at .15 for 8x8, PEERS.md: "
              f"{PAR} times scikit-learn)")
        for lam in lambdas:
            compare(s, folder, x, d, float(lam))


if __name__ == "__main__":
    main()
