#!/usr/bin/python3
"""sklearn_peer.py: scikit-learn as a process that run asks to solve.

  load PREFIX LOSS LAMBDAS     reads X, y and the grid
  solve cd|gram|lars TOL [OUT] times the path call alone; OUT: weights

cd and gram: lasso_path, coordinate descent without and with the Gram matrix
(its making is timed); lars: lars_path, exact, read off at the grid by linear
interpolation between its knots (not timed)."""
import sys
import time
import warnings

import numpy
import sklearn
from sklearn.linear_model import lars_path, lasso_path

MOST_SWEEPS = 1_000_000


def at_grid(alphas, coefs, grid):
    """The piecewise linear path at the grid; before its first knot: zero."""
    out = numpy.zeros((coefs.shape[0], len(grid)))
    for column, value in enumerate(grid):
        right = int(numpy.searchsorted(-alphas, -value))
        if right == 0:
            continue
        if right == len(alphas):
            out[:, column] = coefs[:, -1]
            continue
        share = (alphas[right - 1] - value) / (alphas[right - 1] - alphas[right])
        out[:, column] = ((1 - share) * coefs[:, right - 1]
                          + share * coefs[:, right])
    return out


class Problem:
    """X, y and the grid of one problem."""

    def __init__(self, prefix, loss, grid):
        if loss != "squared":
            raise ValueError("only squared loss has a path here")
        self.x = numpy.load(prefix + ".X.npy")
        self.y = numpy.load(prefix + ".y.npy")
        self.grid = numpy.fromfile(grid)

    def solve(self, method, tolerance, out):
        begin = time.perf_counter()
        if method == "lars":
            alphas, _, coefs = lars_path(
                self.x, self.y, method="lasso", alpha_min=self.grid[-1],
                max_iter=MOST_SWEEPS)
        else:
            gram = self.x.T @ self.x if method == "gram" else False
            product = self.x.T @ self.y if method == "gram" else None
            alphas, coefs, _ = lasso_path(
                self.x, self.y, alphas=self.grid, tol=tolerance,
                precompute=gram, Xy=product, max_iter=MOST_SWEEPS,
                check_input=False)
        seconds = time.perf_counter() - begin
        if out:
            if method == "lars":
                coefs = at_grid(alphas, coefs, self.grid)
            coefs.T.astype(float).tofile(out)
        return f"seconds {seconds:.6f}"


def main():
    warnings.simplefilter("ignore")
    problem = None
    for line in sys.stdin:
        words = line.rstrip("\n").split("\t")
        try:
            if words[0] == "load":
                problem = Problem(*words[1:4])
                reply = (f"scikit-learn {sklearn.__version__}, "
                         f"numpy {numpy.__version__}")
            else:
                reply = problem.solve(words[1], float(words[2]),
                                      words[3] if len(words) > 3 else None)
        except Exception as error:  # the asker reports it
            reply = "failed " + str(error).replace("\n", " ")
        print(reply, flush=True)


if __name__ == "__main__":
    main()
