"""p-geo.py: a GEO experiment against a loopback server: the records are used under their
own names; a broken transfer goes on; 404 and a cut gzip are errors; without a server the
Debian sets take over with one plain line."""
import gzip
import os
import subprocess
import sys

from harness import SHARED, SOURCE, Folder, Tap, error_line

TEXT = """version: 1
name: geo
datasets:
  - geo: {accession: GDS507, target: disease state}
OTHERWISE
problem: {loss: squared, penalty: l1, lambda: 0.5}
protocol: {kind: clean, trials: 1, test: 20%, validate: 20%}
solvers: [coordinate-descent]
stop: {gap: 1e-6, steps: 2000, wall: 1 min}
"""


def small_record():
    """A record in GDS layout, when the shared one is not there."""
    samples = [f"GSM{i}" for i in range(1, 13)]
    lines = ["^DATABASE = Geo", "^DATASET = GDS507", "!dataset_title = made for a test"]
    for number, part in enumerate((samples[:6], samples[6:]), 1):
        lines += [f"^SUBSET = GDS507_{number}", f"!subset_description = s{number}",
                  "!subset_sample_id = " + ",".join(part), "!subset_type = disease state"]
    lines += ["^DATASET = GDS507", "#ID_REF = a", "#IDENTIFIER = b"] + [f"#{s} = v" for s in samples]
    lines += ["!dataset_table_begin", "\t".join(["ID_REF", "IDENTIFIER"] + samples)]
    for gene in range(30):
        lines.append("\t".join([f"p{gene}", f"G{gene}"] +
                               [f"{(gene * 37 + i * i * (gene % 3 + 1) + (i > 5) * gene) % 101 / 10}"
                                for i in range(12)]))
    return gzip.compress(("\n".join(lines) + "\n!dataset_table_end\n").encode())


tap = Tap()
with Folder() as folder:
    os.mkdir(folder.file("served"))
    if SHARED:
        with open(f"{SHARED}/soft/GDS507.soft.gz", "rb") as source:
            record = source.read()
    else:
        tap.note("no shared data: a made record is served")
        record = small_record()
    folder.write("served/GDS507.soft.gz", record)
    server = subprocess.Popen([sys.executable, os.path.join(SOURCE, "tests", "http_server.py"),
                               folder.file("served"), folder.file("log")],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    base = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    folder.write("geo.yaml", TEXT.replace("OTHERWISE", ""))
    cut = folder.run("run", "geo.yaml", "--geo-url", f"{base}/cut-{len(record) // 5}")
    tap.check(cut.returncode == 2 and error_line(cut).count("\n") == 0,
              "a transfer that breaks off in every attempt: one line", error_line(cut))
    good = folder.run("run", "geo.yaml", "--geo-url", f"{base}/plain")
    tap.check(good.returncode == 0, "the next run goes on with it", error_line(good))
    with open(folder.file("log")) as log:
        last = [int(word) for word in log.read().splitlines()[-1].split()]
    tap.check(last[0] == 206 and last[1] > len(record) // 5 and last[1] + last[2] == len(record),
              "by a Range request for the rest", last)
    rows = folder.rows("geo")
    tap.check(len(rows) == 1 and rows[0]["dataset"] == "GDS507" and rows[0]["target"] == "disease state" and
              rows[0]["simulated"] == "0" and "GEO" in rows[0]["source"], "the record under its own name", rows)
    missing = folder.run("plan", "geo.yaml", "--set", "datasets.0.geo.accession=GDS9",
                         "--geo-url", f"{base}/plain")
    line = error_line(missing)
    tap.check(missing.returncode == 2 and "404" in line and "GDS9" in line and "\n" not in line, "404: one line", line)
    folder.write("served/GDS10.soft.gz", record[:len(record) - 50])
    broken = folder.run("plan", "geo.yaml", "--set", "datasets.0.geo.accession=GDS10",
                        "--geo-url", f"{base}/plain")
    line = error_line(broken)
    tap.check(broken.returncode == 2 and "\n" not in line and "GDS10" in line, "a cut gzip: one line", line)
    kept = [name for _, _, names in os.walk(folder.file("cache")) for name in names]
    tap.check("GDS10.soft.gz" not in kept, "the cut file gets no name in the cache", kept)
    server.stdin.close()
    server.wait()
    offline = folder.run("run", "geo.yaml", "--geo-url", f"{base}/plain")
    tap.check(offline.returncode == 0, "cached: needs no server any more", error_line(offline))
    folder.write("fall.yaml", TEXT.replace("OTHERWISE", "    otherwise: {debian: [golub]}").replace(
        "GDS507", "GDS11").replace("name: geo", "name: fall"))
    fall = folder.run("run", "fall.yaml", "--geo-url", f"{base}/plain", timeout=300)
    lines = [line for line in error_line(fall).splitlines() if "GEO could not be reached" in line]
    tap.check(len(lines) == 1 and "golub" in lines[0], "without a server: one plain line", error_line(fall))
    if fall.returncode == 0:
        tap.check([row["dataset"] for row in folder.rows("fall")] == ["golub"], "golub under its own name")
    else:
        tap.note("Debian's mirror is out of reach, too: " + error_line(fall).splitlines()[-1])
tap.done()
