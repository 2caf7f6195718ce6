"""p-images.py: pictures in an experiment: idx files that the test writes, their published
test part, a stratified part of them, what is said of mistakes, and Lua."""
import gzip
import os
import random
import struct

from harness import SHARED, Folder, Tap, error_line

SIDE, CLASSES, TRAIN, TEST = 6, 3, 90, 30
tap = Tap()
random.seed(3)


def picture(kind):
    """A bright column, the kind's, on noise."""
    return bytes(min(255, random.randrange(60) + (180 if x == 2 * kind else 0)) for y in range(SIDE) for x in range(SIDE))


def idx(values, *dims):
    return gzip.compress(struct.pack(f">BBBB{len(dims)}I", 0, 0, 8, len(dims), *dims) + values)


def write(folder, name, part, n):
    labels = [i % CLASSES for i in range(n)]
    folder.write(f"{name}/{part}-images-idx3-ubyte.gz", idx(b"".join(picture(k) for k in labels), n, SIDE, SIDE))
    folder.write(f"{name}/{part}-labels-idx1-ubyte.gz", idx(bytes(labels), n))


def words(result):
    return result.stdout.decode() + error_line(result)


FILE = """version: 1
name: NAME
datasets: [images: {path: bars, SAMPLES}]
protocol: {kind: given, trials: 3, validate: 20%}
models: [majority, nearest-neighbour]
figures: [accuracy-genes]
"""

