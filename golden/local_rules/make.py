"""Golden gradients of the local and the forward learning rules, in plain NumPy, float64.

    python golden/local_rules/make.py           checks, then writes golden/local_rules/rules.json
    python golden/local_rules/make.py --check   checks only, and compares with the file that is there

One network, with r the rates, â_t = [r_{t-1}; u_t; 1] and W = [W_rec | W_in | b]:

    leak "rate"       s_t = r_t                    r_t = (1-α) r_{t-1} + α tanh(x_t)           x_t = W â_t
    leak "potential"  s_t, r_t = tanh(s_t)         s_t = (1-α) s_{t-1} + α x_t                 x_t = W â_t

α differs from unit to unit. s is the state: what leaks, and what every influence below is the derivative of. Of a step,

    slope_t = dr_t/ds_t                            1 | tanh'(s_t)
    gain_t = α d(what leaks in)/dx_t               α tanh'(x_t) | α
    J_t = ds_t/ds_{t-1} = diag(1-α) + diag(gain_t) W_rec diag(slope_{t-1})
    M̄_k,ij = δ_ki gain_i â_j                       the immediate influence, ds_t,k/dW_ij at fixed s_{t-1}
    z_t = W_out r_t + b_out,  e_t = dL/dz_t        L = Σ_t Σ_k (z - y*)² / (T n_out), e = 2 (z - y*) / (T n_out)
    q_t = slope_t ∘ (F e_t)                        F = W_outᵀ ("symmetric") or a fixed B ("random")

A rule is a class: it is made at the start of a trial, `observe` takes it through a step, after which `gradient()` is its g_t (n × m),
of which the file holds the sum over the trial. No weight of the network changes. Equations stand at the classes; the sources are
Murray 2019 (RFLO), Williams & Zipser 1989 (RTRL), Menick et al. 2021 (SnAp-1), Bellec et al. 2020 (e-prop), Tallec & Ollivier 2018
(UORO), Mujika et al. 2018 (KF-RTRL), Roth et al. 2019 (KeRNL), Jaderberg et al. 2017 (DNI), in the common notation of Marschall, Cho &
Savin 2020, whence also reverse KF-RTRL.

Signs, perturbations and the start of everything learned are part of the problem and in the file.
"""

import itertools
import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

# -------------------------------------------------------------------------------------------------------- the network


@dataclass
class Problem:
    leak: str
    alpha: np.ndarray  # (n)
    w_rec: np.ndarray  # (n × n)
    w_in: np.ndarray  # (n × n_in)
    b_rec: np.ndarray  # (n)
    w_out: np.ndarray  # (n_out × n)
    b_out: np.ndarray  # (n_out)
    s0: np.ndarray  # (n), the state before the first step
    inputs: np.ndarray  # (T × n_in)
    targets: np.ndarray  # (T × n_out)
    feedback: np.ndarray  # B, (n × n_out)
    error_scale: float = None  # e = error_scale (z - y*)

    def __post_init__(self):
        if self.error_scale is None:
            self.error_scale = 2 / self.targets.size

    @property
    def w(self):
        return np.column_stack([self.w_rec, self.w_in, self.b_rec])


@dataclass
class Step:
    """All that a rule may look at."""

    a: np.ndarray  # â_t (m)
    x: np.ndarray  # (n)
    s: np.ndarray  # (n)
    r: np.ndarray  # (n)
    slope: np.ndarray  # (n)
    gain: np.ndarray  # (n)
    jacobian: np.ndarray  # (n × n)
    z: np.ndarray  # (n_out)
    e: np.ndarray  # (n_out)
    q: np.ndarray  # (n)
    fed_back: np.ndarray  # F e_t, (n)
    target: np.ndarray  # y*_t (n_out)
    alpha: np.ndarray  # (n)

    @property
    def immediate(self):
        """gain_i â_j, (n × m)"""
        return np.outer(self.gain, self.a)


def tanh_slope(x):
    return 1 - np.tanh(x) ** 2


