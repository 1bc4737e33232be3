"""RFLO in JAX: the arithmetic of `numpy_rflo.py`, a trial one jitted `lax.scan` over its steps, the weights donated.

Prints one JSON line with the microseconds a step takes, compilation not counted. `rflo_common.py` has the equations.
"""

from functools import partial

import rflo_common
from rflo_common import ALPHA, H0, LEARNING_RATE

if __name__ == "__main__":
    arguments = rflo_common.parse_arguments(
        lambda parser: parser.add_argument("--unroll", type=int, default=1, help="steps in one turn of the loop")
    )

import jax  # noqa: E402  (after the thread count is settled)
import jax.numpy as jnp  # noqa: E402

jax.config.update("jax_platforms", "cpu")


def step(weights, state, x):
    """h, p, q of the next step."""
    h, p, q = state
    phi = jnp.tanh(weights["w"] @ h + weights["w_in"] @ x)
    slope = ALPHA * (1 - phi**2)
    p = (1 - ALPHA) * p + jnp.outer(slope, h)
    q = (1 - ALPHA) * q + jnp.outer(slope, x)
    return (1 - ALPHA) * h + ALPHA * phi, p, q


def change(weights, feedback, state, target):
    """Each weight's Δ of this step, over η/T."""
    h, p, q = state
    error = target - weights["w_out"] @ h
    fed_back = (feedback @ error)[:, None]
    return {"w": fed_back * p, "w_in": fed_back * q, "w_out": jnp.outer(error, h)}


def start(weights):
    h = jnp.full_like(weights["w_in"][:, 0], H0)
    return h, jnp.zeros_like(weights["w"]), jnp.zeros_like(weights["w_in"])


def add(rate, weights, changes):
    return jax.tree.map(lambda w, d: w + rate * d, weights, changes)


def online(weights, constants, rate, unroll):
    def next_step(carry, now):
        weights, state = carry
        x, target = now
        state = step(weights, state, x)
        return (add(rate, weights, change(weights, constants["feedback"], state, target)), state), None

    signals = constants["inputs"], constants["targets"]
    return jax.lax.scan(next_step, (weights, start(weights)), signals, unroll=unroll)[0][0]


def batch(weights, constants, rate, unroll):
    def next_step(carry, now):
        total, state = carry
        x, target = now
        state = step(weights, state, x)
        return (add(1, total, change(weights, constants["feedback"], state, target)), state), None

    signals = constants["inputs"], constants["targets"]
    nothing = jax.tree.map(jnp.zeros_like, weights)
    return add(rate, weights, jax.lax.scan(next_step, (nothing, start(weights)), signals, unroll=unroll)[0][0])


class Trainer:
    def __init__(self, problem, form, rate=LEARNING_RATE, unroll=1):
        jax.config.update("jax_enable_x64", problem.w.dtype == "float64")
        self.now = {k: jnp.array(getattr(problem, k)) for k in ("w", "w_in", "w_out")}
        self.constants = {k: jnp.array(getattr(problem, k)) for k in ("feedback", "inputs", "targets")}
        rate = rate / len(problem.inputs)
        trial = {"online": online, "batch": batch}[form]

        @partial(jax.jit, donate_argnums=0)
        def jitted(weights, constants):
            return trial(weights, constants, rate, unroll)

        self.jitted = jitted

    def weights(self):
        return self.now

    def update(self):
        self.now = self.jitted(self.now, self.constants)
        jax.block_until_ready(self.now)


if __name__ == "__main__":
    rflo_common.main(arguments, partial(Trainer, form=arguments.form, unroll=arguments.unroll), f"jax {jax.__version__}")
