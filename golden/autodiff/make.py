"""Golden gradients by automatic differentiation (Song, Yang & Wang 2016), float64 on the CPU.

No adjoint is written by hand here. The network is

    x_t = (1-α) x_{t-1} + α (W_rec f(x_{t-1}) + b_rec + W_in u_t + n_t)      t = 1..T,  x_0 shared by all trials
    z_t = g(W_out f(x_t) + b_out)
    L   = Σ mask l(z, y) / Σ mask                        cost = L + penalties

and everything below comes from asking JAX for derivatives of these lines:

    gradient of the cost      jax.grad through lax.scan
    δ_t = dL/dx_t             jax.grad with respect to zeros added to every x_t   (L only, no penalties)
    G_t = (1-α) δ_{t+1}, G_T = 0                                               t = 1..T
    v_t = G_t ∂x_{t+1}/∂x_t   jax.vjp through one step, at x_t
    Ω   = Σ ok (|v_t|²/|G_t|² - 1)² / Σ ok,   ok = 1[|G_t|² ≥ 1e-20]           over all t = 1..T and trials
    ∂Ω/∂θ_rec                 jax.grad of Ω with G_t and x_t held constant (nested: through the vjp)

The stored gradients are those of the *underlying* parameters θ, **not clipped**:
`grad = d cost/dθ`, and for w_rec `+ lambda_omega ∂Ω/∂θ_rec`.


The numbers that define a problem
=================================

So that another program can rebuild a problem without input files, everything is drawn from an integer hash

    u(stream, index) = (h >> 11) / 2^53                      exact, in [0, 1)
    h = mix( (stream·2^40 + index + 1) · 0x9E3779B97F4A7C15  mod 2^64 )
    mix(z): z ^= z >> 30;  z *= 0xBF58476D1CE4E5B9;  z ^= z >> 27;  z *= 0x94D049BB133111EB;  z ^= z >> 31

(`mix` is the finaliser of splitmix64.) For an array, `index` is the row-major index in the shape given:

    stream  array      shape               stream  array           shape
    1       w_in       N × Nin             7       inputs          T × B × Nin
    2       w_rec      N × N               8       noise           T × B × N
    3       w_out      Nout × N            9       targets         T × B × Nout  (softmax: B, see below)
    4       b_rec      N                   10      trial lengths   B
    5       b_out      Nout                11      w_rec support   N × N
    6       x0         N                   12      time constants  N

Check values, `h >> 11`: printed by every run of this script and asserted in `hash_is_as_documented`.

Common to all cases (u is the hash of the array's own stream; w[i, j] is from j to i):

    dt = 20 ms, α = dt/τ
    inputs  = 0.2 + 0.8 u                                        every step, padding included
    noise   = sqrt(12) (u - 0.5) 0.0948683 / 0.2                 inside the α bracket, every step
    x0      = 0.1 + 0.05 (u - 0.5)
    length of trial b = len_min + floor((T - len_min) u),  but T for b = 0
    mask[t, b, :]     = 1 for t < length, except 0 for gap_start ≤ t < length - gap_tail      (t from 0)
    targets = 0.2 + 0.8·1[u > 0.5]     linear output
            = 1[u > 0.5]               sigmoid output
            = 1[l = floor(Nout u_b)]   softmax output: one class for each trial
    θ at an entry outside its mask is 0.

    case                     θ_in               θ_rec                          θ_out             biases
    dale_rectify_linear, N8  in_scale·u         rec_scale·(u - 0.1)·s_j        out_scale·u       0
    all others               in_scale·(2u-1)    rec_scale·(2u-1)·s_j           out_scale·(2u-1)  bias_scale·(2u-1)

    s_j = 4 for inhibitory columns j, else 1 (no Dale: 1). Units 0..n_exc are excitatory, the rest inhibitory.
    w_rec mask: off the diagonal, and u(11) ≥ absent_below.
    fixed weights F (dale_abs_power_N150 only): 0.02 off the diagonal where u(11) < 0.05, else 0.
    w_out mask: with Dale the excitatory columns only, else all. w_in mask: all.
    τ: 100 ms; free_tanh_sigmoid: [50, 100, 40, 80][floor(4 u(12))] ms for each unit.

Effective weights: Dale `[M θ + F]₊ D` (or `|M θ + F| D`), input weights `[θ]₊` (or `|θ|`); no Dale `M θ + F`.
The remaining settings of a case are in `CASES`, and in the metadata of its file.

Usage
    python make.py                 write the files beside this script
    python make.py --check-spec    compare with the three small reference cases instead (section 9 of the specification)
"""