def run(p, feedback="symmetric"):
    """The steps of the trial."""
    f = p.w_out.T if feedback == "symmetric" else p.feedback
    outside = p.leak == "potential"  # the nonlinearity is outside of the leak
    s = p.s0
    r = np.tanh(s) if outside else s
    slope = tanh_slope(s) if outside else np.ones_like(s)
    for u, target in zip(p.inputs, p.targets):
        a = np.concatenate([r, u, [1.0]])
        x = p.w @ a
        slope_before = slope
        if outside:
            s = (1 - p.alpha) * s + p.alpha * x
            r, slope, gain = np.tanh(s), tanh_slope(s), p.alpha
        else:
            s = (1 - p.alpha) * s + p.alpha * np.tanh(x)
            r, slope, gain = s, np.ones_like(s), p.alpha * tanh_slope(x)
        jacobian = np.diag(1 - p.alpha) + gain[:, None] * p.w_rec * slope_before
        z = p.w_out @ r + p.b_out
        e = p.error_scale * (z - target)
        yield Step(a, x, s, r, slope, gain, jacobian, z, e, slope * (f @ e), f @ e, target, p.alpha)


def loss(p):
    """Of which e is the derivative."""
    return sum(p.error_scale / 2 * np.sum((s.z - s.target) ** 2) for s in run(p))


# ---------------------------------------------------------------------------------------------------------- the rules


class Rtrl:
    """M' = J M + M̄;  g_ij = Σ_k q_k M_k,ij."""

    def __init__(self, n, m):
        self.influence = np.zeros((n, n, m))

    def observe(self, t, s):
        self.influence = np.einsum("kl,lij->kij", s.jacobian, self.influence)
        units = np.arange(len(s.r))
        self.influence[units, units] += s.immediate
        self.g = np.einsum("k,kij->ij", s.q, self.influence)

    def gradient(self):
        return self.g


class Snap1:
    """E' = diag(J) E + gain_i â_j;  g_ij = q_i E_ij."""

    def __init__(self, n, m):
        self.trace = np.zeros((n, m))

    def observe(self, t, s):
        self.trace = np.diag(s.jacobian)[:, None] * self.trace + s.immediate
        self.g = s.q[:, None] * self.trace

    def gradient(self):
        return self.g


class Rflo:
    """E' = (1-α) E + gain_i â_j;  g_ij = q_i E_ij."""

    def __init__(self, n, m):
        self.trace = np.zeros((n, m))

    def observe(self, t, s):
        self.trace = (1 - s.alpha)[:, None] * self.trace + s.immediate
        self.g = s.q[:, None] * self.trace

    def gradient(self):
        return self.g


class Eprop:
    """E as in RFLO, and low-passed by the read-out's filter κ, from zero:

    "trace"        F' = κ F + (1-κ) E             g_ij = q_i F_ij
    "eligibility"  F' = κ F + (1-κ) slope_i E_ij  g_ij = (F e)_i F_ij

    The second is Bellec's, whose eligibility trace has the slope in it. Both are one with the rate leak, where slope = 1.
    """

    def __init__(self, n, m, kappa, filtered):
        self.rflo, self.kappa, self.of_eligibility = Rflo(n, m), kappa, filtered == "eligibility"
        self.filtered = np.zeros((n, m))

    def observe(self, t, s):
        self.rflo.observe(t, s)
        trace = self.rflo.trace
        if self.of_eligibility:
            trace = s.slope[:, None] * trace
        self.filtered = self.kappa * self.filtered + (1 - self.kappa) * trace
        self.g = (s.fed_back if self.of_eligibility else s.q)[:, None] * self.filtered

    def gradient(self):
        return self.g


def balance(over, under):
    """√(over / under); of two zeros, 1."""
    if over == 0 and under == 0:
        return 1.0
    assert over > 0 and under > 0
    return np.sqrt(over / under)


class Uoro:
    """M_k,ij ≈ A_k B_ij, signs ν (n) at each step:

    p0 = √(‖B‖/‖JA‖)   p1 = √(‖ν_i M̄_ij‖/‖ν‖)
    A' = p0 J A + p1 ν   B' = B/p0 + ν_i gain_i â_j / p1       g_ij = (q·A) B_ij
    """

    def __init__(self, n, m, signs):
        self.a, self.b, self.signs = np.zeros(n), np.zeros((n, m)), signs

    def observe(self, t, s):
        nu, norm = self.signs[t], np.linalg.norm
        carried, new = s.jacobian @ self.a, nu[:, None] * s.immediate
        p0, p1 = balance(norm(self.b), norm(carried)), balance(norm(new), norm(nu))
        self.a = p0 * carried + p1 * nu
        self.b = self.b / p0 + new / p1
        self.g = (s.q @ self.a) * self.b

    def gradient(self):
        return self.g


