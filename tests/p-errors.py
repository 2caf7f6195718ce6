"""p-errors.py: wrong files and wrong words: one line with place and hint, exit code 2,
no file left behind."""
import gzip
import os

from harness import TINY, Folder, Tap, error_line

GOOD = TINY.replace("SOLVERS", "coordinate-descent")
GCT = "#1.2\n2\t4\nName\tDescription\ts1\ts2\ts3\ts4\ng1\tA\t1\t2\t3\t4\ng2\tB\t4\t3\t2\t1\n"
CLS = "4 2 1\n# a b\n0 0 1 1\n"


def soft(rows, end=True):
    head = """^DATABASE = Geo
^DATASET = GDS1
!dataset_title = t
^SUBSET = GDS1_1
!subset_description = a
!subset_sample_id = GSM1,GSM2,GSM3
!subset_type = state
^SUBSET = GDS1_2
!subset_description = b
!subset_sample_id = GSM4,GSM5,GSM6
!subset_type = state
^DATASET = GDS1
#ID_REF = x
#IDENTIFIER = y
""" + "".join(f"#GSM{i} = v\n" for i in range(1, 7)) + "!dataset_table_begin\n"
    head += "ID_REF\tIDENTIFIER\t" + "\t".join(f"GSM{i}" for i in range(1, 7)) + "\n"
    return head + rows + ("!dataset_table_end\n" if end else "")


ROW = "p1\tA\t1\t2\t3\t4\t5\t6\n"
# experiment text, words the error must have
EXPERIMENTS = {
    "unknown key": (GOOD.replace("stop:", "stpo:"), "stop"),
    "duplicate key": (GOOD + "name: again\n", "name"),
    "tab": (GOOD.replace("  - sim", "\t- sim"), "tab"),
    "1e400": (GOOD.replace("gap: 1e-6", "gap: 1e400"), "1e400"),
    "12abc": (GOOD.replace("trials: 2", "trials: 12abc"), "12abc"),
    "nan": (GOOD.replace("min_ratio: 0.2", "min_ratio: nan"), "nan"),
    "missing data file": (GOOD.replace("simulated: {n: 40, p: 60, blocks: 6, rho: [0.3, 0.7], k: 5, "
                                       "snr: 5, classes: 2}", "file: not-there.gct"), "not-there.gct"),
    "empty file": ("", "nothing"),
    "lambda below 0": (GOOD.replace("lambda: {path: 3, min_ratio: 0.2}", "lambda: -1"), "lambda"),
    "seed 1.5": (GOOD + "seed: 1.5\n", "seed"),
    "no unit": (GOOD.replace("wall: 10 min", "wall: 10"), "10"),
    "unknown solver": (GOOD.replace("[coordinate-descent]", "[coordinate-decent]"), "coordinate-descent"),
    "unknown option": (GOOD.replace("[coordinate-descent]", "[{proximal-gradient: {acelerate: true}}]"), "accelerate"),
    "unknown loss": (GOOD.replace("loss: squared", "loss: squarred"), "squared"),
    "no version": (GOOD.replace("version: 1\n", ""), "version"),
    "no trial": (GOOD.replace("trials: 2", "trials: 0"), "trials"),
    "all tested": (GOOD.replace("test: 20%", "test: 80%"), "100"),
    "unknown figure": (GOOD + "figures: [gap-tmie]\n", "gap-time"),
    "comma decimal": (GOOD.replace("min_ratio: 0.2", "min_ratio: '0,2'"), "0,2"),
    "deep nesting": ("[" * 100000, "deep"),
    "too many threads": (GOOD + "measure: {threads: 1000}\n", "cores"),
    "bad name": (GOOD.replace("name: tiny", "name: ../tiny"), "name"),
}
# file name: content, words
DATA = {
    "empty.gct": ("", "empty"),
    "unknown.dat": ("hello world\n", "format"),
    "truncated.gct.gz": (gzip.compress((GCT * 50).encode())[:-20], "truncated"),
    "ragged.gct": (GCT.replace("4\t3\t2\t1", "4\t3\t2"), ":5"),
    "word.gct": (GCT.replace("\t4\t3", "\tfour\t3"), "four"),
    "header.gct": (GCT.replace("2\t4\n", "x\t4\n", 1), ":2"),
    "rows.gct": (GCT.replace("2\t4\n", "3\t4\n", 1), "3"),
    "end.soft": (soft(ROW, end=False), "dataset_table_end"),
    "ragged.soft": (soft("p1\tA\t1\t2\t3\n"), "field"),
    "word.soft": (soft(ROW.replace("\t3\t", "\t3x\t")), "3x"),
    "nosamples.soft": ("^DATABASE = Geo\n^DATASET = GDS1\n!dataset_table_begin\nID_REF\tIDENTIFIER\n!dataset_table_end\n", "sample"),
    "index.svm": ("1 0:1 2:1\n-1 1:1\n", ":1"),
    "descending.svm": ("1 3:1 2:1\n-1 1:1\n", ":1"),
    "value.svm": ("1 1:1 2:abc\n-1 1:1\n", "abc"),
    "ragged.csv": ("id,y,a,b\ns1,1,2,3\ns2,1,2\n", ":3"),
    "word.csv": ("id,y,a,b\ns1,1,2,3\ns2,1,x,4\ns3,2,1,1\n", "x"),
    "damaged.rda": (b"RDX3\nX\n" + bytes(range(40)), "damaged.rda"),
    "truncated.rda": (b"RDX2\nX\n\x00\x00\x00\x02", "truncated.rda"),
    "nothing.xz": (b"\xfd7zXZ\x00" + b"\x00" * 30, "nothing.xz"),
}
tap = Tap()


