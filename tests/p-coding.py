"""p-coding.py: sparse coding from a YAML file: rows, what they say of the pictures, a second
run, the same rows whatever the number of workers, kill -9, and what is said of mistakes."""
import math
import os
import random
import re
import signal
import time

from harness import Folder, Tap, error_line

CODERS = ["lars", "coordinate-descent", "spred-newton"]
TEXT = """version: 1
name: NAME
datasets:
  - patches: {pictures: [a.pgm, b.pgm, c.ppm], size: [4, 6], count: 300, held_out: b.pgm}
coding:
  dictionaries: [online: {passes: 2}, dct]
  atoms: [20, 40]
  dictionary_lambda: 15
  lambda: [30, 10]
  coders: [CODERS]
  gaps: [1e-2, 1e-6]
  denoise: {sigma: 25, stride: 2}
stop: {wall: 10 min}
limits: {wall: 20 min}
""".replace("CODERS", ", ".join(CODERS))
JOBS = 2 * 2 * 2 * 2 * len(CODERS)
WIDTH, HEIGHT = 50, 44
QUIET = ("--set", "figures=[]")
tap = Tap()


def words(result):
    return result.stdout.decode() + error_line(result)


def picture(seed, colours=1):
    """Edges, waves and a little noise."""
    chance = random.Random(seed)
    a, b, edge = chance.uniform(.1, .5), chance.uniform(.1, .5), chance.uniform(15, 35)
    out = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            level = 120 + 50 * math.sin(a * x) * math.cos(b * y) + (40 if x + y / 2 > edge else 0)
            for c in range(colours):
                out.append(max(0, min(255, int(level + 10 * c + chance.uniform(-6, 6)))))
    return f"P{6 if colours == 3 else 5} {WIDTH} {HEIGHT} 255\n".encode() + bytes(out)


def numbers(row):
    return [float(word) for word in row["values"].split()]


def psnr(a, b):
    return 10 * math.log10(255 ** 2 * len(a) / sum((x - y) ** 2 for x, y in zip(a, b)))


def drop(folder, pattern):
    """Removes files of the cache; how many."""
    place = folder.file("cache/spredbench/data")
    names = [name for name in os.listdir(place) if re.match(pattern, name)]
    for name in names:
        os.remove(os.path.join(place, name))
    return len(names)


