"""Deviations of published ports, each reproduced by a script of at most 15 lines that needs nothing of this project."""

import subprocess
import sys

import pytest

#: what the script shows, and the numbers that it prints: the port's and, by hand, the paper's
SCRIPTS = {
    "optax.contrib.momo divides the parameters alone by 1 + αλ, MoMo (16) the whole step": """
import jax.numpy as jnp, optax
x, g, f, lr, decay = 1.0, 2.0, 3.0, 1.0, 0.5
port = optax.contrib.momo(lr, weight_decay=decay)
params = jnp.array([x])
updates, _ = port.update(jnp.array([g]), port.init(params), params, value=f)
tau = min(lr, max((1 + lr * decay) * (f - g * x) + g * x, 0) / g**2)  # (15): 0.875
print(float((params + updates)[0]), (x - tau * g) / (1 + lr * decay))  # (16)
""",
    "pytorch_optimizer.TAM starts its momentum at the first gradient, TAM 2.1 at zero": """
import torch
from pytorch_optimizer import TAM
x, g, lr = 0.0, 1.0, 1.0
p = torch.nn.Parameter(torch.tensor([x]))
p.grad = torch.tensor([g])
TAM([p], lr=lr, momentum=0.9, decay_rate=0.9).step()
print(p.item(), x - lr * (0.9 * 0 + (1e-8 + 0.5) * g))  # m_0 = 0, so s_1 = 0 and d_1 = 1/2
""",
    "pytorch_optimizer.AdaTAM multiplies normalised tensors without summing: no cosine": """
import torch
from pytorch_optimizer import AdaTAM
p = torch.nn.Parameter(torch.zeros(2))
port = AdaTAM([p], lr=1.0, betas=(0.9, 0.0), decay_rate=0.0, eps=1e-8)
for _ in range(2):
    p.grad = torch.ones(2)
    port.step()
print(p.tolist()[0], -0.5 - (0.9 * 0.5 + 1))  # second step: the cosine of equal vectors is 1, so d = 1
""",
    "momo.MomoAdam keeps the averaged <g, x> in float32 although the parameters are float64": """
import torch
from momo import MomoAdam
x, g, f = 0.1, 0.7, 0.05
p = torch.nn.Parameter(torch.tensor([x], dtype=torch.float64))
p.grad = torch.tensor([g], dtype=torch.float64)
MomoAdam([p], lr=10.0).step(loss=torch.tensor(f, dtype=torch.float64))
d = g / 10  # h = f/10 + <d, x> - <g, x>/10 = f/10, and tau = h / (d**2 / |g|)
print(p.item(), x - (f / 10) / (d**2 / g) * d / g)
""",
}


@pytest.mark.ports
@pytest.mark.parametrize("claim", SCRIPTS)
def test_the_script_shows_the_deviation(claim: str) -> None:
    script = SCRIPTS[claim].strip()
    assert len(script.splitlines()) <= 15
    command = [sys.executable, "-W", "ignore", "-c", script]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    port, paper = map(float, out.split())
    unit = 2.0**-24 if "float32" not in claim else 2.0**-53
    assert abs(port - paper) > 1e4 * unit * abs(paper), (port, paper)