class KfRtrl:
    """M_k,ij ≈ B_ki A_j, two signs ν0, ν1 at each step:

    p0 = √(‖JB‖/‖A‖)   p1 = √(‖diag(gain)‖/‖â‖)
    A' = ν0 p0 A + ν1 p1 â   B' = ν0 J B/p0 + ν1 diag(gain)/p1       g_ij = (qᵀB)_i A_j
    """

    def __init__(self, n, m, signs):
        self.a, self.b, self.signs = np.zeros(m), np.zeros((n, n)), signs

    def observe(self, t, s):
        (nu0, nu1), norm = self.signs[t], np.linalg.norm
        carried = s.jacobian @ self.b
        p0, p1 = balance(norm(carried), norm(self.a)), balance(norm(s.gain), norm(s.a))
        self.a = nu0 * p0 * self.a + nu1 * p1 * s.a
        self.b = nu0 * carried / p0 + nu1 * np.diag(s.gain) / p1
        self.g = np.outer(s.q @ self.b, self.a)

    def gradient(self):
        return self.g


class ReverseKfRtrl:
    """M_k,ij ≈ A_i B_kj, signs ν (n) at each step:

    p0 = √(‖JB‖/‖A‖)   p1 = √(‖ν_i M̄_ij‖/‖ν‖)
    A' = p0 A + p1 ν   B' = J B/p0 + ν_i gain_i â_j / p1       g_ij = A_i (qᵀB)_j
    """

    def __init__(self, n, m, signs):
        self.a, self.b, self.signs = np.zeros(n), np.zeros((n, m)), signs

    def observe(self, t, s):
        nu, norm = self.signs[t], np.linalg.norm
        carried, new = s.jacobian @ self.b, nu[:, None] * s.immediate
        p0, p1 = balance(norm(carried), norm(self.a)), balance(norm(new), norm(nu))
        self.a = p0 * self.a + p1 * nu
        self.b = carried / p0 + new / p1
        self.g = np.outer(self.a, s.q @ self.b)

    def gradient(self):
        return self.g


class Kernl:
    """M_k,ij ≈ A_ki E_ij. Instead of a perturbed copy of the network, its tangent d. At each step, in this order:

    1. κ_i = max(0, 1-λ_i), with λ from the step before
    2. d ← J d + ζ_t   Γ ← κΓ - Ω   Ω ← κΩ + ζ_t   E ← κ_i E + gain_i â_j       (Γ from the old Ω)
    3. ρ = AΩ - d;  A ← A - η_A ρ ⊗ Ω and λ ← λ - η_λ (ρᵀA) ∘ Γ                 (both from the old A)
    4. g_ij = (qᵀA)_i E_ij, with the new A

    d, Γ, Ω, E start at zero.
    """

    def __init__(self, n, m, zeta, a, lam, rate_a=0.0, rate_lambda=0.0):
        self.zeta, self.a, self.lam, self.rate_a, self.rate_lambda = zeta, a.copy(), lam.copy(), rate_a, rate_lambda
        self.d, self.gamma, self.omega, self.trace = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, m))

    def observe(self, t, s):
        kept = np.maximum(0, 1 - self.lam)
        self.d = s.jacobian @ self.d + self.zeta[t]
        self.gamma = kept * self.gamma - self.omega
        self.omega = kept * self.omega + self.zeta[t]
        self.trace = kept[:, None] * self.trace + s.immediate
        rest = self.a @ self.omega - self.d
        step_a, step_lambda = np.outer(rest, self.omega), (rest @ self.a) * self.gamma
        self.a -= self.rate_a * step_a
        self.lam -= self.rate_lambda * step_lambda
        self.g = (s.q @ self.a)[:, None] * self.trace

    def gradient(self):
        return self.g


