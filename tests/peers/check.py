"""check.py: the gap of a path once more, in NumPy, by nothing of spredbench:
what peers-certify says is held against it."""
import numpy


def entropy(q):
    """-sum q log q, 0 log 0 = 0"""
    return -numpy.sum(numpy.where(q > 0, q * numpy.log(numpy.maximum(q, 1e-300)),
                                  0))


def squared(x, y, w, lam):
    """Primal, dual at the residual scaled best, P(0)."""
    n = len(y)
    r = y - x @ w[:, 0]
    reach = n * lam / max(numpy.abs(x.T @ r).max(), 1e-300)
    scale = numpy.clip(y @ r / max(r @ r, 1e-300), -reach, reach)
    rest = y - scale * r
    return (r @ r / (2 * n) + lam * numpy.abs(w).sum(),
            (y @ y - rest @ rest) / (2 * n), y @ y / (2 * n))


def logistic(x, y, w, lam):
    n = len(y)
    m = y * (x @ w[:, 0])
    share = 1 / (1 + numpy.exp(m))  # residual = y * share
    scale = min(1, n * lam / max(numpy.abs(x.T @ (y * share)).max(), 1e-300))
    q = scale * share
    return (numpy.logaddexp(0, -m).mean() + lam * numpy.abs(w).sum(),
            (entropy(q) + entropy(1 - q)) / n, numpy.log(2))


def multinomial(x, y, w, lam):
    n, k = len(y), w.shape[1]
    m = x @ w
    top = m.max(1, keepdims=True)
    total = top[:, 0] + numpy.log(numpy.exp(m - top).sum(1))
    own = numpy.eye(k)[y.astype(int)]
    r = own - numpy.exp(m - total[:, None])
    scale = min(1, n * lam / max(numpy.abs(x.T @ r).max(), 1e-300))
    return ((total - (m * own).sum(1)).mean() + lam * numpy.abs(w).sum(),
            entropy(own - scale * r) / n, numpy.log(k))


LOSSES = {"squared": squared, "logistic": logistic, "multinomial": multinomial}


class Check:
    """Holds X and y of one problem."""

    def __init__(self, prefix, loss, grid):
        self.x = numpy.load(prefix + ".X.npy", mmap_mode="r")
        self.y = numpy.load(prefix + ".y.npy")
        self.grid, self.loss = numpy.fromfile(grid), LOSSES[loss]
        self.outputs = int(self.y.max()) + 1 if loss == "multinomial" else 1

    def worst_gap(self, weights):
        """The largest relative gap over the path whose weights are there."""
        p = self.x.shape[1]
        blocks = numpy.fromfile(weights).reshape(len(self.grid), self.outputs, p)
        worst = 0
        for lam, block in zip(self.grid, blocks):
            primal, dual, null = self.loss(self.x, self.y, block.T, lam)
            worst = max(worst, (primal - dual) / null)
        return float(worst)
