"""The update in JAX.

Two forms, the same numbers (`--check --form ...`):

`manual`    the adjoint is a reverse `lax.scan` written by hand; W_rec meets δ once in it, and that product also serves Ω; the gradient
            of w_rec, Ω's part included, is one matrix product over all steps and trials. The faster of the two.
`autodiff`  `jax.grad` of the loss with respect to the parameters and to the noise added to each x_t (which gives δ), then `jax.grad`
            of Ω with δ and x held constant.

In both everything is one jitted function whose parameters are donated. Tried and not kept, because slower or no faster on a CPU: the
`rbg` and `unsafe_rbg` generators (three times the whole update at 100 units), unrolling the scans by 2 or 5.
"""

import os
from functools import partial

import common

if __name__ == "__main__":
    arguments = common.parse_arguments(["manual", "autodiff"])
    # the size of XLA's thread pool, read once; unlike a processor mask it leaves the scheduler free to move us
    os.environ["NPROC"] = str(arguments.threads)

import jax  # noqa: E402  (after the thread count is settled)
import jax.numpy as jnp  # noqa: E402

jax.config.update("jax_platforms", "cpu")

from common import ALPHA, LAMBDA_OMEGA, LEARNING_RATE, MAX_GRADIENT_NORM, NOISE_SD, OMEGA_BOUND  # noqa: E402


def rectify(x):
    return jnp.where(x > 0, x, 0)


def effective(theta, c):
    return rectify(theta["w_in"]), rectify(theta["w_rec"] * c["rec_mask"]) * c["ei"], rectify(theta["w_out"] * c["out_mask"]) * c["ei"]


def forward(w_in, w_rec, x0, c, noise):
    """x_1..x_T, (T × B × N); `noise` is what is added to x."""
    drive = ALPHA * (c["inputs"] @ w_in.T) + noise
    w_t = ALPHA * w_rec.T

    def step(x, drive):
        x = (1 - ALPHA) * x + rectify(x) @ w_t + drive
        return x, x

    start = jnp.broadcast_to(x0, noise.shape[1:])
    return jax.lax.scan(step, start, drive)[1]


def gradient_manual(theta, c, noise):
    w_in, w_rec, w_out = effective(theta, c)
    xs = forward(w_in, w_rec, theta["x0"], c, noise)
    rs = rectify(xs)
    error = rs @ w_out.T - c["targets"]
    total = c["mask"].sum()
    loss = jnp.sum(c["mask"] * error**2) / total
    e = 2 * c["mask"] * error / total
    direct = e @ w_out
    slope = (xs > 0).astype(xs.dtype)
    w = ALPHA * w_rec

    def back(delta_next, now):
        direct, slope = now
        through = delta_next @ w
        delta = (1 - ALPHA) * delta_next + slope * (direct + through)
        return delta, (delta, through)

    delta_1, (deltas, throughs) = jax.lax.scan(back, jnp.zeros_like(xs[0]), (direct, slope), reverse=True)

    # Ω: G_t = (1-α) δ_{t+1}; the pair (t+1, t) for t = 1..T-1
    g = (1 - ALPHA) * deltas[1:]
    v = (1 - ALPHA) * (g + throughs[:-1] * slope[:-1])
    den = jnp.sum(g * g, axis=-1)
    ok = den >= OMEGA_BOUND
    den = jnp.where(ok, den, 1)
    excess = jnp.where(ok, jnp.sum(v * v, axis=-1) / den - 1, 0)
    pairs = ok.sum()
    omega = jnp.sum(excess**2) / pairs
    # both parts of the gradient pair δ_{t+1} with something of step t, so one product serves: r_t and Ω's share of it
    share = (LAMBDA_OMEGA * 4 * (1 - ALPHA) / pairs * (excess / den))[..., None] * v * slope[:-1]
    start = jnp.broadcast_to(rectify(theta["x0"]), xs[:1].shape)
    partner = jnp.concatenate([start, rs[:-1] + share])
    flat = deltas.reshape(-1, deltas.shape[-1])
    d_rec = ALPHA * flat.T @ partner.reshape(flat.shape)
    d_in = ALPHA * flat.T @ c["inputs"].reshape(len(flat), -1)
    d_out = e.reshape(len(flat), -1).T @ rs.reshape(flat.shape)
    slope_0 = (theta["x0"] > 0).astype(xs.dtype)
    grad = {
        "w_in": d_in * (theta["w_in"] > 0),
        "w_rec": d_rec * c["ei"] * c["rec_mask"] * (theta["w_rec"] > 0),
        "w_out": d_out * c["ei"] * c["out_mask"] * (theta["w_out"] > 0),
        "x0": jnp.sum((1 - ALPHA) * delta_1 + slope_0 * (delta_1 @ w), axis=0),
    }
    return loss, omega, grad


def gradient_autodiff(theta, c, noise):
    def loss(theta, noise):
        w_in, w_rec, w_out = effective(theta, c)
        xs = forward(w_in, w_rec, theta["x0"], c, noise)
        z = rectify(xs) @ w_out.T
        return jnp.sum(c["mask"] * (z - c["targets"]) ** 2) / c["mask"].sum(), xs

    # the noise enters each x_t with factor 1, so the derivative with respect to it is δ_t
    (value, xs), (grad, deltas) = jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)(theta, noise)
    g = (1 - ALPHA) * deltas[1:]
    slope = (xs[:-1] > 0).astype(xs.dtype)

    def omega(w_rec):
        w = ALPHA * rectify(w_rec * c["rec_mask"]) * c["ei"]
        v = (1 - ALPHA) * g + (g @ w) * slope
        den = jnp.sum(g * g, axis=-1)
        ok = den >= OMEGA_BOUND
        excess = jnp.where(ok, jnp.sum(v * v, axis=-1) / jnp.where(ok, den, 1) - 1, 0)
        return jnp.sum(excess**2) / ok.sum()

    om, d_omega = jax.value_and_grad(omega)(theta["w_rec"])
    grad["w_rec"] = grad["w_rec"] + LAMBDA_OMEGA * d_omega
    return value, om, grad


class Trainer:
    def __init__(self, problem, form):
        self.theta = {k: jnp.array(v) for k, v in problem.theta.items()}
        self.key = jax.random.key(1)
        self.constants = {k: jnp.asarray(getattr(problem, k)) for k in ("rec_mask", "out_mask", "ei", "inputs", "targets", "mask")}
        self.of = {"manual": gradient_manual, "autodiff": gradient_autodiff}[form]
        shape = problem.shape

        @partial(jax.jit, donate_argnums=(0, 1))
        def update(theta, key, constants):
            key, now = jax.random.split(key)
            noise = NOISE_SD * jax.random.normal(now, shape, jnp.float32)
            _, _, grad = self.of(theta, constants, noise)
            norm = jnp.sqrt(sum(jnp.sum(g * g) for g in grad.values()))
            rate = LEARNING_RATE * jnp.where(norm > MAX_GRADIENT_NORM, MAX_GRADIENT_NORM / norm, 1.0)
            return {k: theta[k] - rate * grad[k] for k in theta}, key

        self.jitted = update

    def update(self):
        self.theta, self.key = self.jitted(self.theta, self.key, self.constants)
        jax.block_until_ready(self.theta)

    def gradient(self, noise):
        loss, omega, grad = jax.jit(self.of)(self.theta, self.constants, jnp.asarray(noise))
        return {"loss": loss, "omega": omega} | {f"grad_{k}": g for k, g in grad.items()}


if __name__ == "__main__":
    common.main(arguments, partial(Trainer, form=arguments.form), f"jax {jax.__version__}")
