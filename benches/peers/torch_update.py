"""The update in PyTorch, eager.

Two forms, the same numbers (`--check --form ...`):

`manual`    no autograd: both loops write into buffers made once, three kernel calls a step; W_rec meets δ once in the backward loop,
            and that product also serves Ω; the gradient of w_rec, Ω's part included, is one matrix product over all steps and trials.
            The faster of the two.
`autodiff`  `torch.autograd.grad` of the loss with respect to the parameters and to every x_t (which gives δ), then of Ω with δ and x
            detached.
"""

from functools import partial

import common
import torch
from common import ALPHA, LAMBDA_OMEGA, LEARNING_RATE, MAX_GRADIENT_NORM, NOISE_SD, OMEGA_BOUND


class Trainer:
    def __init__(self, problem, form):
        self.theta = {k: torch.from_numpy(v.copy()) for k, v in problem.theta.items()}
        for name in ("rec_mask", "out_mask", "ei", "inputs", "targets", "mask"):
            setattr(self, name, torch.from_numpy(getattr(problem, name)))
        self.total = self.mask.sum()
        self.weight = self.mask / self.total
        self.autodiff = form == "autodiff"
        if self.autodiff:
            for v in self.theta.values():
                v.requires_grad_(True)
        steps, trials, units = problem.shape
        self.noise = torch.empty(steps, trials, units)
        # x and r have room for t = 0
        self.x = torch.empty(steps + 1, trials, units)
        self.r = torch.empty(steps + 1, trials, units)
        self.delta = torch.empty(steps, trials, units)
        self.arriving = torch.empty(steps, trials, units)  # what reaches r_t: directly, and through W_rec from δ_{t+1}

    def update(self):
        self.noise.normal_(0, NOISE_SD)
        _, _, grad = self.gradient_autodiff(self.noise) if self.autodiff else self.gradient_manual(self.noise)
        with torch.no_grad():
            norm = torch.sqrt(sum(torch.sum(g * g) for g in grad.values())).item()
            rate = LEARNING_RATE * min(1.0, MAX_GRADIENT_NORM / norm)
            for k, g in grad.items():
                self.theta[k].sub_(g, alpha=rate)

    def effective(self):
        th = self.theta
        return (
            torch.relu(th["w_in"]),
            torch.relu(th["w_rec"] * self.rec_mask) * self.ei,
            torch.relu(th["w_out"] * self.out_mask) * self.ei,
        )

    @torch.inference_mode()
    def gradient_manual(self, noise):
        w_in, w_rec, w_out = self.effective()
        x, r, delta, arriving = self.x, self.r, self.delta, self.arriving
        steps, _, units = noise.shape
        w = ALPHA * w_rec
        w_t = w.T.contiguous()
        drive = torch.addmm(noise.view(-1, units), self.inputs.view(-1, common.N_IN), w_in.T, alpha=ALPHA).view_as(noise)
        x[0] = self.theta["x0"]
        torch.clamp(x[0], min=0, out=r[0])
        xs, rs, drives = x.unbind(), r.unbind(), drive.unbind()
        for t in range(steps):
            torch.addmm(drives[t], rs[t], w_t, out=xs[t + 1])
            xs[t + 1].add_(xs[t], alpha=1 - ALPHA)
            torch.clamp(xs[t + 1], min=0, out=rs[t + 1])

        flat_r = r[1:].view(-1, units)
        error = (flat_r @ w_out.T).view_as(self.targets) - self.targets
        e = self.weight * error
        loss = torch.sum(e * error)
        e = (2 * e).view(-1, common.N_OUT)
        direct = (e @ w_out).view_as(noise)
        slope = (x > 0).float()

        directs, slopes, deltas, arrivings = direct.unbind(), slope.unbind(), delta.unbind(), arriving.unbind()
        torch.mul(directs[-1], slopes[-1], out=deltas[-1])
        for t in range(steps - 2, -1, -1):  # delta[t] belongs to x_{t+1} = x[t + 1]
            torch.addmm(directs[t], deltas[t + 1], w, out=arrivings[t])
            torch.mul(arrivings[t], slopes[t + 1], out=deltas[t])
            deltas[t].add_(deltas[t + 1], alpha=1 - ALPHA)

        # Ω: G_t = (1-α) δ_{t+1} and v_t = (1-α) [ (1-α) δ_{t+1} + f'(x_t) α δ_{t+1} W ]; in the bracket, δ_t less its direct part
        inner = slope[1:-1]
        v = torch.addcmul(delta[:-1], direct[:-1], inner, value=-1).mul_(1 - ALPHA)
        den = torch.sum(delta[1:] ** 2, -1).mul_((1 - ALPHA) ** 2)
        ok = den >= OMEGA_BOUND
        den = torch.where(ok, den, 1.0)
        excess = torch.where(ok, torch.sum(v * v, -1) / den - 1, 0.0)
        pairs = ok.sum()
        omega = torch.sum(excess**2) / pairs
        # both parts of the gradient pair δ_{t+1} with something of step t, so one product serves: r_t and Ω's share of it
        share = v.mul_(inner).mul_((LAMBDA_OMEGA * 4 * (1 - ALPHA) / pairs * (excess / den))[..., None])
        d_out = e.T @ flat_r  # before r is changed
        r[1:-1].add_(share)
        flat = delta.view(-1, units)
        d_rec = (flat.T @ r[:-1].view(-1, units)).mul_(ALPHA)
        d_in = (flat.T @ self.inputs.view(-1, common.N_IN)).mul_(ALPHA)
        th = self.theta
        d_x0 = torch.addcmul((1 - ALPHA) * deltas[0], deltas[0] @ w, slopes[0]).sum(0)
        grad = {
            "w_in": d_in * (th["w_in"] > 0),
            "w_rec": d_rec.mul_(self.ei).mul_(self.rec_mask).mul_(th["w_rec"] > 0),
            "w_out": d_out * self.ei * self.out_mask * (th["w_out"] > 0),
            "x0": d_x0,
        }
        return loss, omega, grad

    def gradient_autodiff(self, noise):
        w_in, w_rec, w_out = self.effective()
        w_t = ALPHA * w_rec.T
        drives = (ALPHA * (self.inputs @ w_in.T) + noise).unbind()
        x = self.theta["x0"].expand(noise.shape[1:])
        xs, rs = [], []
        r = torch.relu(x)
        for drive in drives:
            x = torch.addmm(drive, r, w_t) + (1 - ALPHA) * x
            r = torch.relu(x)
            xs.append(x)
            rs.append(r)
        z = torch.stack(rs) @ w_out.T
        loss = torch.sum(self.weight * (z - self.targets) ** 2)
        names = list(self.theta)
        grads = torch.autograd.grad(loss, [self.theta[k] for k in names] + xs)
        grad = dict(zip(names, grads))
        g = (1 - ALPHA) * torch.stack(grads[len(names) + 1 :])
        slope = (torch.stack(xs[:-1]).detach() > 0).float()

        w = ALPHA * torch.relu(self.theta["w_rec"] * self.rec_mask) * self.ei
        v = (1 - ALPHA) * g + (g @ w) * slope
        den = torch.sum(g * g, -1)
        ok = den >= OMEGA_BOUND
        excess = torch.where(ok, torch.sum(v * v, -1) / torch.where(ok, den, 1.0) - 1, 0.0)
        omega = torch.sum(excess**2) / ok.sum()
        (d_omega,) = torch.autograd.grad(omega, [self.theta["w_rec"]])
        grad["w_rec"] = grad["w_rec"] + LAMBDA_OMEGA * d_omega
        return loss, omega, grad

    def gradient(self, noise):
        of = self.gradient_autodiff if self.autodiff else self.gradient_manual
        loss, omega, grad = of(torch.from_numpy(noise))
        return {"loss": loss.item(), "omega": omega.item()} | {f"grad_{k}": g.detach().numpy() for k, g in grad.items()}


if __name__ == "__main__":
    arguments = common.parse_arguments(["manual", "autodiff"])
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)  # as XLA does by itself
    common.main(arguments, partial(Trainer, form=arguments.form), f"torch {torch.__version__}")
