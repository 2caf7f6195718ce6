#!/usr/bin/python3
"""convolution.py: epochs of LeNet-5 in PyTorch, as b-convolution trains it:
the same layers, starts of the same kind, batches gathered from a shuffled order
of the same samples, SGD with momentum.

usage: convolution.py [name=value ...]
  data=random    60000 x 28 x 28 standard normals; or FOLDER with
                 train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz
  n=60000 batch=128 lr=0.05 momentum=0.9 epochs=1 threads=2 seed=1
  layout=nchw    how PyTorch keeps pictures: nchw, or nhwc (channels_last)
Prints seconds of every epoch (wall and processor) and the mean loss of each.
"""
import gzip
import sys
import time

import numpy
import torch
from torch import nn


def read(folder, n):
    """Pictures n x 1 x 28 x 28 with mean 0 and deviation 1, codes."""
    if folder == "random":
        made = numpy.random.default_rng(7)
        x = made.standard_normal((n, 1, 28, 28), dtype=numpy.float32)
        return torch.from_numpy(x), torch.from_numpy(made.integers(0, 10, n))
    with gzip.open(f"{folder}/train-images-idx3-ubyte.gz") as file:
        bytes_ = file.read()
    with gzip.open(f"{folder}/train-labels-idx1-ubyte.gz") as file:
        labels = file.read()
    x = numpy.frombuffer(bytes_, numpy.uint8, offset=16)[:n * 784]
    x = x.reshape(n, 1, 28, 28).astype(numpy.float32)
    x = (x - x.mean()) / x.std()
    y = numpy.frombuffer(labels, numpy.uint8, offset=8)[:n]
    return torch.from_numpy(x), torch.from_numpy(y.astype(numpy.int64))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10))


def main():
    s = {"data": "random", "n": 60000, "batch": 128, "lr": .05,
         "momentum": .9, "epochs": 1, "threads": 2, "seed": 1,
         "layout": "nchw"}
    for word in sys.argv[1:]:
        name, value = word.split("=", 1)
        s[name] = type(s[name])(value)
    torch.set_num_threads(s["threads"])
    torch.manual_seed(s["seed"])
    x, codes = read(s["data"], s["n"])
    model = lenet()
    if s["layout"] == "nhwc":
        x = x.to(memory_format=torch.channels_last)
        model = model.to(memory_format=torch.channels_last)
    rule = torch.optim.SGD(model.parameters(), lr=s["lr"],
                           momentum=s["momentum"])
    loss = nn.CrossEntropyLoss()
    for epoch in range(s["epochs"]):
        sum_ = 0.
        wall, cpu = time.perf_counter(), time.process_time()
        order = torch.randperm(s["n"])
        steps = s["n"] // s["batch"]
        walls, cpus = [], []
        for k in range(steps):
            start = time.perf_counter(), time.process_time()
            take = order[k * s["batch"]:(k + 1) * s["batch"]]
            rule.zero_grad()
            value = loss(model(x[take]), codes[take])
            value.backward()
            rule.step()
            sum_ += value.item()
            walls.append(time.perf_counter() - start[0])
            cpus.append(time.process_time() - start[1])
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"torch {torch.__version__} {s['layout']}: {wall:.3f} s wall, "
              f"{cpu:.3f} s processor, epoch {epoch + 1}, loss "
              f"{sum_ / steps:.4f}, median step "
              f"{1e3 * numpy.median(walls):.3f} ms wall, "
              f"{1e3 * numpy.median(cpus):.3f} ms processor; "
              f"{s['threads']} threads", flush=True)


if __name__ == "__main__":
    main()
