"""Families of methods whose steps have the same branches, known by what a class declares and not by its name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from momoracle.reference.golden.cases import Case, Maker
from momoracle.reference.golden.cases_momo import Taken, model_branches, model_cases
from momoracle.reference.golden.cases_tam import torque_cases


def no_branches(step: Taken) -> set[str]:
    """Return no flags: the cases of this family say all of theirs."""
    return set()


@dataclass(frozen=True)
class Family:
    """Methods whose class declares these hyperparameters, and these quantities in its trace.

    Args:
        hyperparameters: that the cases of the family set.
        quantities: that its branches are read off.
        cases: yields the cases beside those of every method.
        branches: returns the flags of the branches that a step took.
    """

    hyperparameters: frozenset[str]
    quantities: frozenset[str]
    cases: Callable[[Maker], Iterator[Case]]
    branches: Callable[[Taken], set[str]]

    def has(self, make: Maker) -> bool:
        """Tell whether a method belongs to the family."""
        names = {declared.name for declared in make.declarations()}
        return self.hyperparameters <= names and self.quantities <= set(make.method.Trace._fields)


FAMILIES = (
    Family(
        frozenset({"lower_bound", "weight_decay", "estimate_lower_bound"}),
        frozenset({"step_size", "weight_sum", "direction_norm_sq", "lower_bound"}),
        model_cases,
        model_branches,
    ),
    Family(frozenset({"gamma", "eps"}), frozenset({"cosine", "damping"}), torque_cases, no_branches),
)


def families_of(make: Maker) -> tuple[Family, ...]:
    """Return the families that a method belongs to."""
    return tuple(family for family in FAMILIES if family.has(make))
