"""An ensemble of the networks of Soo, Goudar & Wang 2023 in JAX: the same arithmetic as `cogrnn train soo2023/dlygo --set replicates=…`.

Every network has its own parameters and noise, the stimuli are shared (a leading batch dimension, as in the authors' program). One update is

    noise -> 200 steps of warm-up without gradient -> 500 steps -> loss -> gradient of w_in, w_rec, w_out, b -> Adam

in float32, N = 50, 20 trials, 85 inputs, 33 outputs. Inputs and targets are random with the sparsity of the task, made once. The whole
update is one jitted function with donated parameters; the gradient is `jax.grad` through `lax.scan`. Inputs are
projected before the scan in one large product, or with `--step-by-step` within it. Prints one JSON line.
"""

import argparse
import json
import os
import statistics
import time

parser = argparse.ArgumentParser()
parser.add_argument("--networks", type=int, default=100)
parser.add_argument("--trials", type=int, default=20)
parser.add_argument("--steps", type=int, default=500)
parser.add_argument("--warm-up", type=int, default=200)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--updates", type=int, default=10)
parser.add_argument("--step-by-step", action="store_true", help="inputs are projected within the scan")
args = parser.parse_args()
os.environ["NPROC"] = str(args.threads)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

jax.config.update("jax_platforms", "cpu")

K, B, T, W, N, N_IN, N_OUT = args.networks, args.trials, args.steps, args.warm_up, 50, 85, 33
rng = np.random.default_rng(1)
kappa = jnp.asarray(np.where(np.arange(N) < 40, 0.05, 0.1), jnp.float32)
in_mask = jnp.asarray((np.arange(N) < 20)[:, None], jnp.float32)
out_mask = jnp.asarray(((np.arange(N) >= 20) & (np.arange(N) < 40))[None, :], jnp.float32)

theta = {
    "w_in": rng.normal(size=(K, N, N_IN)),
    "w_rec": rng.normal(size=(K, N, N)) / N,
    "w_out": rng.normal(size=(K, N_OUT, N)),
    "b": rng.normal(size=(K, N)),
}
theta = {k: jnp.asarray(v, jnp.float32) for k, v in theta.items()}
inputs = np.zeros((W + T, B, N_IN), np.float32)
inputs[:, :, 67] = 1
inputs[W : W + T - 100, :, 0] = 1
inputs[W + 100 : W + 200, :, 1:33] = rng.uniform(size=(1, B, 32))
targets = np.full((T, B, N_OUT), 0.05, np.float32)
mask = np.ones((T, 1, 1), np.float32)
mask[:40] = 0
inputs, targets, mask = map(jnp.asarray, (inputs, targets, mask))


def rates_of(theta, noise_key):
    w_in = theta["w_in"] * in_mask

    def step(carry, now):
        r, eta = carry
        key, drive = now
        if args.step_by_step:
            drive = jnp.einsum("kni,bi->kbn", w_in, drive)
        a = jnp.einsum("knm,kbm->kbn", theta["w_rec"], r) + theta["b"][:, None] + drive + 0.1 * eta
        r = r + kappa * (jax.nn.relu(a) - r)
        eta = 0.95 * eta + 0.1**0.5 * jax.random.normal(key, eta.shape, jnp.float32)
        return (r, eta), r

    first, warm, rest = jax.random.split(noise_key, 3)
    drive = inputs if args.step_by_step else jnp.einsum("kni,tbi->tkbn", w_in, inputs)
    start = (jnp.zeros((K, B, N), jnp.float32), jax.random.normal(first, (K, B, N), jnp.float32))
    carry, _ = jax.lax.scan(step, start, (jax.random.split(warm, W), drive[:W]))
    carry = jax.lax.stop_gradient(carry)
    return jax.lax.scan(step, carry, (jax.random.split(rest, T), drive[W:]))[1]


def cost(theta, key):
    r = rates_of(theta, key)
    z = jax.nn.sigmoid(jnp.einsum("kon,tkbn->tkbo", theta["w_out"] * out_mask, r))
    error = jnp.sum(mask[:, None] * (z - targets[:, None]) ** 2) / (jnp.sum(mask) * B * N_OUT)
    return error + 5e-6 * jnp.sum(jnp.abs(r)) / (T * B * N) + 5e-6 * jnp.sum(jnp.abs(theta["w_rec"])) / N**2


def update(theta, m, v, count, key):
    key, now = jax.random.split(key)
    grad = jax.grad(cost)(theta, now)
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grad)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grad)
    count = count + 1
    rate = 0.002 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    theta = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), theta, m, v)
    return theta, m, v, count, key


jitted = jax.jit(update, donate_argnums=(0, 1, 2))
state = (theta, jax.tree.map(jnp.zeros_like, theta), jax.tree.map(jnp.zeros_like, theta), jnp.float32(0), jax.random.key(1))
times = []
for _ in range(args.updates + 1):
    begin = time.perf_counter()
    state = jitted(*state)
    jax.block_until_ready(state)
    times.append(time.perf_counter() - begin)
print(
    json.dumps(
        {
            "ms_per_update": 1000 * statistics.median(times[1:]),
            "min": 1000 * min(times[1:]),
            "ms_per_network_update": 1000 * statistics.median(times[1:]) / K,
            "compile_s": times[0],
            "networks": K,
            "threads": args.threads,
            "form": "step by step" if args.step_by_step else "inputs projected at once",
            "version": jax.__version__,
        }
    )
)
