#!/usr/bin/python3
"""network.py: f_l + f_n of the paper in PyTorch, for b-network's dump of a
trial: the same model, settings and evaluations as our spred-network.

usage: network.py PREFIX [name=value ...]      (PREFIX of b-network's dump=)
  hidden=1024 lr=0.05 alpha=1 rest_lr=4e-3 steps=5000 every=100 clip=1
  threads=2 seed=1
Prints seconds (wall and processor) of the training with its evaluations, the
best validation accuracy, the test accuracy there, and what is alive at the end.
"""
import sys
import time

import numpy
import torch
from torch import nn


def read(path):
    """x: n x p, codes: n, classes; as b-network writes them."""
    raw = numpy.fromfile(path, dtype=numpy.int32, count=3)
    n, p, classes = (int(v) for v in raw)
    codes = numpy.fromfile(path, dtype=numpy.int32, count=n, offset=12)
    x = numpy.fromfile(path, dtype=numpy.float32, offset=12 + 4 * n)
    return (torch.from_numpy(x.reshape(p, n).T.copy()),
            torch.from_numpy(codes.astype(numpy.int64)), classes)


class Gated(nn.Module):
    """Gates before a linear head and a network (PAPER.md section 3)."""

    def __init__(self, genes, classes, hidden):
        super().__init__()
        bound = genes ** -.5
        self.gate = nn.Parameter(torch.empty(genes).uniform_(-bound, bound))
        self.linear = nn.Linear(genes, classes, bias=False)
        self.first = nn.Linear(genes, hidden, bias=False)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden),
                                  nn.ReLU(), nn.Linear(hidden, classes))

    def forward(self, x):
        x = x * self.gate
        return self.linear(x), self.rest(self.first(x))

    def decayed(self):
        return [self.gate, self.linear.weight, self.first.weight]


def accuracy(model, x, codes):
    with torch.no_grad():
        return (model(x)[1].argmax(1) == codes).float().mean().item()


def alive(model):
    with torch.no_grad():
        rows = torch.cat([model.linear.weight, model.first.weight])
        size = model.gate.abs() * rows.norm(dim=0)
        return int((size > 1e-3 * size.max()).sum())


def main():
    settings = {"hidden": 1024, "lr": .05, "alpha": 1., "rest_lr": 4e-3,
                "steps": 5000, "every": 100, "clip": 1., "threads": 2,
                "seed": 1}
    for word in sys.argv[2:]:
        name, value = word.split("=", 1)
        settings[name] = type(settings[name])(value)
    s = settings
    torch.set_num_threads(s["threads"])
    torch.manual_seed(s["seed"])
    prefix = sys.argv[1]
    x, codes, classes = read(prefix + "-train.bin")
    validate, test = (read(f"{prefix}-{part}.bin")
                      for part in ("validate", "test"))
    model = Gated(x.shape[1], classes, s["hidden"])
    gated = torch.optim.SGD(model.decayed(), lr=s["lr"],
                            weight_decay=s["alpha"])
    rest = torch.optim.Adam(model.rest.parameters(), lr=s["rest_lr"],
                            weight_decay=1e-5)
    loss = nn.CrossEntropyLoss()
    best, there = -1., 0.
    wall, cpu = time.perf_counter(), time.process_time()
    for step in range(1, s["steps"] + 1):
        gated.zero_grad()
        rest.zero_grad()
        linear, network = model(x)
        total = (loss(linear, codes) + loss(network, codes)) / 2
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), s["clip"])
        gated.step()
        rest.step()
        if step % s["every"] == 0 or step == s["steps"]:
            score = accuracy(model, *validate[:2])
            if score > best:
                best, there = score, accuracy(model, *test[:2])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"torch {torch.__version__} seed {s['seed']}: {wall:.2f} s wall, "
          f"{cpu:.2f} s processor, {s['steps']} steps, validation {best:.3f}, "
          f"test {there:.3f}, last loss {total.item():.4f}, "
          f"{alive(model)} genes; {s['threads']} threads")


if __name__ == "__main__":
    main()
