"""The published ports that the project checks, and what it checks them as."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One published optimizer: what to check it as, its PORT argument, and the name to show for it."""

    algorithm: str
    port: str
    name: str


PUBLISHED = (
    Published("sgd", "torch=torch.optim:SGD", "torch.optim.SGD"),
    Published("sgd", "optax=optax:sgd", "optax.sgd"),
    Published("sgd", "keras=keras.optimizers:SGD", "keras.optimizers.SGD"),
    Published("sgdm", "torch=torch.optim:SGD", "torch.optim.SGD"),
    Published("sgdm", "optax=optax:sgd", "optax.sgd"),
    Published("sgdm", "keras=keras.optimizers:SGD", "keras.optimizers.SGD"),
    Published("adam", "torch=torch.optim:Adam", "torch.optim.Adam"),
    Published("adam", "optax=optax:adam", "optax.adam"),
    Published("adam", "keras=keras.optimizers:Adam", "keras.optimizers.Adam"),
    Published("adamw", "torch=torch.optim:AdamW", "torch.optim.AdamW"),
    Published("adamw", "optax=optax:adamw", "optax.adamw"),
    Published("adamw", "keras=keras.optimizers:AdamW", "keras.optimizers.AdamW"),
    Published("momo", "torch=momo:Momo", "momo.Momo (momo-opt)"),
    Published("momo", "optax=optax.contrib:momo", "optax.contrib.momo"),
    Published("momo-adam", "torch=momo:MomoAdam", "momo.MomoAdam (momo-opt)"),
    Published("momo-adam", "optax=optax.contrib:momo_adam", "optax.contrib.momo_adam"),
    Published("tam", "torch=pytorch_optimizer:TAM", "pytorch_optimizer.TAM"),
    Published("adatam", "torch=pytorch_optimizer:AdaTAM", "pytorch_optimizer.AdaTAM"),
    Published("adatamw", "torch=pytorch_optimizer:AdaTAM", "pytorch_optimizer.AdaTAM"),
)
