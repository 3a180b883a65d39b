"""Which departures each vector catches."""

from dataclasses import replace

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import DEPARTURES
from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import Method
from momoracle.reference.golden.vectors import Vector


def catches(vector: Vector, method: type[Method]) -> bool:
    """Tell whether a method fails a vector: parameters out of tolerance, or an error where the vector has a result."""
    try:
        return first_deviation(vector, observe(MethodPort(method), vector, buffers=False)) is not None
    except (ArithmeticError, ValueError):  # not finite, for one; a departure that is no working code must show
        return True


def with_kills(algorithm: str, vectors: list[Vector]) -> list[Vector]:
    """Return the vectors with the departures that each catches."""
    methods = {one.id: variant(algorithm, one) for one in DEPARTURES[algorithm]}
    return [
        replace(vector, kills=tuple(name for name, method in methods.items() if catches(vector, method)))
        for vector in vectors
    ]
