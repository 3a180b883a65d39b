"""What the flags of golden vectors mean: the mistake that each catches, and its class."""

from momoracle.reference.golden.vectors import Flag

_MOMO = "https://arxiv.org/abs/2305.07583"
_TAM = "https://arxiv.org/abs/2412.18790"
_ADAM = "https://arxiv.org/abs/1412.6980"
_ADAMW = "https://arxiv.org/abs/1711.05101"
_TORCH = "https://docs.pytorch.org/docs/stable/optim.html"

_TABLE: tuple[Flag, ...] = (
    # The run itself.
    Flag("basic", "core", "any departure from the method with its default settings", "the method", _TORCH),
    Flag("shapes", "core", "norms or products that depend on a tensor's shape", "one vector", _TORCH),
    Flag("several_tensors", "core", "a vector taken tensor by tensor, or tensors taken together", "one vector", _TORCH),
    Flag("changing_lr", "core", "a learning rate read once, or one step late", "α_k", _TORCH),
    Flag("long_run", "core", "errors that build up: drifting averages, bias correction in the long run", "all", _TORCH),
    Flag("momentum_off", "core", "β = 0 treated as absent, or a first step unlike the others", "β = 0", _TORCH),
    Flag("weight_decay", "core", "decay in another place, of another form or of the wrong size", "λ > 0", _ADAMW),
    Flag("bias_correction", "core", "a correction that is absent, or off by one step", "1 − β^k", _ADAM),
    Flag("large_eps", "core", "ε inside the root, or scaled by the bias correction", "√v + ε", _ADAM),
    # Gradients that vanish.
    Flag("zero_gradient_first", "core", "0/0 at the first step", "g_1 = 0", _TORCH),
    Flag("zero_gradient_later", "core", "0/0 in the middle of a run, or a skipped step", "g_k = 0", _TORCH),
    Flag("zero_entries", "core", "0/0 in single entries", "g_k,i = 0", _TORCH),
    Flag("small_entries", "core", "a threshold on a norm, or a norm clamped from below", "‖g‖ near 1e-9", _TORCH),
    # MoMo's branches.
    Flag("cap", "core", "a step size not capped by α/ρ", "MoMo (15), first branch", _MOMO),
    Flag("polyak", "core", "a wrong numerator or norm of the Polyak step", "MoMo (15), second branch", _MOMO),
    Flag("no_step", "core", "a negative step size", "MoMo (15), (·)_+ = 0", _MOMO),
    Flag("zero_direction", "core", "0/0 where d = 0", "MoMo (15), d = 0", _MOMO),
    Flag(
        "decay_with_step",
        "core",
        "(1+αλ) missing in the numerator, or not dividing the whole step",
        "MoMo (15), (16)",
        _MOMO,
    ),
    Flag("lower_bound", "core", "f_* ignored, or not scaled by ρ", "MoMo (15)", _MOMO),
    Flag(
        "no_lower_bound",
        "core",
        "inf − inf; the method is SGD with momentum, or Adam, here",
        "MoMo (15), f_* = −∞",
        _MOMO,
    ),
    Flag("estimate", "core", "f_* estimated from another value, or at another time", "MoMo §4, estimate", _MOMO),
    Flag("reset", "core", "a lower bound kept although the model lies below it", "MoMo §4, reset", _MOMO),
    Flag("safeguard", "core", "an estimate below the initial guess", "MoMo §4, max{·, f_*^1}", _MOMO),
    Flag("decoupled_decay", "core", "AdamW-like decay of another form", "authors' code", _MOMO),
    # TAM's angles.
    Flag("parallel", "core", "damping that falls where gradient and momentum agree", "TAM 2.1, s = 1", _TAM),
    Flag("antiparallel", "core", "damping that grows where gradient and momentum oppose", "TAM 2.1, s = −1", _TAM),
    Flag("orthogonal", "core", "a product without its sum, or norms along one axis", "TAM 2.1, s = 0", _TAM),
    Flag("memory", "core", "γ's two weights swapped, or ŝ not kept", "TAM 2.1, ŝ", _TAM),
    # The edges of the number format.
    Flag(
        "huge_entries",
        "robustness",
        "squares that overflow",
        "norms of gradients up to 1e200 (1e30 in float32)",
        _TORCH,
    ),
    Flag(
        "tiny_entries", "robustness", "squares that underflow; thresholds on norms", "norms from 1e-200 (1e-30)", _TORCH
    ),
    Flag("far_optimum", "precision", "cancellation in h = f̄ + <d, x> − γ", "MoMo §2, h", _MOMO),
    Flag("fine_difference", "precision", "a scalar kept in a narrower format than the parameters", "all", _MOMO),
)

FLAGS: dict[str, Flag] = {flag.name: flag for flag in _TABLE}
