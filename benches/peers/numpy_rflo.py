"""RFLO in NumPy, as one would write it in a notebook: a Python loop over the steps, arrays over the units.

Prints one JSON line with the microseconds a step takes. `rflo_common.py` has the equations.
"""

from functools import partial

import rflo_common
from rflo_common import ALPHA, H0, LEARNING_RATE

if __name__ == "__main__":
    arguments = rflo_common.parse_arguments()

import numpy as np  # noqa: E402  (after the thread count is settled)


class Trainer:
    def __init__(self, problem, form, rate=LEARNING_RATE):
        self.w, self.w_in, self.w_out = problem.w.copy(), problem.w_in.copy(), problem.w_out.copy()
        self.feedback, self.inputs, self.targets = problem.feedback, problem.inputs, problem.targets
        self.rate = rate
        self.update = {"online": self.online, "batch": self.batch}[form]

    def weights(self):
        return {"w": self.w, "w_in": self.w_in, "w_out": self.w_out}

    def start(self):
        h = np.full(len(self.w), H0, self.w.dtype)
        return h, np.zeros_like(self.w), np.zeros_like(self.w_in)

    def online(self):
        """One trial."""
        h, p, q = self.start()
        rate = self.rate / len(self.inputs)
        for x, target in zip(self.inputs, self.targets):
            phi = np.tanh(self.w @ h + self.w_in @ x)
            slope = ALPHA * (1 - phi**2)
            p *= 1 - ALPHA
            p += np.outer(slope, h)
            q *= 1 - ALPHA
            q += np.outer(slope, x)
            h = (1 - ALPHA) * h + ALPHA * phi
            error = target - self.w_out @ h
            fed_back = (rate * (self.feedback @ error))[:, None]
            self.w_out += np.outer(rate * error, h)
            self.w += fed_back * p
            self.w_in += fed_back * q

    def batch(self):
        """One trial."""
        h, p, q = self.start()
        d_w, d_in, d_out = np.zeros_like(self.w), np.zeros_like(self.w_in), np.zeros_like(self.w_out)
        for x, target in zip(self.inputs, self.targets):
            phi = np.tanh(self.w @ h + self.w_in @ x)
            slope = ALPHA * (1 - phi**2)
            p *= 1 - ALPHA
            p += np.outer(slope, h)
            q *= 1 - ALPHA
            q += np.outer(slope, x)
            h = (1 - ALPHA) * h + ALPHA * phi
            error = target - self.w_out @ h
            fed_back = (self.feedback @ error)[:, None]
            d_out += np.outer(error, h)
            d_w += fed_back * p
            d_in += fed_back * q
        rate = self.rate / len(self.inputs)
        self.w_out += rate * d_out
        self.w += rate * d_w
        self.w_in += rate * d_in


if __name__ == "__main__":
    rflo_common.main(arguments, partial(Trainer, form=arguments.form), f"numpy {np.__version__}")
