"""p-damage.py: the cache of parsed data: damage is repaired, a changed file is read
again, a cache that cannot be written is an error that says so."""
import glob
import os

from harness import TINY, Folder, Tap, error_line

HEAD, TAIL = TINY.index("datasets:"), TINY.index("problem:")
tap = Tap()


def gct(shift):
    names = "\t".join(f"s{i}" for i in range(12))
    rows = "".join(f"g{j}\tA\t" + "\t".join(str((7 * i + j * j * i + shift * i * i) % 11) for i in range(12)) + "\n"
                   for j in range(3))
    return f"#1.2\n3\t12\nName\tDescription\t{names}\n{rows}"


def cached(folder, pattern):
    return glob.glob(folder.file(f"cache/spredbench/data/{pattern}"))


def garble(path):
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0x40]))


with Folder() as folder:
    text = TINY.replace("SOLVERS", "coordinate-descent")
    folder.write("tiny.yaml", text)
    folder.write("g.gct", gct(0))
    folder.write("g.cls", "12 2 1\n# a b\n" + "0 1 " * 6 + "\n")
    folder.write("file.yaml", text[:HEAD] + "datasets:\n  - file: {path: g.gct, labels: g.cls}\n" + text[TAIL:])
    for experiment, pattern in (("tiny.yaml", "simulated-*"), ("file.yaml", "g-*")):
        whole = folder.run(experiment, "-o", f"whole-{experiment}")
        files = cached(folder, pattern)
        tap.check(whole.returncode == 0 and len(files) == 1, f"{experiment} runs", error_line(whole))
        for damage, spoil in (("garbled", garble), ("truncated", lambda path: os.truncate(path, 500)),
                              ("empty", lambda path: os.truncate(path, 0))):
            spoil(files[0])
            again = folder.run(experiment, "-o", f"{damage}-{experiment}")
            same = folder.run("verify", f"whole-{experiment}/tiny", f"{damage}-{experiment}/tiny")
            tap.check(again.returncode == 0 and same.returncode == 0, f"{experiment}: {damage} cache file is made anew",
                      error_line(again) + same.stdout.decode())
    folder.write("g.gct", gct(1))
    changed = folder.run("file.yaml", "-o", "whole-file.yaml")
    tap.check(b"0 were done before, 2 ran now" in changed.stderr, "a changed data file makes other jobs",
              error_line(changed))
    folder.write("not-a-folder", "")
    folder.env["XDG_CACHE_HOME"] = folder.file("not-a-folder")
    for experiment in ("tiny.yaml", "file.yaml"):
        result = folder.run(experiment, "-o", "none")
        tap.check(result.returncode == 2 and "not-a-folder" in error_line(result) and "(null)" not in error_line(result),
                  f"{experiment}: no cache folder", error_line(result))
tap.done()
