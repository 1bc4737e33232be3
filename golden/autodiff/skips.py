"""Golden gradients of networks that are unrolled with skips (Soo, Goudar & Wang 2023), float64 on the CPU.

The procedure of section 2.2 of the specification is written down step by step for one trial, with Python's own control flow; every
derivative is `jax.grad`'s. Nothing knows of blocks, anchors or adjoints beyond that.

    python golden/autodiff/skips.py        writes golden/autodiff/skips.json

Every array is u(stream, index) of make.py (splitmix64 of an index), shifted and scaled; the Rust test draws the same.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

N, N_IN, N_OUT = 6, 3, 2
DT = 20.0
TAU = np.array([100.0, 50.0, 30.0, 400.0, 80.0, 60.0])
LENGTHS = [19, 19, 14]
BREAKS = [[4, 12], [6], [1, 2, 8]]
M = (1 << 64) - 1


def hashed(stream, count):
    out = []
    for index in range(count):
        z = (((stream << 40) + index + 1) * 0x9E3779B97F4A7C15) & M
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
        out.append(((z ^ (z >> 31)) >> 11) / 2.0**53)
    return np.array(out)


def array(stream, *shape, shift=0.0, scale=1.0):
    return shift + scale * (2 * hashed(stream, int(np.prod(shape))) - 1).reshape(shape)


THETA = {
    "w_in": array(1, N, N_IN),
    "w_rec": array(2, N, N),
    "w_out": array(3, N_OUT, N),
    "b_rec": array(4, N, scale=0.5),
    "b_out": array(5, N_OUT, scale=0.3),
    "x0": array(6, N, shift=0.2),
}
STEPS = max(LENGTHS)
INPUTS = array(7, len(LENGTHS), STEPS, N_IN, shift=0.4)
NOISE = array(8, len(LENGTHS), STEPS, N, scale=0.5)
TARGETS = array(9, len(LENGTHS), STEPS, N_OUT)


def trial(theta, b, leak, scheme, every, mix):
    """Rates of one trial, by the procedure of section 2.2."""
    f = jax.nn.softplus
    kappa = DT / TAU

    def increment(s, t):
        r = s if leak == "rate" else f(s)
        current = theta["w_rec"] @ r + theta["b_rec"] + theta["w_in"] @ INPUTS[b, t] + NOISE[b, t]
        return kappa * (-s + (f(current) if leak == "rate" else current))

    s = theta["x0"]
    rates = []
    edges = [0, *BREAKS[b], LENGTHS[b]]
    for start, end in zip(edges[:-1], edges[1:]):
        if scheme == "sctt":
            anchor = s
        elif scheme != "plain":
            # 1. on entry, from the current state; the noise is that of the step that follows
            anchor = s + every * increment(s, start)
        for t in range(start, end):
            rise = increment(s, t)
            s = s + rise
            if scheme != "plain" and (t - start) % every == every - 1:
                s = mix * s + (1 - mix) * anchor
                if scheme == "sctt":
                    anchor = s
                elif scheme == "dasc":
                    anchor = s + every * rise
                elif t + 1 < end:
                    anchor = s + every * increment(s, t + 1)
            rates.append(s if leak == "rate" else f(s))
    return jnp.stack(rates)


def loss(theta, leak, scheme, every, mix):
    total, count = 0.0, 0
    for b, length in enumerate(LENGTHS):
        z = trial(theta, b, leak, scheme, every, mix) @ theta["w_out"].T + theta["b_out"]
        total += jnp.sum((z - TARGETS[b, :length]) ** 2)
        count += z.size
    return total / count


def main():
    theta = {k: jnp.asarray(v) for k, v in THETA.items()}
    cases = []
    for leak in ("potential", "rate"):
        for scheme, every, mix in [
            ("plain", 1, 1.0),
            ("sctt", 3, 0.4),
            ("sctt", 5, 0.8),
            ("dasc", 2, 0.3),
            ("dasc", 3, 0.5),
            ("dasc", 5, 0.7),
            ("dasc_literal", 2, 0.6),
            ("dasc_literal", 4, 0.5),
        ]:
            value, grad = jax.value_and_grad(loss)(theta, leak, scheme, every, mix)
            gradient = {k: np.asarray(v).ravel().tolist() for k, v in grad.items()}
            cases.append({"leak": leak, "scheme": scheme, "every": every, "mix": mix, "loss": float(value), "gradient": gradient})
    Path(__file__).with_name("skips.json").write_text(json.dumps({"jax": jax.__version__, "cases": cases}, indent=0) + "\n")


if __name__ == "__main__":
    main()