class Dni:
    """c̃ = A ã, ã_t = [r_t; y*_t; 1], stands for dL/ds_t of this and all later steps. At each step, in this order:

    1. from the second step on: c* = q_{t-1} + (A° ã_t)ᵀ J_t;  A ← A - η (A ã_{t-1} - c*) ⊗ ã_{t-1}
    2. after every `refresh`-th of these updates, A° ← A
    3. g_ij = (A ã_t)_i gain_i â_j, with the new A

    A° starts as A. ½ |A ã - c*|² is what falls: its gradient has no 1/n. The last step of a trial is never a ã_{t-1}.
    """

    def __init__(self, n, m, a, rate=0.0, refresh=1):
        self.a, self.target_a, self.rate, self.refresh = a.copy(), a.copy(), rate, refresh
        self.before = None
        self.updates = 0

    def observe(self, t, s):
        here = np.concatenate([s.r, s.target, [1.0]])
        if self.before is not None:
            there, q = self.before
            goal = q + (self.target_a @ here) @ s.jacobian
            self.a -= self.rate * np.outer(self.a @ there - goal, there)
            self.updates += 1
            if self.updates % self.refresh == 0:
                self.target_a = self.a.copy()
        self.before = here, s.q
        self.g = (self.a @ here)[:, None] * s.immediate

    def gradient(self):
        return self.g


def learn(p, make_rule, feedback="symmetric"):
    """Every g_t, (T × n × m), and the rule as the trial left it."""
    n, m = p.w.shape
    rule = make_rule(n, m)
    gradients = []
    for t, s in enumerate(run(p, feedback)):
        rule.observe(t, s)
        gradients.append(rule.gradient())
    return np.array(gradients), rule


# --------------------------------------------------------------------------------------------------------- the checks


def printed(what, value, table):
    """Raises unless `value` rounds to every digit of `table`, numbers separated by blanks and commas."""
    numbers = re.findall(r"-?\d*\.?\d+", table)
    value = np.ravel(value)
    assert len(numbers) == len(value), what
    for number, v in zip(numbers, value):
        decimals = len(number.partition(".")[2])
        if round(float(v), decimals) != float(number):
            raise SystemExit(f"{what}: {v!r}, but {number} is printed")


def tiny(leak="rate", alpha=(0.1, 0.1)):
    """Two units, three steps; e = z - y*."""
    return Problem(
        leak=leak,
        alpha=np.array(alpha),
        w_rec=np.array([[0.5, -0.3], [0.2, 0.4]]),
        w_in=np.array([[1.0], [-0.5]]),
        b_rec=np.zeros(2),
        w_out=np.array([[0.7, -0.2]]),
        b_out=np.zeros(1),
        s0=np.array([0.1, 0.1]),
        inputs=np.array([[1.0], [0.0], [-1.0]]),
        targets=np.array([[0.5], [-0.25], [1.0]]),
        feedback=np.array([[0.3], [0.9]]),
        error_scale=1.0,
    )


TINY_SIGNS = np.array([[1.0, -1.0], [-1.0, -1.0], [1.0, 1.0]])


