"""Muon (Jordan et al., 2024): momentum, orthogonalised by a Newton-Schulz iteration, for hidden matrices."""
import torch


def orthogonal(g, steps=5):
    """Pushes every singular value of each matrix of g [n, rows, cols] towards 1."""
    x = g.bfloat16()
    if wide := x.shape[1] > x.shape[2]:
        x = x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.mT if wide else x).float()


class Muon(torch.optim.Optimizer):
    """Matrices of one shape are stacked, so that a step is a few large products."""

    def __init__(self, params, lr, momentum=0.95, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                shapes.setdefault(p.shape, []).append(p)
            for shape, params in shapes.items():
                self.update(group, shape, params)

    def update(self, group, shape, params):
        grads, buffers = [p.grad for p in params], []
        for p in params:
            buffers.append(self.state[p].setdefault("momentum", torch.zeros_like(p)))
        torch._foreach_lerp_(buffers, grads, 1 - group["momentum"])
        nesterov = torch._foreach_lerp(grads, buffers, group["momentum"])
        change = orthogonal(torch.stack(nesterov)) * max(1, shape[0] / shape[1]) ** 0.5
        torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(params, list(change.unbind()), alpha=-group["lr"])
