"""Golden statistics of the untrained balanced network, by Brian2 (compiled, double precision).

    pip install -r golden/spiking/requirements.txt
    python golden/spiking/make.py            writes golden/spiking/balanced.json

The network of Arthur, Kim, Chen, Preibisch & Darshan (2023) with its default parameters (N = 4096, K = 205), once without
and once with the plastic synapses at their initial weights. Every draw has its own connections and initial potentials. A draw
runs for DROP + KEEP; statistics are those of the last KEEP:

    rate        mean over the neurons of a population, Hz
    cv          sd / mean of a neuron's intervals (sd over n - 1), mean over neurons with at least MIN_SPIKES spikes
    fano        variance / mean of counts in bins of BIN, mean over neurons with at least MIN_SPIKES spikes
    correlation Pearson correlation of counts in bins of BIN, mean over all pairs of the SAMPLE neurons of the smallest index
                of each population that have at least MIN_SPIKES spikes

Forward Euler with "u first, then v" is Brian2's Euler step with synapses after it, one step earlier: the same numbers.
A neuron skips exactly one step after a spike; Brian2 counts that step into the refractory period (hence 0.2 ms).
"""

import json
import sys
from pathlib import Path

import numpy as np
from brian2 import (NeuronGroup, Network, SpikeMonitor, Synapses, defaultclock, device, ms, prefs, second, set_device)

DROP, KEEP = 1.0, 5.0  # s
BIN = 0.05  # s
SAMPLE = 200
MIN_SPIKES = 5
DRAWS = 5


def parameters(n, k_density=0.1, k=None, jx_factor=0.08):
    """Weights and drives of the balanced network; charges in threshold · ms."""
    n_e = n // 2
    k = round(n_e * k_density) if k is None else k
    j = 2 / np.sqrt(k) * 10.0
    jx = jx_factor * np.sqrt(k)
    plastic = round(2 * np.sqrt(k))
    return dict(n=n, n_e=n_e, k=k, jee=0.15 * j, jie=j, jei=-0.75 * j, jii=-j, x_e=1.5 * jx, x_i=jx, l=plastic,
                w_plastic=2 * 10.0 / (2 * np.sqrt(plastic)))


def background(p, rng):
    """Every neuron has 2K distinct targets other than itself."""
    n, degree = p["n"], 2 * p["k"]
    post = np.empty((n, degree), dtype=np.int32)
    for s in range(n):
        t = rng.choice(n - 1, degree, replace=False)
        post[s] = np.sort(t + (t >= s))
    return np.repeat(np.arange(n, dtype=np.int32), degree), post.ravel()


def fan_in(p, rng):
    """Every neuron has L plastic inputs from E and L from I."""
    n, n_e, l = p["n"], p["n_e"], p["l"]
    pre_e = np.concatenate([rng.choice(n_e, l, replace=False) for _ in range(n)])
    pre_i = np.concatenate([n_e + rng.choice(n - n_e, l, replace=False) for _ in range(n)])
    post = np.repeat(np.arange(n), l)
    return pre_e, pre_i, post


def build(p, rng, plastic, record=True):
    """The objects of one network."""
    n, n_e = p["n"], p["n_e"]
    group = NeuronGroup(
        n,
        """dv/dt = (x + u_e + u_i + u_p - v)/(10*ms) : 1 (unless refractory)
           du_e/dt = -u_e/(3*ms) : 1
           du_i/dt = -u_i/(3*ms) : 1
           du_p/dt = -u_p/(150*ms) : 1
           x : 1 (constant)
           w_e : 1 (constant)
           w_i : 1 (constant)""",
        threshold="v > 1", reset="v = 0", refractory=0.2 * ms, method="euler")
    excitatory = np.arange(n) < n_e
    group.x = np.where(excitatory, p["x_e"], p["x_i"])
    group.w_e = np.where(excitatory, p["jee"], p["jie"]) / 3.0
    group.w_i = np.where(excitatory, p["jei"], p["jii"]) / 3.0
    group.v = rng.standard_normal(n)
    objects = [group]
    pre, post = background(p, rng)
    for name, which in (("e", pre < n_e), ("i", pre >= n_e)):
        s = Synapses(group, group, on_pre=f"u_{name}_post += w_{name}_post")
        s.connect(i=pre[which], j=post[which])
        objects.append(s)
    if plastic:
        pre_e, pre_i, post = fan_in(p, rng)
        s = Synapses(group, group, "w : 1", on_pre="u_p_post += w")
        s.connect(i=np.concatenate([pre_e, pre_i]), j=np.concatenate([post, post]))
        s.w = np.repeat([p["w_plastic"] / 150.0, -p["w_plastic"] / 150.0], len(post))
        objects.append(s)
    monitor = None
    if record:
        monitor = SpikeMonitor(group)
        objects.append(monitor)
    return Network(objects), monitor


def statistics(p, i, t):
    """What the docstring says, of spikes at t (s, from the start)."""
    n, n_e = p["n"], p["n_e"]
    keep = t >= DROP
    i, t = i[keep], t[keep] - DROP
    counts = np.bincount(i, minlength=n)
    bins = round(KEEP / BIN)
    binned = np.zeros((n, bins))
    np.add.at(binned, (i, np.minimum((t / BIN + 1e-9).astype(int), bins - 1)), 1)
    order = np.lexsort((t, i))
    i, t = i[order], t[order]
    cv = np.full(n, np.nan)
    for k in np.flatnonzero(counts >= MIN_SPIKES):
        d = np.diff(t[np.searchsorted(i, k):np.searchsorted(i, k, side="right")])
        cv[k] = d.std(ddof=1) / d.mean()
    out = {}
    for name, which in (("e", np.arange(n_e)), ("i", np.arange(n_e, n))):
        active = which[counts[which] >= MIN_SPIKES]
        b = binned[active]
        some = active[:SAMPLE]
        c = np.corrcoef(binned[some])
        out[f"rate_{name}"] = counts[which].mean() / KEEP
        out[f"cv_{name}"] = cv[active].mean()
        out[f"fano_{name}"] = (b.var(axis=1, ddof=1) / b.mean(axis=1)).mean()
        out[f"correlation_{name}"] = c[np.triu_indices(len(some), 1)].mean()
        out[f"silent_{name}"] = float((counts[which] == 0).mean())
    return out


def main():
    import tempfile
    result = {"drop_s": DROP, "keep_s": KEEP, "bin_s": BIN, "sample": SAMPLE, "min_spikes": MIN_SPIKES, "cases": {}}
    p = parameters(4096)
    for case, plastic in (("background", False), ("with_plastic", True)):
        draws = []
        for draw in range(DRAWS):
            set_device("cpp_standalone", build_on_run=False, directory=tempfile.mkdtemp())
            defaultclock.dt = 0.1 * ms
            prefs.devices.cpp_standalone.openmp_threads = 0
            net, monitor = build(p, np.random.default_rng(1000 + draw), plastic)
            net.run((DROP + KEEP) * second)
            device.build(directory=tempfile.mkdtemp(), run=True)
            draws.append(statistics(p, np.array(monitor.i), np.array(monitor.t / second)))
            print(case, draw, {k: round(v, 4) for k, v in draws[-1].items()}, file=sys.stderr, flush=True)
            device.reinit()
            device.activate()
        result["cases"][case] = draws
    Path(__file__).with_name("balanced.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