def check_printed():
    p = tiny()
    steps = list(run(p))
    for s, u, h, y, eps in zip(
        steps,
        ("1.02 -.44", ".0689026601 .0528515530", "-.9361319866 .5510543702"),
        (".1669866536 .0486355558", ".1571673709 .0490522400", ".0681066296 .0942780183"),
        (".1071635464", ".1002067116", ".0288190371"),
        (".3928364536", "-.3502067116", ".9711809629"),
    ):
        printed("u", s.x, u)
        printed("h", s.r, h)
        printed("y", s.z, y)
        printed("ε", -s.e, eps)
    printed("L", loss(p) / 3, ".20335961381")
    printed("read-out", -sum(np.outer(s.e, s.r) for s in steps), ".0767012388 .0934884122")

    rflo, at_end = learn(p, Rflo, "random")
    printed("p", at_end.trace[:, :2], ".0255190136 .0099221950 .0334679097 .0147515556")
    printed("q", at_end.trace[:, 2], "-.0132148237 -.0077280658")
    printed("RFLO recurrent", -rflo.sum(0)[:, :2], ".0057838638 .0024771997 .0245838238 .0119444148")
    printed("RFLO input", -rflo.sum(0)[:, 2], "-.0029013723 -.0009620289")
    local = learn(p, Rflo)[0]
    printed("local symmetric", -local.sum(0)[:, :2], ".0134956822 .0057801326 -.0054630720 -.0026543144")
    rtrl = learn(p, Rtrl)[0]
    printed("RTRL recurrent", -rtrl.sum(0)[:, :2], ".0138224610 .0059561651 -.0059641598 -.0029755306")
    printed("RTRL input", -rtrl.sum(0)[:, 2], "-.0056290258 -.0022592083")
    random = learn(p, Rtrl, "random")[0]
    printed("non-local random recurrent", -random.sum(0)[:, :2], ".0062618739 .0027217568 .0252370058 .0123363301")
    printed("non-local random input", -random.sum(0)[:, 2], "-.0014151598 .0018834677")

    # g of the third step
    for name, rule, table in (
        ("RTRL", Rtrl, "-.0177192833 -.0069654037 .0074029629 -.1175905170 .0070855969 .0032703319 .0018102186 .0498470219"),
        ("SnAp-1", Snap1, "-.0177943106 -.0070061720 .0071360636 -.1181468846 .0067006598 .0029966148 -.0004699008 .0466271562"),
        ("RFLO", Rflo, "-.0173485061 -.0067453728 .0089837896 -.1147359687 .0065006794 .0028652860 -.0015010701 .0450159193"),
        (
            "UORO",
            lambda n, m: Uoro(n, m, TINY_SIGNS),
            ".0029590471 -.0014797090 .0096858904 .0028231950 .0084565409 .0067391261 .1295592334 .0721811604",
        ),
        (
            "KF-RTRL",
            lambda n, m: KfRtrl(n, m, TINY_SIGNS),
            "-.0002437987 -.0002593788 .0014607544 -.0026846461 .0012713794 .0013526276 -.0076176497 .0140000903",
        ),
        (
            "reverse KF-RTRL",
            lambda n, m: ReverseKfRtrl(n, m, TINY_SIGNS),
            ".0000201591 -.0026799310 -.0215411321 -.0157101798 -.0000236185 .0031398159 .0252376609 .0184060981",
        ),
    ):
        printed(name, learn(p, rule)[0][2], table)


def check_unbiased():
    """Averaged over every pattern of signs, the stochastic rules are RTRL, at each step."""
    for leak, alpha, feedback in itertools.product(("rate", "potential"), ((0.1, 0.1), (0.3, 0.15)), ("symmetric", "random")):
        p = tiny(leak, alpha)
        exact = learn(p, Rtrl, feedback)[0]
        for rule in (Uoro, KfRtrl, ReverseKfRtrl):
            total = np.zeros_like(exact)
            for pattern in itertools.product((-1.0, 1.0), repeat=6):
                signs = np.array(pattern).reshape(3, 2)
                total += learn(p, lambda n, m: rule(n, m, signs), feedback)[0]  # noqa: B023
            error = np.abs(total / 64 - exact).max()
            assert error < 1e-15, f"{rule.__name__}, {leak}, {feedback}: {error}"