import argparse
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

import jax.numpy as jnp  # noqa: E402  (after the switch to float64)
import numpy as np  # noqa: E402

OMEGA_BOUND = 1e-20
LOG_EPS = 1e-10


# ---------------------------------------------------------------------------------------------- the hash

W_IN, W_REC, W_OUT, B_REC, B_OUT, X0, INPUTS, NOISE, TARGETS, LENGTHS, SUPPORT, TAU = range(1, 13)


def hash53(stream, index):
    """The top 53 bits of the hash, as uint64."""
    index = np.asarray(index, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = (np.uint64(stream << 40) + index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return z >> np.uint64(11)


def uniform(stream, *shape):
    return (hash53(stream, np.arange(np.prod(shape))).astype(np.float64) / 2.0**53).reshape(shape)


CHECK_VALUES = [(1, 0), (1, 1), (2, 101), (7, 12345), (8, 119999), (12, 99)]


def hash_is_as_documented():
    """The vectorised hash against the same arithmetic in Python's unbounded integers."""
    for stream, index in CHECK_VALUES:
        z = ((stream * 2**40 + index + 1) * 0x9E3779B97F4A7C15) % 2**64
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        z ^= z >> 31
        assert int(hash53(stream, index)) == z >> 11
        print(f"u({stream}, {index}) = {z >> 11} / 2^53 = {(z >> 11) / 2**53!r}")


# ------------------------------------------------------------------------------------------- the problems


@dataclass
class Case:
    """All scalar settings of a golden problem."""

    n: int = 100
    n_exc: int = 80
    trials: int = 20
    steps: int = 60
    n_in: int = 3
    n_out: int = 2
    dt: float = 20.0
    dale: str = "none"  # none, rectify, abs
    hidden: str = "rectify"
    output: str = "linear"
    positive_draws: bool = False  # θ drawn as in the first row of the table above
    in_scale: float = 0.1
    rec_scale: float = 0.12
    out_scale: float = 0.1
    bias_scale: float = 0.0
    train_bias: bool = False
    per_unit_tau: bool = False
    absent_below: float = 0.0
    fixed_below: float = 0.0
    fixed_weight: float = 0.0
    len_min: int = 20
    gap_start: int = 5
    gap_tail: int = 15
    lambda_omega: float = 2.0
    lambda1_in: float = 0.0
    lambda1_rec: float = 0.0
    lambda1_out: float = 0.0
    lambda2_in: float = 0.0
    lambda2_rec: float = 0.0
    lambda2_out: float = 0.0
    lambda2_r: float = 0.0


CASES = {
    "small_N8": Case(
        n=8, n_exc=6, trials=3, steps=7, dale="rectify", positive_draws=True,
        in_scale=1.0, rec_scale=1.2, out_scale=0.5, len_min=4, gap_start=2, gap_tail=2,
    ),
    "dale_rectify_linear": Case(dale="rectify", positive_draws=True),
    "free_tanh_sigmoid": Case(
        hidden="tanh", output="sigmoid", in_scale=0.4, rec_scale=0.2, out_scale=0.3, bias_scale=0.2,
        train_bias=True, per_unit_tau=True, absent_below=0.2, len_min=60, gap_start=60, gap_tail=0,
        lambda1_in=0.03, lambda1_rec=0.1, lambda1_out=0.02,
        lambda2_in=0.05, lambda2_rec=0.07, lambda2_out=0.3, lambda2_r=0.2,
    ),
    "free_softplus_softmax": Case(
        n_out=4, hidden="softplus", output="softmax", in_scale=0.4, rec_scale=0.2, out_scale=0.3, bias_scale=0.2,
        train_bias=True,
    ),
    "dale_abs_power_N150": Case(
        n=150, n_exc=120, trials=50, steps=40, dale="abs", hidden="rectify_power",
        in_scale=0.6, rec_scale=0.035, out_scale=0.05, absent_below=0.25, fixed_below=0.05, fixed_weight=0.02,
        gap_tail=10,
    ),
}  # fmt: skip


@dataclass
class Problem:
    """A network, a minibatch and an objective, as arrays."""

    theta: dict  # w_in, w_rec, w_out, b_rec, b_out, x0: the underlying parameters
    masks: dict  # of w_in, w_rec, w_out
    fixed: dict  # of w_in, w_rec, w_out
    ei: object  # ±1 for each unit; None without Dale
    alpha: np.ndarray  # for each unit
    inputs: np.ndarray  # (steps, trials, inputs)
    noise: np.ndarray  # (steps, trials, units), inside the α bracket
    targets: np.ndarray  # (steps, trials, outputs)
    mask: np.ndarray  # (steps, trials, outputs)
    dale: str
    hidden: str
    output: str
    trained: tuple
    lambdas: dict = field(default_factory=dict)


def build(c: Case) -> Problem:
    n, steps, trials = c.n, c.steps, c.trials
    exc = np.arange(n) < c.n_exc
    column = np.where(exc, 1.0, 4.0) if c.dale != "none" else np.ones(n)
    off_diagonal = ~np.eye(n, dtype=bool)
    support = uniform(SUPPORT, n, n)
    masks = {
        "w_in": np.ones((n, c.n_in)),
        "w_rec": (off_diagonal & (support >= c.absent_below)).astype(float),
        "w_out": np.tile(exc.astype(float), (c.n_out, 1)) if c.dale != "none" else np.ones((c.n_out, n)),
    }
    fixed = {name: np.zeros_like(m) for name, m in masks.items()}
    fixed["w_rec"][off_diagonal & (support < c.fixed_below)] = c.fixed_weight
    assert not np.any((fixed["w_rec"] != 0) & (masks["w_rec"] != 0)), "fixed and plastic entries are disjoint"

    def signed(stream, *shape):
        return 2.0 * uniform(stream, *shape) - 1.0

    if c.positive_draws:
        w_in = c.in_scale * uniform(W_IN, n, c.n_in)
        w_rec = c.rec_scale * (uniform(W_REC, n, n) - 0.1) * column
        w_out = c.out_scale * uniform(W_OUT, c.n_out, n)
    else:
        w_in = c.in_scale * signed(W_IN, n, c.n_in)
        w_rec = c.rec_scale * signed(W_REC, n, n) * column
        w_out = c.out_scale * signed(W_OUT, c.n_out, n)
    theta = {
        "w_in": w_in * masks["w_in"],
        "w_rec": w_rec * masks["w_rec"],
        "w_out": w_out * masks["w_out"],
        "b_rec": c.bias_scale * signed(B_REC, n),
        "b_out": c.bias_scale * signed(B_OUT, c.n_out),
        "x0": 0.1 + 0.05 * (uniform(X0, n) - 0.5),
    }

    length = c.len_min + np.floor((steps - c.len_min) * uniform(LENGTHS, trials)).astype(int)
    length[0] = steps
    t = np.arange(steps)[:, None]
    on = (t < length) & ~((t >= c.gap_start) & (t < length - c.gap_tail))

    if c.output == "softmax":
        chosen = np.floor(c.n_out * uniform(TARGETS, trials)).astype(int)
        targets = np.tile(np.eye(c.n_out)[chosen], (steps, 1, 1))
    else:
        high = uniform(TARGETS, steps, trials, c.n_out) > 0.5
        targets = high.astype(float) if c.output == "sigmoid" else 0.2 + 0.8 * high

    tau = np.array([50.0, 100.0, 40.0, 80.0])[np.floor(4 * uniform(TAU, n)).astype(int)]
    return Problem(
        theta=theta,
        masks=masks,
        fixed=fixed,
        ei=np.where(exc, 1.0, -1.0) if c.dale != "none" else None,
        alpha=c.dt / (tau if c.per_unit_tau else np.full(n, 100.0)),
        inputs=0.2 + 0.8 * uniform(INPUTS, steps, trials, c.n_in),
        noise=np.sqrt(12.0) * (uniform(NOISE, steps, trials, n) - 0.5) * 0.0948683 / 0.2,
        targets=targets,
        mask=np.repeat(on[:, :, None], c.n_out, axis=2).astype(float),
        dale=c.dale,
        hidden=c.hidden,
        output=c.output,
        trained=("w_in", "w_rec", "w_out") + (("b_rec", "b_out") if c.train_bias else ()) + ("x0",),
        lambdas={k: v for k, v in asdict(c).items() if k.startswith("lambda")},
    )


# -------------------------------------------------------------------------------------------- the network

HIDDEN = {
    # `where` rather than `maximum`, so that the derivative at exactly 0 is 0
    "rectify": lambda x: jnp.where(x > 0, x, 0.0),
    "rectify_power": lambda x: jnp.where(x > 0, x * x, 0.0),
    "tanh": jnp.tanh,
    "softplus": lambda x: jnp.logaddexp(x, 0.0),
}


def magnitude(w):
    """|w| with derivative 0 at w = 0 (JAX's own is 1 there): an absent weight has no L1 gradient."""
    return jax.lax.stop_gradient(jnp.sign(w)) * w


OUTPUT = {
    "linear": lambda a: a,
    "sigmoid": jax.nn.sigmoid,
    "softmax": lambda a: jax.nn.softmax(a, axis=-1),
}


def element_loss(output, z, y):
    if output == "linear":
        return (z - y) ** 2
    if output == "sigmoid":
        return -y * jnp.log(z + LOG_EPS) - (1 - y) * jnp.log(1 - z + LOG_EPS)
    return -y * jnp.log(z + LOG_EPS)


def effective(p: Problem, name, theta):
    w = p.masks[name] * theta + p.fixed[name]
    if p.dale == "none":
        return w
    w = jnp.where(w > 0, w, 0.0) if p.dale == "rectify" else magnitude(w)
    return w if name == "w_in" else w * p.ei


def step(p: Problem, w_rec, x, drive):
    """x_t from x_{t-1}; `drive` is b_rec + W_in u_t + n_t. Leading axes are free."""
    r = HIDDEN[p.hidden](x)
    return (1 - p.alpha) * x + p.alpha * (r @ w_rec.T + drive)


def forward(p: Problem, theta, perturbation):
    """States and outputs at t = 1..T; `perturbation[t]` is added to x_t."""
    w_rec = effective(p, "w_rec", theta["w_rec"])
    drive = p.inputs @ effective(p, "w_in", theta["w_in"]).T + theta["b_rec"] + p.noise

    def advance(x, now):
        x = step(p, w_rec, x, now[0]) + now[1]
        return x, x

    start = jnp.broadcast_to(theta["x0"], p.noise.shape[1:])
    _, xs = jax.lax.scan(advance, start, (drive, perturbation))
    a = HIDDEN[p.hidden](xs) @ effective(p, "w_out", theta["w_out"]).T + theta["b_out"]
    return xs, OUTPUT[p.output](a)


def loss(p: Problem, theta, perturbation):
    xs, z = forward(p, theta, perturbation)
    value = jnp.sum(p.mask * element_loss(p.output, z, p.targets)) / p.mask.sum()
    return value, (xs, z)


def penalties(p: Problem, theta, xs):
    total = p.lambdas.get("lambda2_r", 0.0) * jnp.mean(HIDDEN[p.hidden](xs) ** 2)
    for name in ("in", "rec", "out"):
        w = theta[f"w_{name}"]
        total += p.lambdas.get(f"lambda1_{name}", 0.0) * jnp.mean(magnitude(w))
        total += p.lambdas.get(f"lambda2_{name}", 0.0) * jnp.mean(w**2)
    return total


def omega(p: Problem, theta_rec, xs, g):
    """Ω as a function of θ_rec alone, and the number of pairs it averages over."""
    w_rec = effective(p, "w_rec", theta_rec)
    _, pull_back = jax.vjp(lambda x: step(p, w_rec, x, 0.0), xs)
    (v,) = pull_back(g)
    den = jnp.sum(g**2, axis=-1)
    ok = den >= OMEGA_BOUND
    # divide by 1 where there is no error: the derivative of a discarded 0/0 would still be NaN
    q = jnp.where(ok, jnp.sum(v**2, axis=-1) / jnp.where(ok, den, 1.0), 1.0)
    return jnp.sum((q - 1) ** 2) / ok.sum(), ok.sum()


def evaluate(p: Problem) -> dict:
    """Everything there is to compare, as float64 arrays."""
    assert np.all(p.alpha < 1)
    theta = {k: jnp.asarray(v) for k, v in p.theta.items()}
    zeros = jnp.zeros(p.noise.shape)

    def cost(theta):
        value, (xs, z) = loss(p, theta, zeros)
        extra = penalties(p, theta, xs)
        return value + extra, (value, extra, xs, z)

    (_, (l, extra, xs, z)), grad = jax.jit(jax.value_and_grad(cost, has_aux=True))(theta)
    delta, _ = jax.jit(jax.grad(lambda e: loss(p, theta, e), has_aux=True))(zeros)

    g = (1 - p.alpha) * jnp.concatenate([delta[1:], jnp.zeros_like(delta[:1])])
    xs_const, g = jax.lax.stop_gradient((xs, g))
    (om, pairs), grad_omega = jax.value_and_grad(lambda w: omega(p, w, xs_const, g), has_aux=True)(theta["w_rec"])

    lam = p.lambdas["lambda_omega"]
    grad["w_rec"] = grad["w_rec"] + lam * grad_omega
    out = {
        "loss": l,
        "rmse": jnp.sqrt(jnp.sum(p.mask * (z - p.targets) ** 2) / p.mask.sum()),
        "omega": om,
        "omega_pairs": pairs,
        "penalties": extra,
        "cost": l + extra,
        "objective": l + extra + lam * om,
        "grad_norm": jnp.sqrt(sum(jnp.sum(grad[k] ** 2) for k in p.trained)),
        "grad_w_rec_omega": grad_omega,
        "x_last": xs[-1],
    }
    out |= {f"grad_{k}": v for k, v in grad.items()}
    out = {k: np.atleast_1d(np.asarray(v, dtype=np.float64)) for k, v in out.items()}
    assert all(np.all(np.isfinite(v)) for v in out.values())
    return out | {"xs": np.asarray(xs)}


def save(path: Path, tensors: dict, metadata: dict):
    """A safetensors file, written here so that the same numbers always give the same bytes (the library shuffles the metadata)."""
    header, end = {"__metadata__": dict(sorted(metadata.items()))}, 0
    for name in sorted(tensors):
        start, end = end, end + tensors[name].nbytes
        header[name] = {"dtype": "F64", "shape": tensors[name].shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(tensors[name].astype("<f8").tobytes() for name in sorted(tensors))
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def write(name, c: Case, folder: Path):
    p = build(c)
    out = evaluate(p)
    xs = out.pop("xs")
    metadata = {k: v if isinstance(v, str) else json.dumps(v) for k, v in asdict(c).items()}
    metadata |= {
        "case": name,
        "trained": ",".join(p.trained),
        "omega_bound": repr(OMEGA_BOUND),
        "log_eps": repr(LOG_EPS),
        # how far the nearest state is from the kink of the rectifier: a lower precision may fall on its other side
        "min_abs_x": repr(float(np.abs(xs).min())),
        "jax": jax.__version__,
    }
    path = folder / f"{name}.safetensors"
    save(path, out, metadata)
    print(f"{name}: {path.stat().st_size / 1000:.0f} kB")
    r = np.asarray(HIDDEN[c.hidden](xs))
    print(f"  x rms {np.sqrt((xs**2).mean()):.3f} max {np.abs(xs).max():.3f} min|x| {np.abs(xs).min():.1e}"
          f"   r mean {r.mean():.3f} max {r.max():.3f}")  # fmt: skip
    for k in ("loss", "rmse", "omega", "omega_pairs", "cost", "objective", "grad_norm"):
        print(f"  {k:12s} {float(out[k][0])!r}")
    print("  " + "  ".join(f"|grad_{k}| {np.linalg.norm(out['grad_' + k]):.3g}"
                           for k in ("w_in", "w_rec", "w_rec_omega", "w_out", "b_rec", "b_out", "x0")))  # fmt: skip


# ------------------------------------------------------------------------------- the specification's cases


def spec_problem(which: str, lambda_omega: float) -> Problem:
    t, b, i = np.arange(4)[:, None, None], np.arange(2)[None, :, None], np.arange(4)[None, None, :]
    k = np.arange(2)[None, None, :]
    w_in = np.array([[0.3, 0.1], [0.05, 0.4], [-0.2, 0.25], [0.15, 0.2]])
    w_rec = np.array([[0, 0.6, 0.2, 0.5], [0.4, 0, -0.3, 0.7], [0.3, 0.5, 0, 0.6], [0.8, 0.1, 0.35, 0]])
    w_out = np.array([[0.5, 0.2, 0.1, 0.3], [0.1, 0.6, -0.4, 0.2]])
    b_rec, b_out = np.zeros(4), np.zeros(2)
    alpha = np.full(4, 0.2)
    mask = np.ones((4, 2, 2))
    mask[1] = 0
    mask[0, 1, 1] = 0
    targets = np.full((4, 2, 2), 0.2)
    targets[2:, 0, 0] = 1
    targets[2:, 1, 1] = 1
    out_mask = np.ones((2, 4))
    lambdas = {"lambda_omega": lambda_omega}
    ei = None
    if which == "A":
        ei = np.array([1.0, 1, 1, -1])
        w_in, w_rec, w_out = abs(w_in), abs(w_rec), abs(w_out)
        out_mask[:, 3] = 0
        settings = {"dale": "rectify", "hidden": "rectify", "output": "linear", "trained": ("w_in", "w_rec", "w_out", "x0")}
    else:
        w_rec[:, 3] *= -1
        settings = {"dale": "none", "hidden": "tanh", "output": "sigmoid",
                    "trained": ("w_in", "w_rec", "w_out", "b_rec", "b_out", "x0")}  # fmt: skip
        if which == "B":
            alpha = 20 / np.array([100.0, 50, 80, 40])
            b_rec, b_out = np.array([0.1, -0.1, 0.05, 0]), np.array([0.2, -0.3])
            targets = (targets == 1).astype(float)
            lambdas |= {"lambda1_rec": 0.1, "lambda2_out": 0.3, "lambda2_r": 0.2}
        else:
            settings |= {"hidden": "softplus", "output": "softmax", "trained": ("w_in", "w_rec", "w_out", "x0")}
            targets[:2] = 0.5
            targets[2:] = np.eye(2)
    masks = {"w_in": np.ones((4, 2)), "w_rec": 1 - np.eye(4), "w_out": out_mask}
    return Problem(
        theta={"w_in": w_in, "w_rec": w_rec, "w_out": w_out * out_mask, "b_rec": b_rec, "b_out": b_out,
               "x0": np.array([0.1, -0.2, 0.3, 0.05])},
        masks=masks,
        fixed={name: np.zeros_like(m) for name, m in masks.items()},
        ei=ei,
        alpha=alpha,
        inputs=np.maximum(0, 0.2 + 0.3 * t + 0.1 * b - 0.25 * k),
        noise=0.4 * np.sin(1 + t + 2 * b + 3 * i),
        targets=targets,
        mask=mask,
        lambdas=lambdas,
        **settings,
    )  # fmt: skip


# which case, λ_Ω, and what the specification prints
SPEC = [
    ("A", 0.0, {
        "loss": 0.2519029945689818, "rmse": 0.501899386898392, "omega": 0.05321853004494536, "omega_pairs": 6,
        "grad_norm": 0.35223740384712,
        "x_last": [[0.254347127849, 0.100599624185, 0.361669518081, 0.242775339024],
                   [0.104439650300, 0.197453109252, 0.163676416296, 0.367371234365]],
        "grad_w_in": [[-0.080524202223, -0.050006704909], [-0.089844368535, -0.059583918292],
                      [-0.066480044049, -0.042410793491], [0.023664435082, 0.011109414871]],
        "grad_w_rec": [[0, -0.000581289875, -0.039081073146, 0.007906978772],
                       [-0.012986989684, 0, -0.031752400100, 0.013336064370],
                       [-0.010930854984, -0.001522745916, 0, 0.009507877271],
                       [0.006108024171, 0, 0.015238235035, 0]],
        "grad_w_out": [[-0.087737511877, -0.021283221363, -0.129148367550, 0],
                       [-0.024690939649, -0.048002754293, -0.051453391198, 0]],
        "grad_x0": [-0.128932615450, -0.102885201051, -0.107624450531, 0.154765238682],
    }),
    ("A", 2.0, {
        "grad_norm": 0.39401595729066,
        "grad_w_rec": [[0, -0.005276303186, -0.099590952147, -0.054371529470],
                       [-0.076371422686, 0, -0.089122775011, -0.028455962714],
                       [-0.066362384847, -0.013821794375, 0, -0.024872349740],
                       [0.031309398428, 0, 0.030371532233, 0]],
        "grad_x0": [-0.128932615450, -0.102885201051, -0.107624450531, 0.154765238682],
    }),
    ("B", 2.0, {
        "cost": 0.7618702637, "rmse": 0.494931499199, "omega": 0.119991882446, "grad_norm": 0.435950063,
        "x_last": [[0.220636954019, 0.101576418528, 0.114605171257, 0.437396897886],
                   [0.096312707773, 0.179383913677, -0.121797457263, 0.585890895965]],
        "grad_w_in": [[0.01765268046, 0.00992150647], [0.00593625892, 0.00146645966],
                      [0.01087854842, 0.00716439758], [0.01653170267, 0.00998432696]],
        "grad_w_rec": [[0, 0.00684541991, -0.17706563001, 0.01895951492],
                       [0.15798228145, 0, 0.18758687964, -0.01575828944],
                       [-0.23715050684, 0.01687484986, 0, 0.02771785898],
                       [-0.02639732447, 0.00800498565, -0.02998035386, 0]],
        "grad_w_out": [[0.04241736296, 0.00949694873, 0.01116455017, 0.06009348036],
                       [0.02382869288, 0.01768221312, -0.00070816875, -0.01008581668]],
        "grad_b_rec": [0.03169171008, 0.01959976867, 0.01373478710, 0.02872153211],
        "grad_b_out": [0.13857149970, 0.01607814940],
        "grad_x0": [0.08815391664, 0.03697339374, 0.01759170265, -0.00607092562],
    }),
    ("C", 2.0, {
        "loss": 0.34380045, "rmse": 0.438423858406, "omega": 0.123439802599, "grad_norm": 0.2163117466,
        "grad_w_in": [[0.00471508118, 0.00333499728], [-0.00420025678, -0.00300647952],
                      [0.00555584828, 0.00391187338], [0.00136148789, 0.00099658096]],
        "grad_w_rec": [[0, 0.03973110865, -0.10232999702, -0.00609330426],
                       [0.05557019538, 0, 0.07041460909, 0.00419693852],
                       [-0.09776040681, 0.04789737239, 0, -0.00730926790],
                       [-0.01826658610, 0.00988226842, -0.02296278467, 0]],
        "grad_w_out": [[0.03054078351, 0.03506286621, 0.02629821386, 0.06286282208],
                       [-0.03054078351, -0.03506286621, -0.02629821386, -0.06286282208]],
        "grad_x0": [0.00444020747, -0.00218914973, 0.00565115642, 0.00018332446],
    }),
]  # fmt: skip


def check_spec():
    failures = 0
    for which, lambda_omega, expected in SPEC:
        out = evaluate(spec_problem(which, lambda_omega))
        for name, value in expected.items():
            found = out[name]
            value = np.asarray(value, dtype=float).reshape(found.shape)
            worst = np.abs(found - value).max()
            # half a unit of the last printed decimal, and a little: 8 in C's loss, 9 or more in a norm, 10 or more elsewhere
            tolerance = 6e-9 if (which, name) == ("C", "loss") else 6e-10 if name == "grad_norm" else 6e-11
            good = worst <= tolerance
            failures += not good
            print(f"{which} lambda_omega={lambda_omega:g} {name:12s} worst difference {worst:.1e} {'ok' if good else 'FAIL'}")
            if not good:
                print("  found   ", found, "\n  expected", value)
    assert failures == 0, f"{failures} quantities disagree with the specification"
    print("all printed numbers of cases A, B and C reproduced")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Golden gradients by automatic differentiation.")
    parser.add_argument("--check-spec", action="store_true", help="reproduce the small reference cases; write nothing")
    arguments = parser.parse_args()
    hash_is_as_documented()
    if arguments.check_spec:
        check_spec()
    else:
        for name, case in CASES.items():
            write(name, case, Path(__file__).parent)
