"""MoMo with and without departures, as ports; the last hides that its parameters can be set."""

from typing import Any

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departure
from momoracle.ports.running.method_port import MethodPort


def _port(*names: str) -> MethodPort:
    return MethodPort(variant("momo", *(departure("momo", name) for name in names)))


def Right() -> MethodPort:  # noqa: N802 - as a class would be named
    return _port()


def NoCap() -> MethodPort:  # noqa: N802
    return _port("no-cap")


def TwoFaults() -> MethodPort:  # noqa: N802
    return _port("decay-params-only", "norm-not-squared")


class Closed:
    def __init__(self) -> None:
        self._port = _port("no-cap")

    def start(self, params: list[Any], **settings: Any) -> None:
        self._port.start(params, **settings)

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        return self._port.step(grads, loss)
