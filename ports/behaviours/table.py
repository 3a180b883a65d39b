"""All behaviours that are checked: id, policy, whom it concerns, and the check itself."""

from collections.abc import Callable
from dataclasses import dataclass

from momoracle.ports.adapters.loading import Factory
from momoracle.ports.adapters.port_spec import PortSpec
from momoracle.ports.behaviours import dtypes, groups, inputs, not_finite, paths, saving, shapes
from momoracle.ports.behaviours.bench import READ, Bench, NotApplicable
from momoracle.ports.protocol import NotOffered
from momoracle.ports.running.messages import Answer
from momoracle.reference.frame.registry import method_of

NAMES = {"": "a class of the protocol", "torch": "PyTorch", "optax": "optax", "keras": "Keras"}


@dataclass(frozen=True)
class Check:
    """One behaviour.

    Attributes:
        id: its name.
        policy: what is expected, in one sentence.
        run: the check; it may raise `NotApplicable` and `NotOffered`, and any other error counts as broken.
        without: adapter -> why the behaviour means nothing there.
        model_policy: the policy for MoMo and MoMo-Adam, whose step couples all tensors, where that is another one.
        needs_loss: it concerns only methods that use the loss.
        needs: the hyperparameter that a method must have for it to concern it; empty where there is none.
    """

    id: str
    policy: str
    run: Callable[[Bench], Answer]
    without: dict[str, str]
    model_policy: str = ""
    needs_loss: bool = False
    needs: str = ""

    def policy_for(self, algorithm: str) -> str:
        """Return the policy that holds for an algorithm."""
        return self.model_policy if self.model_policy and algorithm in READ else self.policy

    def why_not(self, adapter: str, algorithm: str) -> str:
        """Return why the behaviour means nothing here, or an empty string."""
        method = method_of(algorithm)
        if self.needs_loss and not method.needs_loss:
            return "the method does not use the loss"
        if self.needs and self.needs not in method.__dataclass_fields__:
            return f"the method has no {self.needs.replace('_', ' ')}"
        return self.without.get(adapter, "")


def _torch_only(notion: str) -> dict[str, str]:
    return {adapter: f"{name} has no {notion}" for adapter, name in NAMES.items() if adapter != "torch"}


_IMMUTABLE = {"optax": "JAX's arrays cannot be changed"}
_GROUPS = _torch_only("parameter groups")
_NOT_KEPT = "or leaves parameters and state as they were, or shows as a parameter that is not finite"

