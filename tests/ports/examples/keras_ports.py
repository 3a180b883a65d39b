"""The first step of MoMo without decay, x − min{α, f/‖g‖²} g, in Keras: its loss comes in one way or another."""

from typing import Any

import keras
from keras import ops


class HoldsLoss(keras.optimizers.Optimizer):  # type: ignore[misc]
    """It has an attribute for the loss."""

    loss: Any = None

    def __init__(self, learning_rate: float = 1.0) -> None:
        super().__init__(learning_rate=learning_rate)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        polyak = self.loss / ops.sum(gradient * gradient)
        step = ops.minimum(ops.cast(learning_rate, variable.dtype), ops.cast(polyak, variable.dtype))
        self.assign_sub(variable, step * gradient)


class AppliesLoss(HoldsLoss):
    """Its ``apply`` takes the loss."""

    loss: Any = None

    def apply(self, grads: Any, trainable_variables: Any = None, loss: Any = None) -> Any:
        assert self.loss is None  # it is given once, not twice
        self.loss = loss
        super().apply(grads, trainable_variables)
        self.loss = None