def check_identities(problem, zeta):
    for leak in ("rate", "potential"):
        p = replace(problem, leak=leak)
        n, m = p.w.shape
        # 1e-9: central differences at h = 1e-5 are off by some h² and some 1e-16 / h
        exact = learn(p, Rtrl)[0].sum(0)
        h = 1e-5
        for i, j in np.ndindex(n, m):
            both = []
            for sign in (1, -1):
                w = p.w
                w[i, j] += sign * h
                both.append(loss(replace(p, w_rec=w[:, :n], w_in=w[:, n:-1], b_rec=w[:, -1])))
            assert abs((both[0] - both[1]) / (2 * h) - exact[i, j]) < 1e-9, (leak, i, j)
        # the tangent d is what a perturbed copy would do
        rule = learn(p, lambda n, m: Kernl(n, m, zeta, np.eye(n), p.alpha))[1]
        assert np.abs(rule.d - perturbed_copy(p, zeta, h)).max() < 1e-9

        same = lambda x, y: np.abs(x - y).max() < 1e-15  # noqa: E731
        for feedback in ("symmetric", "random"):
            rules = {
                "snap": Snap1,
                "rflo": Rflo,
                "e-prop": lambda n, m: Eprop(n, m, 0.0, "trace"),
                "e-prop'": lambda n, m: Eprop(n, m, 0.0, "eligibility"),
                "kernl": lambda n, m: Kernl(n, m, zeta, np.eye(n), p.alpha),  # noqa: B023
            }
            g = {k: learn(p, v, feedback)[0] for k, v in rules.items()}
            first = learn(p, Rtrl, feedback)[0][0]
            assert all(same(v[0], first) for v in g.values()), "on the first step all are one"
            assert same(g["e-prop"], g["rflo"]) and same(g["e-prop'"], g["rflo"]), "κ = 0 filters nothing"
            assert same(g["kernl"], g["rflo"]), "A = I and λ = α"
            hollow = replace(p, w_rec=p.w_rec - np.diag(np.diag(p.w_rec)))
            assert same(learn(hollow, Rflo, feedback)[0], learn(hollow, Snap1, feedback)[0])
            alone = replace(p, w_rec=np.zeros((n, n)))
            assert same(learn(alone, Rflo, feedback)[0], learn(alone, Rtrl, feedback)[0])
            # two steps of DNI from A = 0, by hand: the goal of the first step is its q
            two = replace(p, inputs=p.inputs[:2], targets=p.targets[:2])
            rule = learn(two, lambda n, m: Dni(n, m, np.zeros((n, n + p.w_out.shape[0] + 1)), 0.1), feedback)[1]  # noqa: B023
            s = next(run(two, feedback))
            assert same(rule.a, 0.1 * np.outer(s.q, np.concatenate([s.r, s.target, [1.0]])))


def perturbed_copy(p, zeta, h):
    """How far a copy is from the network after the last step if hζ_t is added to its state after each step, over h."""
    ends = []
    for sign in (1, -1):
        state = p.s0
        for u, kick in zip(p.inputs, zeta):
            step = next(run(replace(p, s0=state, inputs=u[None], targets=p.targets[:1])))
            state = step.s + sign * h * kick
        ends.append(state)
    return (ends[0] - ends[1]) / (2 * h)


# ----------------------------------------------------------------------------------------------------------- the file

N, N_IN, N_OUT, T = 6, 2, 2, 8
SEED = 20190524
KAPPA = 0.7
KERNL_RATE_A, KERNL_RATE_LAMBDA = 0.02, 0.01
DNI_RATE, DNI_REFRESH = 0.05, 5


def draw():
    rng = np.random.default_rng(SEED)
    sign = lambda *shape: rng.choice([-1.0, 1.0], shape)  # noqa: E731
    problem = Problem(
        leak="rate",
        alpha=rng.uniform(0.1, 0.6, N),
        w_rec=rng.normal(0, 1.5 / N**0.5, (N, N)),
        w_in=rng.uniform(-1, 1, (N, N_IN)),
        b_rec=rng.normal(0, 0.2, N),
        w_out=rng.uniform(-1, 1, (N_OUT, N)),
        b_out=rng.normal(0, 0.2, N_OUT),
        s0=rng.normal(0, 0.3, N),
        inputs=rng.normal(0, 1, (T, N_IN)),
        targets=rng.normal(0, 1, (T, N_OUT)),
        feedback=rng.normal(0, 1, (N, N_OUT)),
    )
    extra = {
        "signs": sign(T, N),  # UORO and reverse KF-RTRL
        "sign_pairs": sign(T, 2),  # KF-RTRL: ν0, ν1
        "zeta": rng.normal(0, 1, (T, N)),
        "kernl_a": np.eye(N) + rng.normal(0, 0.2, (N, N)),
        "kernl_lambda": rng.uniform(0.2, 0.7, N),
        "dni_a": rng.normal(0, (N + N_OUT + 1) ** -0.5, (N, N + N_OUT + 1)),
    }
    return problem, extra


