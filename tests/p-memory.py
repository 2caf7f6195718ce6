"""p-memory.py: the program reads, keeps and solves a NumPy matrix larger than
the memory that it and its workers may have."""
import os
import random
import resource
import struct
import subprocess

from harness import PROGRAM, Folder, Tap, error_line

MIB = 1 << 20
# X has 400 MiB; workers may hold 150 MiB of their own. The kernel's limit on
# private memory has 128 MiB more: addresses that OpenBLAS reserves for a thread.
ROWS, COLS = 200, 262144
ALLOWED = 150 * MIB
RESERVED = 128 * MIB
TRUE_FEATURES = 10

EXPERIMENT = """version: 1
name: big
datasets:
  - file: big.X.npy
problem: {loss: squared, penalty: l1, lambda: {path: 6, min_ratio: 0.3}}
preprocess: {log2: never}
protocol: {kind: clean, trials: 1, test: 0%, choose: {kind: none}}
solvers: [spred-newton, coordinate-descent]
stop: {gap: 1e-6, wall: 5 min}
limits: {wall: 10 min, memory: 150 MiB}
"""


def npy(shape):
    header = f"{{'descr': '<f8', 'fortran_order': True, 'shape': {shape}, }}"
    return b"\x93NUMPY\x01\x00\x76\x00" + header.ljust(117).encode() + b"\n"


def columns(generator, count):
    """Doubles in [1, 2) and (-2, -1]: random bytes with their exponent set."""
    block = bytearray(generator.randbytes(8 * ROWS * count))
    block[7::8] = bytes(0x3f | b & 0x80 for b in block[7::8])
    block[6::8] = bytes(0xf0 | b for b in block[6::8])
    return bytes(block)


def write(folder):
    generator = random.Random(11)
    step = 1024
    with open(folder.file("big.X.npy"), "wb") as out:
        out.write(npy((ROWS, COLS)))
        for start in range(0, COLS, step):
            block = columns(generator, step)
            if start == 0:
                first = struct.unpack(f"<{ROWS * TRUE_FEATURES}d",
                                      block[:8 * ROWS * TRUE_FEATURES])
            out.write(block)
    y = [sum(first[i::ROWS]) + generator.gauss(0, 1) for i in range(ROWS)]
    with open(folder.file("big.y.npy"), "wb") as out:
        out.write(npy((ROWS,)) + struct.pack(f"<{ROWS}d", *y))


def limited():
    most = ALLOWED + RESERVED
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


tap = Tap()
with Folder() as big:
    write(big)
    size = os.path.getsize(big.file("big.X.npy"))
    tap.check(size > ALLOWED + RESERVED, "X is larger than all that is allowed")
    big.write("big.yaml", EXPERIMENT)
    run = subprocess.run([PROGRAM, "run", "big.yaml"], cwd=big.path, env=big.env,
                         stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=500, preexec_fn=limited)
    tap.check(run.returncode == 0, "the program ends well", error_line(run))
    rows = big.rows("big")
    tap.check(len(rows) == 2, "two rows", rows)
    for row in rows:
        tap.check(row["status"] == "certified" and int(row["train"]) == ROWS,
                  f"{row['solver']} certifies the path on all samples", row)
        tap.note(f"{row['solver']}: {row['seconds']} s")
    cut = big.run("data", "big.X.npy")
    tap.check(b"200 samples x 262144 features" in cut.stdout, "data reads it",
              error_line(cut))
tap.done()
