"""The adapters on real optimizers, with vectors small enough to be worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from momoracle.ports import PortError, check
from momoracle.ports.adapters.buffer_names import rename
from momoracle.reference.golden.vectors import Expected, Flag, GoldenVector, Hyperparameter, Step, VectorFile

pytestmark = pytest.mark.ports
EXAMPLES = Path(__file__).parents[1] / "examples"


def one_step(
    algorithm: str, dtype: str, given: dict[str, Hyperparameter], x: float, g: float, loss: float, **expected: float
) -> VectorFile:
    vector = GoldenVector(
        id="by-hand",
        algorithm=algorithm,
        dtype=dtype,
        hyperparameters=given,
        comment="",
        flags=("hand",),
        params=(np.array(x, dtype=dtype),),
        steps=(Step(loss, (np.array(g, dtype=dtype),), {name: near(value) for name, value in expected.items()}),),
    )
    return VectorFile(algorithm, {"hand": Flag("hand", "core", "", "", "")}, (vector,))


def near(value: float) -> Expected:
    return Expected((np.array(value),), (np.array(1e-8 * abs(value)),))


@pytest.mark.parametrize(
    ("port", "missing"),
    [
        ("torch=torch.optim:SGD", []),
        ("optax=optax:sgd", ["weight_decay"]),
        ("keras=keras.optimizers:SGD", []),
        pytest.param(f"torch={EXAMPLES / 'torch_ports.py'}:TakesLoss", [], id="TakesLoss"),
        pytest.param(f"torch={EXAMPLES / 'torch_ports.py'}:NeedsClosure", [], id="NeedsClosure"),
    ],
)
def test_sgd_conforms_in_both_dtypes_with_schedules(port: str, missing: list[str], sgd_vectors: VectorFile) -> None:
    report = check("sgd", port, sgd_vectors, time_limit=60.0)
    assert report.verdict == "conforms"
    assert list(report.not_offered) == missing
    assert {result.status for result in report.results} <= {"agrees", "not_offered"}
    framework = "torch" if port.startswith("torch") else port.partition("=")[0]
    assert framework in report.versions
    assert report.of("core")[-1].vector == "plain-float32"


@pytest.mark.parametrize("port", ["torch=torch.optim:SGD", "optax=optax:sgd", "keras=keras.optimizers:SGD"])
def test_heavy_ball_conforms(port: str, sgdm_vectors: VectorFile) -> None:
    assert check("sgdm", port, sgdm_vectors, time_limit=60.0).verdict == "conforms"


def test_a_buffer_is_found_in_torch_and_optax(sgdm_vectors: VectorFile) -> None:
    wrong = np.full(2, 7.0)
    (vector,) = sgdm_vectors.vectors
    step = Step(1.0, vector.steps[0].grads, {"momentum": Expected((wrong,), (np.full(2, 1e-12),))})
    changed = GoldenVector("b", "sgdm", "float64", vector.hyperparameters, "", vector.flags, vector.params, (step,))
    for port in ("torch=torch.optim:SGD", "optax=optax:sgd"):
        report = check("sgdm", port, VectorFile("sgdm", sgdm_vectors.flags, (changed,)), time_limit=60.0)
        deviation = report.results[0].deviation
        assert deviation is not None
        assert (deviation.quantity, deviation.observed, deviation.expected) == ("momentum", -2.0, 7.0)


def test_writing_into_the_gradients_is_seen(sgd_vectors: VectorFile) -> None:
    report = check("sgd", f"torch={EXAMPLES / 'torch_ports.py'}:WritesGradients", sgd_vectors)
    assert report.verdict == "deviates"
    assert {note.kind for result in report.results for note in result.incidents} == {"mutated_gradients"}
    assert [result.vector for result in report.results if result.incidents] == ["decay-float64"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("port", ["torch=momo:Momo", "optax=optax.contrib:momo"])
def test_momo_gets_the_loss(port: str, dtype: str) -> None:
    # d = 2, γ = 2, h = 3 + 2 − 2 = 3, τ = min{1, 3/4}, x = 1 − 2 τ
    vectors = one_step(
        "momo", dtype, {"lr": 1.0}, 1.0, 2.0, 3.0, loss_average=3.0, offset=2.0, gradient_average=2.0, params=-0.5
    )
    assert check("momo", port, vectors, time_limit=60.0).verdict == "conforms"
    refused = one_step("momo", dtype, {"lr": 1.0}, 1.0, 2.0, 5.0, loss_average=3.0, params=-0.5)
    deviation = check("momo", port, refused, time_limit=60.0).results[0].deviation
    assert deviation is not None
    assert (deviation.quantity, deviation.observed) == ("loss_average", 5.0)
    assert deviation.then is not None
    assert deviation.then.observed == -1.0  # the cap: τ = 1


@pytest.mark.parametrize(
    "port",
    [
        "torch=EXAMPLES/closure_ports.py:UsualClosure",
        "keras=EXAMPLES/keras_ports.py:AppliesLoss",
        "keras=EXAMPLES/keras_ports.py:HoldsLoss",
    ],
)
def test_the_loss_goes_where_the_optimizer_can_take_it(port: str) -> None:
    # τ = min{1, 3/4}, x = 1 − 2 τ; without the loss there is no τ
    vectors = one_step("momo", "float64", {"lr": 1.0}, 1.0, 2.0, 3.0, params=-0.5)
    assert check("momo", port.replace("EXAMPLES", str(EXAMPLES)), vectors, time_limit=60.0).verdict == "conforms"


def test_no_closure_is_passed_to_a_method_without_a_loss(sgd_vectors: VectorFile) -> None:
    assert check("sgd", f"torch={EXAMPLES / 'closure_ports.py'}:NoClosure", sgd_vectors).verdict == "conforms"


@pytest.mark.parametrize(("nesterov", "verdict"), [(False, "conforms"), (True, "deviates")])
def test_an_argument_of_the_ports_own_is_passed(nesterov: bool, verdict: str, sgdm_vectors: VectorFile) -> None:
    settings = {"nesterov": nesterov}
    report = check("sgdm", "torch=torch.optim:SGD", sgdm_vectors, time_limit=60.0, settings=settings)
    assert (report.verdict, report.settings) == (verdict, settings)


def test_adam_as_sgd_deviates(sgd_vectors: VectorFile) -> None:
    assert check("sgd", "torch=torch.optim:Adam", sgd_vectors).verdict == "deviates"


@pytest.mark.parametrize(
    ("port", "says"),
    [
        ("torch=torch.optim:Nothing", "has no 'Nothing'"),
        ("torch=optax:sgd", "no subclass of torch.optim.Optimizer"),
        ("torch.optim:SGD", "torch=torch.optim:SGD"),
    ],
)
def test_wrong_usage(port: str, says: str, sgd_vectors: VectorFile) -> None:
    with pytest.raises(PortError, match=says):
        check("sgd", port, sgd_vectors)


def test_scalars_kept_by_tensor_are_summed() -> None:
    found = {"grad_dot_w": [np.array([1.0], np.float32), np.array(2.0)], "s": [np.zeros(3)]}
    assert rename("momo", found) == {"offset": [np.array(3.0)]}


def test_a_float_of_an_optimizer_keeps_its_digits() -> None:
    port = f"torch={EXAMPLES / 'torch_ports.py'}:KeepsAFloat"
    given: dict[str, Hyperparameter] = {"lr": 0.5, "weight_decay": 0.0}
    vectors = one_step("momo", "float64", given, 1.0, 2.0, 0.7, loss_average=0.7, params=0.0)
    assert check("momo", port, vectors, time_limit=60.0).results[0].deviation is None