with Folder() as folder:
    for name, content in (("a.pgm", picture(1)), ("b.pgm", picture(2)), ("c.ppm", picture(3, 3))):
        folder.write(name, content)
    folder.write("coding.yaml", TEXT.replace("NAME", "coding"))
    plan = folder.run("plan", "coding.yaml", "--all")
    tap.check(f"{JOBS} jobs".encode() in plan.stdout, "data sets x dictionaries x atoms x lambdas x coders", words(plan))
    lines = [line for line in plan.stdout.decode().splitlines() if " trial " in line]
    tap.check([line.split("  ")[3] for line in lines[:3]] == CODERS, "the coders side by side", lines[:3])
    result = folder.run("run", "coding.yaml")
    tap.check(result.returncode == 0, "runs", words(result))
    rows = folder.rows("coding")
    tap.check(len(rows) == JOBS and all(row["kind"] == "coding" and row["status"] == "certified" for row in rows),
              "a certified row for every job", [row["reason"] for row in rows])
    tap.check(all(row["points"] == row["certified"] == row["train"] == "300" for row in rows), "every signal certified")
    tap.check({row["problem"] for row in rows} == {f"coding({d} atoms={a} lambda={l})" for d in ("online passes=2", "dct")
                                                   for a in (20, 40) for l in (30, 10)}, "problems", rows[0])
    tap.check(all(row[key] == "" for row in rows for key in ("loss", "penalty", "lambda_ratio", "accuracy", "classes", "test")),
              "what only problems have is empty", rows[0])
    by = {}
    for row in rows:
        by.setdefault((row["dataset"], row["problem"]), []).append(float(row["objective"]))
    worst = max(max(group) - min(group) for group in by.values()) / max(max(group) for group in by.values())
    tap.check(all(len(group) == len(CODERS) for group in by.values()) and worst < 2e-6, "all coders find the same optimum", worst)
    tap.check(all(min(by[d, p]) > min(by[d, p.replace("lambda=30", "lambda=10")]) for d, p in by if "lambda=30" in p),
              "a smaller lambda, a smaller objective")

    # Points: one for every asked gap.
    points = folder.rows("coding", "points")
    mine = {}
    for row in points:
        mine.setdefault(row["job"], []).append(row)
    tap.check(len(points) == 2 * JOBS and all([float(p["gap"]) + float(p["floor"]) <= asked for p, asked in
                                               zip(mine[row["job"]], (1e-2, 1e-6))] == [True, True] for row in rows),
              "each asked gap is a point that reached it")
    tap.check(all(float(p["lambda"]) in (10, 30) and float(p["seconds"]) > 0 and p["stop"] == "target" for p in points), "points")

    # Arrays and metrics, against each other.
    metrics = {}
    for row in folder.rows("coding", "metrics"):
        metrics.setdefault(row["job"], {})[row["name"]] = float(row["value"])
    tap.check(all(round(metrics[row["job"]]["nonzeros"]) == int(row["support"]) for row in rows), "nonzeros")
    tap.check(all(0 < metrics[row["job"]]["relative squares"] < 1 for row in rows), "relative squares")
    arrays = {}
    for row in folder.rows("coding", "arrays"):
        arrays.setdefault(row["job"], {})[row["name"]] = row
    first = [row for row in rows if row["solver"] == CODERS[0]]
    tap.check(set(arrays) == {row["job"] for row in first} == {job for job in metrics if "psnr noisy" in metrics[job]},
              "the first coder's rows have the pictures")
    good = bad = 0
    for row in first:
        array, metric = arrays[row["job"]], metrics[row["job"]]
        true, noisy, clean = (numbers(array[name]) for name in ("true", "noisy", "denoised"))
        close = abs(psnr(true, noisy) - metric["psnr noisy"]) < 1e-3 and abs(psnr(true, clean) - metric["psnr denoised"]) < 1e-3
        shape = all(int(array[name]["height"]) == HEIGHT and int(array[name]["width"]) == WIDTH for name in ("true", "noisy"))
        good += close and shape and 17 < metric["psnr noisy"] < 23 and metric["psnr denoised"] > metric["psnr noisy"]
        bad += true != [float(level) for level in picture(2)[-WIDTH * HEIGHT:]]
    tap.check(good == len(first) and bad == 0, "PSNR is that of the held-out picture, better without the noise", (good, bad))
    atoms = [arrays[row["job"]]["dictionary"] for row in first if "dictionary" in arrays[row["job"]]]
    tap.check(len(atoms) == len(first) / 2, "one lambda shows the dictionary", len(atoms))
    norms = []
    for row in atoms:
        values, m = numbers(row), int(row["rows"])
        tap.check(len(values) == m * int(row["columns"]) and m == int(row["height"]) * int(row["width"]), "its sizes", row["rows"])
        norms += [abs(sum(v * v for v in values[k:k + m]) - 1) for k in range(0, len(values), m)]
    tap.check(max(norms) < 1e-4, "atoms of norm 1", max(norms))
    with open(folder.file("results/coding/table.md")) as table:
        text = table.read()
    tap.check("# Sparse coding" in text and "| lars " in text and "300/300" in text and "denoised [dB]" in text, "table.md", text)
    with open(folder.file("results/coding/figures/rate-distortion.dat")) as file:
        drawn = [[float(word) for word in line.split()] for line in file if line[0].isdigit()]
    asked = [[metrics[row["job"]][name] for name in ("nonzeros denoised", "psnr denoised")] + [float(row["problem"].split("=")[-1][:-1])] for row in first]
    tap.check(all(any(all(abs(a - b) < 1e-4 * b for a, b in zip(point, want)) for point in drawn) for want in asked),
              "PSNR is drawn over the nonzeros of the codes that it is of", (asked[:2], drawn[:4]))
    with open(folder.file("results/coding/report.html")) as report:
        text = report.read()
    tap.check("<h2>Sparse coding</h2>" in text and "What the codes are worth" in text, "the report")
    drawn = os.listdir(folder.file("results/coding/figures"))
    tap.check({"dictionary-a-4x4.dat", "coding-time-a-6x6.gp", "rate-distortion.dat", "denoising-a-6x6.gp"} <= set(drawn), "figures", drawn)
    status = folder.run("status", "coding")
    tap.check(f"certified    {JOBS}".encode() in status.stdout, "status", words(status))

    # Again, and elsewhere.
    result = folder.run("run", "coding.yaml")
    tap.check(f"{JOBS} were done before, 0 ran now".encode() in result.stderr, "a second run runs nothing", error_line(result))
    with open(folder.file("results/coding/resolved.yaml")) as resolved:
        folder.write("again.yaml", resolved.read())
    result = folder.run("run", "again.yaml")
    tap.check(f"{JOBS} were done before, 0 ran now".encode() in result.stderr, "nor does the resolved file", error_line(result))
    result = folder.run("run", "coding.yaml", "--set", "coding.denoise.sigma=10", *QUIET)
    tap.check(f"{JOBS - JOBS // 3} were done before, {JOBS // 3} ran now".encode() in result.stderr,
              "noise concerns the first coder alone", error_line(result))
    folder.run("run", "coding.yaml", "-o", "one", *QUIET)
    dropped = drop(folder, "(dictionary|patches)-")
    result = folder.run("run", "coding.yaml", "-o", "two", "-j", "4", *QUIET)
    same = folder.run("verify", "one/coding", "two/coding")
    tap.check(result.returncode == 0 and same.returncode == 0 and dropped >= 8, "four workers and an empty cache: the same rows",
              words(same) + error_line(result))

    # A damaged dictionary is learned anew; an unfinished one is nobody's.
    place = folder.file("cache/spredbench/data")
    for name in [name for name in os.listdir(place) if name.startswith("dictionary-")]:
        with open(os.path.join(place, name), "r+b") as file:
            file.seek(-40, 2)
            file.write(b"\x7f" * 20)
    result = folder.run("run", "coding.yaml", "-o", "three", *QUIET)
    same = folder.run("verify", "one/coding", "three/coding")
    tap.check(result.returncode == 0 and same.returncode == 0, "damaged dictionaries: the same rows", words(same))
    random.seed(3)
    killed = 0
    for _ in range(5):
        drop(folder, "dictionary-")
        process = folder.start("run", "coding.yaml", "-o", "four", "-j", "2", *QUIET)
        time.sleep(random.uniform(.05, .6))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
    result = folder.run("run", "coding.yaml", "-o", "four", *QUIET)
    same = folder.run("verify", "one/coding", "four/coding")
    tap.check(result.returncode == 0 and same.returncode == 0 and killed >= 1, f"{killed} times kill -9, the same rows",
              words(same) + error_line(result))
    result = folder.run("run", "coding.yaml", "-o", "five", *QUIET, "--set", "seed=18")
    same = folder.run("verify", "one/coding", "five/coding")
    tap.check(result.returncode == 0 and same.returncode == 3, "another seed, other rows")

    # A share of one picture is held out; patches of norm 1.
    folder.write("share.yaml", TEXT.replace("NAME", "share").replace(
        "pictures: [a.pgm, b.pgm, c.ppm], size: [4, 6], count: 300, held_out: b.pgm",
        "pictures: a.pgm, held_out: 40%, norm: unit, count: 100").replace("[30, 10]", "0.2").replace("lambda: 15", "lambda: 0.2"))
    result = folder.run("run", "share.yaml", *QUIET)
    tap.check(result.returncode == 0, "a share, norm 1", words(result))
    wide = [row for row in folder.rows("share", "arrays") if row["name"] == "true"]
    tap.check(wide and all(int(row["width"]) == 20 and int(row["height"]) == HEIGHT for row in wide), "40% of the columns", len(wide))
    tap.check(all(float(row["value"]) < 1 for row in folder.rows("share", "metrics") if row["name"] == "relative squares"), "errors")

    # Mistakes that only the pictures tell.
    folder.write("cut.pgm", picture(1)[:-9])
    for change, message in (
            (("a.pgm, b", "none.pgm, b"), "none.pgm: No such file"),
            (("a.pgm, b", "cut.pgm, b"), "cut.pgm: found 2191 bytes of samples, expected 2200"),
            (("a.pgm, b", "bad.yaml, b"), "bad.yaml: found no picture, expected PGM (P5), PPM (P6) or PNG"),
            (("count: 300", "count: 9000"), "9000 patches of 4 x 4 are asked for, the pictures have 3854 places"),
            (("[a.pgm, b.pgm, c.ppm], size: [4, 6], count: 300, held_out: b.pgm", "[a.pgm], held_out: 4%"),
             "held_out: 2 of 50 columns of the last picture leave no patch of 8 x 8 on one side")):
        folder.write("bad.yaml", TEXT.replace("NAME", "bad").replace(*change))
        result = folder.run("plan", "bad.yaml")
        tap.check(result.returncode == 2 and "bad.yaml:4:" in error_line(result) and message in error_line(result), message, words(result))
    folder.write("bad.yaml", TEXT.replace("NAME", "bad").replace("lars, ", "laars, "))
    result = folder.run("plan", "bad.yaml")
    tap.check(result.returncode == 2 and "bad.yaml:10:12: unknown coder 'laars', did you mean 'lars'?" in error_line(result),
              "the nearest coder", words(result))

    # One point a dictionary: the figures are drawn all the same.
    folder.write("point.yaml", TEXT.replace("NAME", "point"))
    result = folder.run("run", "point.yaml", "--set", "coding.lambda=10", "--set", "coding.coders=[lars]",
                        "--set", "coding.dictionaries=[online]")
    tap.check(result.returncode == 0 and os.path.exists(folder.file("results/point/figures/rate-distortion.png")),
              "figures of one point", words(result))

    # What there is.
    result = folder.run("coders")
    tap.check(all(f"{name} ".encode() in result.stdout for name in CODERS + ["online", "dct"]), "coders", words(result))
    result = folder.run("coders", "online")
    tap.check(b"learns a dictionary" in result.stdout and b"passes" in result.stdout, "options of one", words(result))
    result = folder.run("coders", "onlin")
    tap.check(result.returncode == 2 and "did you mean 'online'" in error_line(result), "the nearest", words(result))
tap.done()
