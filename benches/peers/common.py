"""What the two peers share: the network to train, the command line, the clock, and the comparison with the golden gradients.

The network is the excitatory-inhibitory one of Song, Yang & Wang 2016: Dale's principle by rectification, rectified units, linear
output, 80 % excitatory, readout from excitatory units only. One update is

    draw T × B × N recurrent noise -> forward -> loss -> gradient of w_in, w_rec, w_out, x0 -> + λ ∂Ω/∂w_rec -> clip -> θ -= η g

in float32. Inputs and targets are random, made once.
"""

import argparse
import importlib.util
import json
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ALPHA = 0.2  # dt / tau = 20 ms / 100 ms
SIGMA_REC = 0.15
NOISE_SD = (2 * ALPHA) ** 0.5 * SIGMA_REC  # added to x at every step
LAMBDA_OMEGA = 2.0
LEARNING_RATE = 0.01
MAX_GRADIENT_NORM = 1.0
OMEGA_BOUND = 1e-20
N_IN, N_OUT = 3, 2
TRAINED = ("w_in", "w_rec", "w_out", "x0")


@dataclass
class Problem:
    """All arrays float32."""

    theta: dict  # underlying parameters: w_in (N × Nin), w_rec (N × N), w_out (Nout × N), x0 (N)
    rec_mask: np.ndarray  # (N × N)
    out_mask: np.ndarray  # (Nout × N)
    ei: np.ndarray  # ±1, (N)
    inputs: np.ndarray  # (T × B × Nin)
    targets: np.ndarray  # (T × B × Nout)
    mask: np.ndarray  # (T × B × Nout)

    @property
    def shape(self):
        steps, trials, _ = self.inputs.shape
        return steps, trials, len(self.ei)


def random_problem(units, trials, steps, seed=1):
    rng = np.random.default_rng(seed)
    n_exc = int(0.8 * units)
    exc = np.arange(units) < n_exc
    ei = np.where(exc, 1.0, -1.0)
    rec_mask = 1.0 - np.eye(units)
    # gamma-distributed magnitudes, inhibition scaled up to balance excitation, spectral radius 1.5
    magnitude = rng.gamma(2.0, 0.5, (units, units)) * rec_mask * np.where(exc, 1.0, n_exc / (units - n_exc))
    magnitude *= 1.5 / np.abs(np.linalg.eigvals(magnitude * ei)).max()
    out_mask = np.tile(exc.astype(float), (N_OUT, 1))
    theta = {
        "w_in": rng.uniform(0, 0.1, (units, N_IN)),
        "w_rec": magnitude,
        "w_out": rng.uniform(0, 0.1, (N_OUT, units)) * out_mask,
        "x0": np.full(units, 0.1),
    }
    mask = np.zeros((steps, trials, N_OUT))
    mask[: steps // 4] = 1  # fixation and decision count, the time between does not
    mask[-(steps // 4) :] = 1
    single = lambda a: np.ascontiguousarray(a, dtype=np.float32)  # noqa: E731
    return Problem(
        theta={k: single(v) for k, v in theta.items()},
        rec_mask=single(rec_mask),
        out_mask=single(out_mask),
        ei=single(ei),
        inputs=single(rng.uniform(0.2, 1.0, (steps, trials, N_IN))),
        targets=single(rng.choice([0.2, 1.0], (steps, trials, N_OUT))),
        mask=single(mask),
    )


# --------------------------------------------------------------------------------------------- the clock


def measure(trainer, seconds=None, updates=None):
    """Times single updates; the first two (compilation, caches) are not counted."""
    start = time.perf_counter()
    trainer.update()
    compile_s = time.perf_counter() - start
    trainer.update()
    times = []
    begin, cpu = time.perf_counter(), time.process_time()
    while (updates is not None and len(times) < updates) or (updates is None and time.perf_counter() - begin < seconds):
        t = time.perf_counter()
        trainer.update()
        times.append(1e3 * (time.perf_counter() - t))
    wall = time.perf_counter() - begin
    return {
        "ms_per_update": round(statistics.median(times), 4),
        "min": round(min(times), 4),
        "updates": len(times),
        "compile_s": round(compile_s, 3),
        "cores_busy": round((time.process_time() - cpu) / wall, 2),
    }


def serve(new_trainer, fixed):
    """For each line `N B T updates` on stdin, one JSON line on stdout."""
    trainers = {}
    for line in sys.stdin:
        if not line.strip():
            continue
        units, trials, steps, updates = map(int, line.split())
        key = (units, trials, steps)
        if key not in trainers:
            trainers[key] = new_trainer(random_problem(*key))
        result = {"units": units, "trials": trials, "steps": steps} | measure(trainers[key], updates=updates) | fixed
        print(json.dumps(result), flush=True)


# --------------------------------------------------------------------------------------------- the check


def golden():
    """The module that makes the golden problems."""
    path = Path(__file__).resolve().parents[2] / "golden" / "autodiff" / "make.py"
    spec = importlib.util.spec_from_file_location("make", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["make"] = module
    spec.loader.exec_module(module)
    return module


def check(new_trainer):
    """Loss, Ω and gradients of two golden problems, against the float64 program that made them."""
    make = golden()
    for name in ("small_N8", "dale_rectify_linear"):
        p = make.build(make.CASES[name])
        expected = make.evaluate(p)
        single = lambda a: np.asarray(a, dtype=np.float32)  # noqa: E731
        problem = Problem(
            theta={k: single(p.theta[k]) for k in TRAINED},
            rec_mask=single(p.masks["w_rec"]),
            out_mask=single(p.masks["w_out"]),
            ei=single(p.ei),
            inputs=single(p.inputs),
            targets=single(p.targets),
            mask=single(p.mask),
        )
        found = new_trainer(problem).gradient(single(ALPHA * p.noise))
        for quantity, value in found.items():
            value, want = np.asarray(value, dtype=float), expected[quantity]
            error = np.linalg.norm(value - want) / np.linalg.norm(want)
            print(f"{name:20s} {quantity:11s} relative error {error:.1e}")
            assert error < 2e-5, "float32 sums over 60 steps should do better"


# --------------------------------------------------------------------------------------- the command line


def parse_arguments(forms):
    parser = argparse.ArgumentParser(description="One SGD update of an excitatory-inhibitory network, timed.")
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--form", choices=forms, default=forms[0], help="how gradients are obtained; the first is the fastest")
    parser.add_argument("--serve", action="store_true", help="read lines `N B T updates`, answer each with a JSON line")
    parser.add_argument("--check", action="store_true", help="compare loss and gradients with golden/autodiff")
    return parser.parse_args()


def main(arguments, new_trainer, version):
    fixed = {"threads": arguments.threads, "form": arguments.form, "version": version}
    if arguments.check:
        check(new_trainer)
    elif arguments.serve:
        serve(new_trainer, fixed)
    else:
        problem = random_problem(arguments.units, arguments.trials, arguments.steps)
        print(json.dumps(measure(new_trainer(problem), seconds=arguments.seconds) | fixed))