with Folder() as folder:
    os.mkdir(folder.file("bars"))
    write(folder, "bars", "train", TRAIN)
    write(folder, "bars", "t10k", TEST)
    folder.write("whole.yaml", FILE.replace("NAME", "whole").replace(", SAMPLES", ""))
    result = folder.run("run", "whole.yaml")
    tap.check(result.returncode == 0, "a folder of idx files runs", words(result))
    rows = folder.rows("whole")
    tap.check(len(rows) == 6 and all(row["status"] == "done" for row in rows), "a row for every job", rows)
    tap.check(all((row["train"], row["validate"], row["test"]) == ("72", "18", "30") for row in rows), "the parts", rows[0])
    near = [row for row in rows if row["solver"] == "nearest-neighbour"]
    tap.check(all(float(row["accuracy"]) == 1 for row in near), "bars are told apart", near)
    tap.check(all(abs(float(row["accuracy"]) - 1 / 3) < 1e-12 for row in rows if row["solver"] == "majority"), "the majority's share")
    tap.check(all("no log2" in row["preparation"] and "one mean and one s.d. per channel" in row["preparation"] for row in rows),
              "pictures are scaled as such", rows[0]["preparation"])
    with open(folder.file("results/whole/table.md")) as table:
        text = table.read()
    tap.check("protocol given" in text and "over their seeds" in text and "train 72, validate 18, test 30" in text,
              "the table says what its intervals are", text)
    with open(folder.file("results/whole/report.html")) as report:
        text = report.read()
    tap.check("Protocol \"given\"" in text and "over seeds" in text, "and the report")
    result = folder.run("run", "results/whole/resolved.yaml")
    tap.check(b"6 were done before, 0 ran now" in result.stderr, "the resolved file is the same", error_line(result))

    folder.write("part.yaml", FILE.replace("NAME", "part").replace("SAMPLES", "samples: 30, as: few"))
    result = folder.run("run", "part.yaml", "-o", "mixed", "--set", "protocol={trials: 1, validate: 20%}")
    tap.check(b"a published test part is mixed into the splits" in result.stdout, "who mixes it is told", words(result))
    result = folder.run("run", "part.yaml", "--set", "protocol.trials=2")
    rows = folder.rows("part")
    tap.check(result.returncode == 0 and len(rows) == 4, "a part of the samples", words(result))
    tap.check(all((row["train"], row["validate"], row["test"], row["dataset"]) == ("24", "6", "30", "few") for row in rows),
              "the test part stays whole", rows)
    tap.check(all("30 of 90 samples outside the test part, stratified" in row["source"] for row in rows), "and says so", rows[0])

    # A solver, whose lambda the validation part or cross-validation chooses.
    folder.write("solver.yaml", FILE.replace("NAME", "solver").replace(", SAMPLES", "").replace(
        "models: [majority, nearest-neighbour]", "problem: {loss: multinomial, lambda: {path: 4, min_ratio: 0.05}}\nsolvers: [cd]"))
    for choose in ("hold-out", "cv"):
        options = ["--set", "protocol.choose={kind: cv, folds: 3}", "--set", "protocol.validate=0%"] if choose == "cv" else []
        result = folder.run("run", "solver.yaml", "-o", choose, "--set", "protocol.trials=1", *options)
        tap.check(result.returncode == 0 and b"1 ran now" in result.stderr, f"a solver, lambda by {choose}", words(result))

    result = folder.run("data", "bars")
    tap.check(b"pictures: 6 x 6, 1 channel" in result.stdout and b"the last 30 samples, as published" in result.stdout,
              "data tells of the pictures", words(result))
    result = folder.run("data")
    tap.check(b"images: fashion-mnist" in result.stdout and b"CIFAR-10" in result.stdout, "and where there are more", words(result))

    # Mistakes.
    folder.write("clean.csv", "class,a,b\n" + "".join(f"{'uv'[i % 2]},{i},{i * i % 7}\n" for i in range(20)))
    folder.write("no-test.yaml", "version: 1\nname: n\ndatasets: [file: clean.csv]\nmodels: [majority]\nprotocol: {kind: given}\n")
    result = folder.run("plan", "no-test.yaml")
    tap.check(result.returncode == 2 and "no-test.yaml:3:18: clean: has no published test part" in error_line(result),
              "given without a test part", words(result))
    folder.write("no-picture.yaml", "version: 1\nname: n\ndatasets: [images: {path: clean.csv}]\nmodels: [majority]\n")
    result = folder.run("plan", "no-picture.yaml")
    tap.check(result.returncode == 2 and "clean.csv holds no pictures (other data: `file:`)" in error_line(result),
              "images: of a table", words(result))
    net = FILE.replace("NAME", "net").replace(", SAMPLES", "")
    misfits = {"one": ("deep-dense: {network: [{conv: {out: 2, kernel: 3}}, {conv: {out: 2, kernel: 5}}, linear]}",
                       "net.yaml:5:10: deep-dense network=conv(out=2,kernel=3)|conv(out=2,kernel=5)|linear on bars "
                       "(6 x 6 pixels): layer 2 (conv): kernel 5 on 4 x 4 pixels (pad 0): at most 4 fits"),
               "tuned": ("deep-spred: {tune: {network: [lenet-300-100, lenet-5]}}", "layer 4 (conv): kernel 5 on 3 x 3 pixels"),
               "network": ("network: {model: [{max-pool: {size: 7}}, linear]}", "layer 1 (max-pool): size 7 on 6 x 6 pixels")}
    for name, (model, said) in misfits.items():
        folder.write("net.yaml", net.replace("majority, nearest-neighbour", model))
        for verb in ("plan", "run"):
            result = folder.run(verb, "net.yaml")
            tap.check(result.returncode == 2 and said in error_line(result) and not os.path.exists(folder.file("results/net")),
                      f"{verb}: a network that does not fit the pictures ({name})", words(result))
    folder.write("net.yaml", net.replace("majority, nearest-neighbour", "deep-dense: {network: lenet-5}").replace(
        "images: {path: bars}", "file: clean.csv").replace("kind: given, ", ""))
    result = folder.run("plan", "net.yaml")
    tap.check(result.returncode == 2 and "on clean: network 'lenet-5' has conv layers, but the samples are no pictures" in error_line(result),
              "nor any on a table", words(result))
    folder.write("fits.yaml", net.replace("majority, nearest-neighbour", "deep-dense: {epochs: 1, network: "
                 "[{conv: {out: 2, kernel: 3}}, relu, linear]}").replace("name: net", "name: fits").replace("trials: 3", "trials: 1"))
    result = folder.run("run", "fits.yaml")
    tap.check(result.returncode == 0 and folder.rows("fits")[0]["status"] == "done", "one that fits runs", words(result))
    told = folder.run("explain", "fits", folder.rows("fits")[0]["job"][:16]).stdout.decode()
    tap.check("\nCompression (" in told and "left: conv1 18 of 18, linear2 " in told, "explain tells its marks and layers", told)
    result = folder.run("plan", "fits.yaml", "--set", "preprocess.variance_keep=50%")
    tap.check(result.returncode == 2 and "the samples are no pictures" in error_line(result), "not on half of the cells", words(result))
    with open(folder.file("bars/t10k-images-idx3-ubyte.gz"), "rb") as file:
        whole = gzip.decompress(file.read())
    folder.write("bars/t10k-images-idx3-ubyte.gz", gzip.compress(whole[:-5]))
    result = folder.run("plan", "whole.yaml")
    tap.check(result.returncode == 2 and f"byte {len(whole) - 5}: the file ends, expected {len(whole)} bytes" in error_line(result),
              "a file that was cut", words(result))
    folder.write("bars/t10k-images-idx3-ubyte.gz", gzip.compress(whole))

    folder.write("use.lua", """
local spred = require "spred"
local d = spred.data.images{path = "bars", samples = 60}
print(d.n, d.p, d.given_test, table.concat(d.picture, "x"), d.features[8], d.classes[3])
local fit = spred.learn{data = d, model = "nearest-neighbour", protocol = {kind = "given", validate = "20%"}}
print(fit.accuracy, fit.train, fit.test)
print(pcall(spred.data.images, "mnist"))
print(spred.data.file("clean.csv").picture)
""")
    result = folder.run("script", "use.lua")
    text = result.stdout.decode()
    tap.check(result.returncode == 0 and "90\t36\t30\t6x6x1\tx1y1\t2" in text, "pictures in Lua", words(result))
    tap.check("\n1.0\t" in text, "a model of them", words(result))
    tap.check("false\t" in text and "put them into one folder" in text and text.endswith("nil\n"), "and their mistakes", words(result))

    if not SHARED:
        tap.note("no shared data: nothing to compare with")
    else:
        folder.write("mnist.yaml", f"version: 1\nname: mnist\ndatasets: [images: {{path: {SHARED}/images/mnist, samples: 600}}]\n"
                     "protocol: {kind: given, trials: 1}\nmodels: [nearest-neighbour]\nfigures: []\n")
        result = folder.run("run", "mnist.yaml")
        tap.check(result.returncode == 0, "MNIST runs", words(result))
        row = folder.rows("mnist")[0]
        tap.check(row["test"] == "10000" and .75 < float(row["accuracy"]) < .95, "and 600 digits tell most of the others", row)
tap.done()
