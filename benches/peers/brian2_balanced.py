"""Time per biological second of the balanced network in Brian2's compiled standalone mode.

    python benches/peers/brian2_balanced.py --neurons 4096 --k 205 --threads 1 --seconds 2

The network is that of `golden/spiking/make.py`, plastic synapses at their initial weights included, nothing recorded.
`s_per_second` is what Brian2 says the compiled program spent in its run, without set-up.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "golden" / "spiking"))

import numpy as np
import make
from brian2 import __version__, defaultclock, device, ms, prefs, second, set_device


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neurons", type=int, default=4096)
    parser.add_argument("--k", type=int, default=205)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["float64", "float32"], default="float64")
    args = parser.parse_args()
    prefs.core.default_float_dtype = getattr(np, args.precision)
    prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native",
                                                "-std=c++11"]
    prefs.devices.cpp_standalone.openmp_threads = 0 if args.threads == 1 else args.threads
    set_device("cpp_standalone", build_on_run=False, directory=tempfile.mkdtemp())
    defaultclock.dt = 0.1 * ms
    p = make.parameters(args.neurons, k=args.k)
    net, _ = make.build(p, np.random.default_rng(1), plastic=True, record=False)
    net.run(0.1 * second)  # warm
    net.run(args.seconds * second, profile=False)
    device.build(directory=tempfile.mkdtemp(), compile=True, run=False)
    times = []
    for _ in range(args.rounds):
        device.run(with_output=False)
        times.append(device._last_run_time / (args.seconds + 0.1))
    print(json.dumps({"neurons": args.neurons, "k": args.k, "threads": args.threads, "precision": args.precision,
                      "s_per_second": float(np.median(times)), "min": min(times), "rounds": len(times),
                      "version": __version__, "cores": os.cpu_count()}))


if __name__ == "__main__":
    main()