def check(folder, name, words):
    result = folder.run("run", "e.yaml")
    line = error_line(result)
    tap.check(result.returncode == 2, f"{name}: exit code 2", f"{result.returncode}: {line}")
    tap.check(line.count("\n") == 0 and line.startswith("spredbench: ") and words in line,
              f"{name}: one line that says {words!r}", line)
    tap.check(not os.path.exists(folder.file("results")), f"{name}: nothing left behind")
    tap.note(line[:200])


with Folder() as folder:
    for name, (text, words) in EXPERIMENTS.items():
        folder.write("e.yaml", text)
        check(folder, name, words)
    start, end = GOOD.index("datasets:"), GOOD.index("problem:")
    for name, (content, words) in DATA.items():
        folder.write(name, content)
        folder.write("e.yaml", GOOD[:start] + f"datasets:\n  - file: {name}\n" + GOOD[end:])
        check(folder, name, words)
        found = []
        for root, _, files in os.walk(folder.file("cache")):
            found += files
        tap.check(not found, f"{name}: no cache file", found)
    for label, content, words in (("count", "3 2 1\n# a b\n0 0 1\n", "samples"),
                                  ("class", "4 2 1\n# a b\n0 0 1 5\n", "5"),
                                  ("no class left", "4 2 1\n# a b\n0 0 1 1\n", "two are needed"),
                                  ("empty", "", "no label"), ("missing", None, "good.cls")):
        folder.write("good.gct", GCT)
        if os.path.exists(folder.file("good.cls")):
            os.remove(folder.file("good.cls"))
        if content is not None:
            folder.write("good.cls", content)
        folder.write("e.yaml", GOOD[:start] + "datasets:\n  - file: {path: good.gct, labels: good.cls}\n" + GOOD[end:])
        check(folder, f"labels, {label}", words)
    folder.write("nolabels.gct", GCT)
    folder.write("e.yaml", GOOD[:start] + "datasets:\n  - file: nolabels.gct\n" + GOOD[end:])
    check(folder, "a file without labels", "target")
    for words, arguments in (("run", ["rnu", "e.yaml"]), ("--retry-failed", ["run", "e.yaml", "--retry-faild"]),
                             ("usage", ["run"]), ("1 to 64", ["run", "e.yaml", "-j", "0"]),
                             ("value", ["run", "e.yaml", "--set"]),
                             ("more than 64", ["plan", "e.yaml", *["--set", "seed=1"] * 65]), ("no-such", ["run", "no-such.yaml"]),
                             ("golub", ["data", "golubb"]), ("lars", ["solvers", "larss"])):
        result = folder.run(*arguments)
        tap.check(result.returncode == 2 and words in error_line(result), "typo: " + " ".join(arguments),
                  error_line(result))
tap.done()