def rules_of(x):
    kernl = x["zeta"], x["kernl_a"], x["kernl_lambda"]
    return {
        "rtrl": Rtrl,
        "snap1": Snap1,
        "rflo": Rflo,
        "eprop_trace": lambda n, m: Eprop(n, m, KAPPA, "trace"),
        "eprop_eligibility": lambda n, m: Eprop(n, m, KAPPA, "eligibility"),
        "uoro": lambda n, m: Uoro(n, m, x["signs"]),
        "kf_rtrl": lambda n, m: KfRtrl(n, m, x["sign_pairs"]),
        "reverse_kf_rtrl": lambda n, m: ReverseKfRtrl(n, m, x["signs"]),
        "kernl_fixed": lambda n, m: Kernl(n, m, *kernl),
        "kernl_learned": lambda n, m: Kernl(n, m, *kernl, KERNL_RATE_A, KERNL_RATE_LAMBDA),
        "dni_fixed": lambda n, m: Dni(n, m, x["dni_a"]),
        "dni_learned": lambda n, m: Dni(n, m, x["dni_a"], DNI_RATE, DNI_REFRESH),
        "dni_learned_refresh_1": lambda n, m: Dni(n, m, x["dni_a"], DNI_RATE, 1),
    }


def evaluate(problem, extra):
    cases = []
    for leak, feedback in itertools.product(("rate", "potential"), ("symmetric", "random")):
        p = replace(problem, leak=leak)
        steps = list(run(p, feedback))
        case = {
            "leak": leak,
            "feedback": feedback,
            "loss": loss(p),
            "states": [s.s for s in steps],
            "rates": [s.r for s in steps],
            "outputs": [s.z for s in steps],
            "errors": [s.e for s in steps],
            "gradient_out": sum(np.outer(s.e, np.append(s.r, 1.0)) for s in steps),
            "gradients": {},
            "learned": {},
        }
        for name, rule in rules_of(extra).items():
            g, end = learn(p, rule, feedback)
            case["gradients"][name] = g.sum(0)
            if name == "kernl_learned":
                assert (0 < end.lam).all() and (end.lam < 1).all(), "κ must stay clear of its bound"
                case["learned"][name] = {"a": end.a, "lambda": end.lam}
            elif name.startswith("dni_learned"):
                case["learned"][name] = {"a": end.a, "target_a": end.target_a}
        cases.append(case)
    return cases


def text(value):
    """JSON with every innermost list on one line, each float in as many digits as it has."""
    long = json.dumps(value, indent=1, default=lambda a: a.tolist())
    return re.sub(r"\[[^\[\]{}]*\]", lambda m: "[" + " ".join(m[0][1:-1].split()) + "]", long) + "\n"


def main():
    problem, extra = draw()
    check_printed()
    check_unbiased()
    check_identities(problem, extra["zeta"])
    names = ("alpha", "w_rec", "w_in", "b_rec", "w_out", "b_out", "s0", "inputs", "targets", "feedback")
    settings = {
        "eprop_kappa": KAPPA,
        "kernl_rate_a": KERNL_RATE_A,
        "kernl_rate_lambda": KERNL_RATE_LAMBDA,
        "dni_rate": DNI_RATE,
        "dni_refresh": DNI_REFRESH,
    }
    contents = {
        "sizes": {"units": N, "inputs": N_IN, "outputs": N_OUT, "steps": T},
        "problem": {k: getattr(problem, k) for k in names} | extra | settings,
        "cases": evaluate(problem, extra),
    }
    path = Path(__file__).with_name("rules.json")
    if "--check" in sys.argv[1:]:
        compare(json.loads(path.read_text()), json.loads(text(contents)))
    else:
        path.write_text(text(contents))


def compare(found, made, where="rules.json"):
    if isinstance(made, dict):
        assert found.keys() == made.keys(), where
        for k in made:
            compare(found[k], made[k], f"{where}/{k}")
    elif isinstance(made, list) and made and isinstance(made[0], dict):
        for i, (f, m) in enumerate(zip(found, made, strict=True)):
            compare(f, m, f"{where}/{i}")
    elif isinstance(made, str):
        assert found == made, where
    else:
        # another processor's tanh may differ in its last digit
        assert np.allclose(found, made, rtol=0, atol=1e-13), where


if __name__ == "__main__":
    main()