CHECKS = (
    Check(
        "deterministic",
        "The same input gives the same bytes, in another instance and in another process.",
        inputs.deterministic,
        {},
    ),
    Check(
        "gradients-left-alone",
        "A step writes into none of the gradients that it is or was given.",
        inputs.gradients_left_alone,
        _IMMUTABLE,
    ),
    Check(
        "gradients-not-kept",
        "Gradients may be zeroed and overwritten in place between steps.",
        inputs.gradients_not_kept,
        _IMMUTABLE,
    ),
    Check(
        "loss-left-alone",
        "A step writes into none of the losses that it is or was given.",
        inputs.loss_left_alone,
        {
            **_IMMUTABLE,
            "": "a class of the protocol is given a float, which cannot be changed",
            "keras": "Keras' optimizers are given no loss that can be changed",
        },
        needs_loss=True,
    ),
    Check(
        "loss-with-graph",
        "A loss that requires a gradient, as in a training loop, gives what a detached one gives, and no buffer keeps "
        "its graph.",
        inputs.loss_with_graph,
        _torch_only("graph that a loss has"),
        needs_loss=True,
    ),
    Check(
        "saved-and-restored",
        "A run that is saved, restored in a new optimizer of the same settings and gone on with is the uninterrupted "
        "run bit for bit, whatever the old one does meanwhile.",
        saving.through_memory,
        {},
    ),
    Check(
        "saved-to-bytes",
        "What is saved survives being written to bytes and read back: the rest of the run is the same bit for bit.",
        saving.through_bytes,
        {},
    ),
    Check(
        "saved-in-bfloat16",
        "Saved and restored with parameters in bfloat16, the run goes on bit for bit and every buffer keeps its dtype.",
        saving.in_bfloat16,
        {"": "NumPy has no bfloat16"},
    ),
    Check(
        "gradient-none",
        "A tensor whose gradient is None is left alone, its state too, and the others step as if it were absent.",
        groups.missing_gradient,
        {
            "": "a class of the protocol is given a gradient for every tensor",
            "optax": "an optax update is given a gradient for every parameter",
        },
        model_policy="A tensor that never has a gradient is left alone and changes nothing for the others; where None "
        "comes later it counts as zero, or its tensor is left alone with its state and without a part in that step.",
    ),
    Check(
        "parameter-added-late",
        "A tensor that is added during the run starts as in a new optimizer, and the others go on as without it.",
        groups.late_parameter,
        _GROUPS,
        model_policy="A tensor that is added during the run joins the one model, with averages that start at zero or "
        "at its first gradient.",
    ),
    Check(
        "two-equal-groups",
        "Two groups with the same settings step as one group.",
        groups.equal_groups,
        _GROUPS,
        model_policy="Two groups with the same settings step as one group: the model is one over all tensors.",
    ),
    Check(
        "two-equal-groups-lower-bound",
        "Two groups with the same settings step as one group while the lower bound is estimated: there is one bound.",
        groups.equal_groups_estimating,
        _GROUPS,
        needs="lower_bound",
    ),
    Check(
        "groups-with-own-rates",
        "Each group steps with its own learning rate, as in an optimizer of its own.",
        groups.own_rates,
        _GROUPS,
        model_policy="Groups with learning rates of their own share one model, whose step is either its exact "
        "minimiser or the authors' rule for each group.",
    ),
    Check(
        "float-loss",
        "A loss that is a Python float gives what a tensor gives, or is refused by an error.",
        paths.float_loss,
        {
            "": "a class of the protocol is always given a float",
            "keras": "Keras' own optimizers are given no loss",
        },
        needs_loss=True,
    ),
    Check(
        "nan-loss",
        f"A loss that is NaN is refused by an error, {_NOT_KEPT}; never is a finite step computed from it.",
        not_finite.nan_loss,
        {},
        needs_loss=True,
    ),
    Check(
        "infinite-loss",
        f"A loss of ±∞ is refused by an error, {_NOT_KEPT}; never is a finite step computed from it, then or later.",
        not_finite.infinite_loss,
        {},
        needs_loss=True,
    ),
    Check(
        "nan-gradient",
        "A NaN in a gradient is refused by an error, or leaves its tensor and the state as they were, or shows in its "
        "tensor; never is that tensor's step computed from it and finite.",
        not_finite.nan_gradient,
        {},
        model_policy=f"A NaN in a gradient is refused by an error, {_NOT_KEPT}.",
    ),
    Check(
        "dtype-float16",
        "In float16 every parameter keeps its dtype, no buffer changes its own, and all stay finite.",
        dtypes.float16,
        {},
    ),
    Check(
        "dtype-bfloat16",
        "In bfloat16 every parameter keeps its dtype, no buffer changes its own, and all stay finite.",
        dtypes.bfloat16,
        {},
    ),
    Check(
        "dtype-mixed",
        "With parameters in several dtypes each keeps its own, no buffer changes its own, and all stay finite.",
        dtypes.mixed,
        {},
    ),
    *(
        Check(
            f"path-{name}",
            f"With {name}=True the iterates are those of {name}=False, within rounding.",
            paths.option(name),
            _torch_only(f"option {name}"),
        )
        for name in paths.OPTIONS
    ),
    Check(
        "path-uncompiled",
        "Jitted and without jax.jit the iterates are the same, within rounding.",
        paths.uncompiled,
        {adapter: f"{name} is not compiled by jax.jit here" for adapter, name in NAMES.items() if adapter != "optax"},
    ),
    Check(
        "closure-called-once",
        "A closure is called once a step, with gradients enabled, and the iterates are those without it.",
        paths.closure,
        _torch_only("closures"),
    ),
    Check(
        "zero-size-tensor",
        "A tensor without entries keeps its shape and changes nothing for the others.",
        shapes.zero_size,
        {},
    ),
    Check(
        "zero-dimensional-tensor",
        "A tensor of shape () steps as one of shape (1,).",
        shapes.zero_dimensional,
        {},
    ),
)
BY_ID = {check.id: check for check in CHECKS}


def carry_out(name: str, spec: PortSpec, factory: Factory, algorithm: str) -> Answer:
    """Carry out one check in this process; an error of the port is the caller's to catch."""
    try:
        return BY_ID[name].run(Bench(spec, factory, algorithm))
    except NotApplicable as reason:
        return Answer("not_applicable", str(reason))
    except NotOffered as error:
        return Answer("not_offered", f"the port has no {error.feature}")
