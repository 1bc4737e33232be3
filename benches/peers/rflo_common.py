"""What the two RFLO peers share: the network, the command line, the clock, the check.

The network and the rule are those of Murray 2019, one trial at a time, T steps of

    u = W h + W_in x        h ← (1-α) h + α tanh(u)        y = W_out h        ε = y* - y
    p ← (1-α) p + α tanh'(u) ⊗ h_before        q ← (1-α) q + α tanh'(u) ⊗ x
    ΔW_out = (η/T) ε ⊗ h        ΔW = (η/T) (Bε)_a p_ab        ΔW_in = (η/T) (Bε)_a q_ab

`online` applies the Δ at every step, all three from the weights with which the step began; `batch` sums them in the traces' own loop and
applies them when the trial has ended. h starts at 0.1 and p, q at zero in each trial.

Nothing here imports NumPy before the number of threads is settled.
"""

import argparse
import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ALPHA = 0.1  # Murray 2019: tau is ten steps
GAIN = 1.5
H0 = 0.1
LEARNING_RATE = 0.001  # Murray 2019, for trials of 800 steps
FORMS = ("online", "batch")


@dataclass
class Problem:
    """Arrays of one precision."""

    w: object  # (N × N)
    w_in: object  # (N × 1)
    w_out: object  # (1 × N)
    feedback: object  # B, (N × 1)
    inputs: object  # (T × 1)
    targets: object  # (T × 1)


def random_problem(units, steps, precision="float32", seed=1):
    """The periodic task, with a cosine of the same period as the one input."""
    import numpy as np

    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * np.arange(steps)[:, None] / steps
    arrays = (
        rng.normal(0, GAIN / units**0.5, (units, units)),
        rng.uniform(-1, 1, (units, 1)),
        rng.uniform(-1, 1, (1, units)) / units**0.5,
        rng.normal(0, 1, (units, 1)),
        np.cos(phase),
        np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.25 * np.sin(4 * phase),
    )
    return Problem(*(np.ascontiguousarray(a, dtype=precision) for a in arrays))


# --------------------------------------------------------------------------------------------- the check


def check():
    """NumPy, JAX and golden/local_rules do the same."""
    import jax_rflo
    import numpy as np
    import numpy_rflo

    make = golden()
    # 1e-12: sums in another order; 1e-4: those in float32 over 60 steps of a network whose small differences grow
    for precision, bound in (("float64", 1e-12), ("float32", 1e-4)):
        for units, steps in ((7, 30), (100, 60)):
            problem = random_problem(units, steps, precision)
            for form in FORMS:
                ends = []
                for peer in (numpy_rflo, jax_rflo):
                    trainer = peer.Trainer(problem, form, 0.3)  # fast, so that what was learned matters
                    for _ in range(3):
                        trainer.update()
                    ends.append(trainer.weights())
                for name, start in (("w", problem.w), ("w_in", problem.w_in), ("w_out", problem.w_out)):
                    changes = [np.asarray(end[name]) - start for end in ends]
                    assert all(c.dtype == precision for c in changes)
                    report(f"{precision} {units:3d} {form:6s} JAX and NumPy", name, *changes, bound)

            if precision == "float64":
                expected = golden_change(make, problem)
                for form, rate, bound_here in (("batch", LEARNING_RATE, 1e-12), ("online", 1e-6, 1e-4)):
                    # at 1e-6 the weights hardly move within the trial, and online is batch to that order
                    trainer = numpy_rflo.Trainer(problem, form, rate)
                    trainer.update()
                    for name, want in expected.items():
                        change = (trainer.weights()[name] - getattr(problem, name)) / rate
                        report(f"{precision} {units:3d} {form:6s} NumPy and golden", name, change, want, bound_here)


def report(what, name, found, want, bound):
    import numpy as np

    error = np.linalg.norm(found - want) / np.linalg.norm(want)
    print(f"{what:40s} {name:6s} relative error {error:.1e}")
    assert error < bound, "see rflo_common.check"


def golden():
    """The module that makes golden/local_rules."""
    path = Path(__file__).resolve().parents[2] / "golden" / "local_rules" / "make.py"
    spec = importlib.util.spec_from_file_location("make_local_rules", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def golden_change(make, problem):
    """Δ/η of one trial without learning."""
    import numpy as np

    units, steps = len(problem.w), len(problem.inputs)
    p = make.Problem(
        leak="rate",
        alpha=np.full(units, ALPHA),
        w_rec=problem.w,
        w_in=problem.w_in,
        b_rec=np.zeros(units),
        w_out=problem.w_out,
        b_out=np.zeros(1),
        s0=np.full(units, H0),
        inputs=problem.inputs,
        targets=problem.targets,
        feedback=problem.feedback,
        error_scale=1.0,
    )
    g = -make.learn(p, make.Rflo, "random")[0].sum(0) / steps
    g_out = -sum(np.outer(s.e, s.r) for s in make.run(p)) / steps
    return {"w": g[:, :units], "w_in": g[:, units:-1], "w_out": g_out}


# --------------------------------------------------------------------------------------- the command line


def parse_arguments(add=lambda parser: None):
    parser = argparse.ArgumentParser(description="RFLO, one trial at a time, timed.")
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--precision", choices=("float32", "float64"), default="float32")
    parser.add_argument("--form", choices=FORMS, default=FORMS[0], help="when the weights change")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--serve", action="store_true", help="read lines `N T trials`, answer each with a JSON line")
    parser.add_argument("--check", action="store_true", help="compare NumPy, JAX and golden/local_rules")
    add(parser)
    arguments = parser.parse_args()
    # BLAS and XLA read the size of their thread pools once
    for name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(arguments.threads)
    return arguments


def main(arguments, new_trainer, version):
    """`new_trainer` makes, of a problem, something whose `update` is one trial."""
    if arguments.check:
        check()
        return
    trainers = {}  # what was compiled for a size is kept
    fixed = {"form": arguments.form, "precision": arguments.precision, "threads": arguments.threads, "version": version}

    def answer(units, steps, **how_long):
        import common

        if (units, steps) not in trainers:
            trainers[units, steps] = new_trainer(random_problem(units, steps, arguments.precision))
        m = common.measure(trainers[units, steps], **how_long)
        result = {
            "us_per_step": round(1000 * m["ms_per_update"] / steps, 4),
            "min": round(1000 * m["min"] / steps, 4),
            "trials": m["updates"],
            "compile_s": m["compile_s"],
            "cores_busy": m["cores_busy"],
            "units": units,
            "steps": steps,
        }
        print(json.dumps(result | fixed), flush=True)

    if arguments.serve:
        for line in sys.stdin:
            if line.strip():
                units, steps, trials = map(int, line.split())
                answer(units, steps, updates=trials)
    else:
        answer(arguments.units, arguments.steps, seconds=arguments.seconds)
