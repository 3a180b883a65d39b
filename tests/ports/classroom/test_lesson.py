"""A class from a notebook is checked in words: the right hint for each mistake, praise for what is right."""

import doctest
import threading
from dataclasses import FrozenInstanceError
from html.parser import HTMLParser

import pytest
from support.classroom import students, students_frame

import momoracle
import momoracle.classroom
from momoracle.ports.classroom.hints import hint
from momoracle.ports.departures.registry import departures_of
from momoracle.ports.running.method_port import MethodPort
from momoracle.reference import ALGORITHMS, AlgorithmError

MISTAKES = [
    ("momo", "WeightsTurned", "weights-swapped", "d ← β d + (1−β) g"),
    ("momo", "Summed", "momentum-summed", "d ← β d + (1−β) g"),
    ("momo", "Backwards", "no-positive", "MoMo (15)"),
    ("momo", "Uncapped", "no-cap", "MoMo (15)"),
    ("momo", "RootOfNorm", "norm-not-squared", "MoMo (15)"),
    ("momo", "BoundForgotten", "bound-ignored", "MoMo (15)"),
    ("momo", "DecayOutside", "decay-params-only", "MoMo (16)"),
    ("momo", "PlainNumerator", "numerator-without-decay", "MoMo (15)"),
    ("momo", "NewestLoss", "loss-not-averaged", "f̄ ← β f̄ + (1−β) f"),
    ("momo", "LossPerEntry", "loss-per-entry", "f̄ ← β f̄ + (1−β) f"),
    ("momo", "LossPerTensor", "loss-per-tensor", "f̄ ← β f̄ + (1−β) f"),
    ("momo", "BetaForgotten", "ignored=beta", ""),
    ("momo", "NoStepAtZero", "zero-gradient", ""),
    ("momo-adam", "EpsUnderRoot", "eps-in-root", "D = ε + √(v / (1 − β₂^k))"),
    ("momo-adam", "SecondUncorrected", "moment-uncorrected", "D = ε + √(v / (1 − β₂^k))"),
    ("momo-adam", "PlainNorm", "norm-euclidean", "‖d‖² in the norm of D⁻¹"),
    ("momo-adam", "WeightsForgotten", "rho-one", "ρ = 1, or 1 − β^k"),
    ("tam", "GammaTurned", "weights-swapped", "ŝ ← γ ŝ + (1−γ) s"),
    ("tam", "NoMemory", "memoryless", "ŝ ← γ ŝ + (1−γ) s"),
    ("tam", "WrongWay", "damping-reversed", "d = (1 + ŝ)/2"),
    ("tam", "Unhalved", "damping-unhalved", "d = (1 + ŝ)/2"),
    ("tam", "SumForgotten", "product-unsummed", "s = <m, g> / (‖m‖ ‖g‖)"),
    ("tam", "PastDamped", "damping-of-momentum", "m ← β m + (ε + d) g"),
    ("tam", "Averaging", "momentum-averaged", "m ← β m + (ε + d) g"),
    ("tam", "Unguarded", "not-a-number", ""),
    ("tam", "Normalises", "gradient-normalised", ""),
    ("momo", "LossForgotten", "loss-ignored", "f̄ ← β f̄ + (1−β) f"),
    ("sgdm", "StandsStill", "no-step", ""),
    ("sgdm", "StoresNothing", "params-not-stored", ""),
    ("sgdm", "OneTensor", "first-tensor-alone", ""),
    ("sgdm", "ReturnsNothing", "returned-nothing", ""),
    ("sgdm", "ReturnsOne", "returned-one-array", ""),
    ("sgdm", "Flattens", "wrong-shape", ""),
    ("sgdm", "DropsTensors", "wrong-count", ""),
    ("sgdm", "Narrows", "wrong-dtype", ""),
    ("sgdm", "NoLoss", "number-of-arguments", ""),
    ("sgdm", "Divides", "zero-gradient", ""),
    ("sgdm", "ChangesGradients", "gradients-changed", ""),
    ("sgdm", "SharesState", "state-shared", ""),
    ("sgdm", "ListTimesNumber", "list-as-array", ""),
    ("sgdm", "NotSet", "no-attribute", ""),
    ("sgdm", "Endless", "endless", ""),
    ("sgdm", "Quits", "error", ""),
    ("sgdm", "WithArguments", "made-with-arguments", ""),
    ("sgdm", "NoStep", "no-method", ""),
    ("sgdm", "OtherNames", "no-hyperparameter", ""),
]  # fmt: skip
CRASH = {
    "NoLoss",
    "Divides",
    "ListTimesNumber",
    "NotSet",
    "Endless",
    "Quits",
    "WithArguments",
    "NoStep",
    "OtherNames",
    "SharesState",
}


WRITTEN = {**vars(students), **vars(students_frame)}


@pytest.mark.parametrize(("algorithm", "name", "mistake", "equation"), MISTAKES, ids=lambda value: value)
def test_each_mistake_gets_its_hint_and_its_equation(algorithm: str, name: str, mistake: str, equation: str) -> None:
    found = momoracle.check(WRITTEN[name], algorithm, seconds=1.0)
    assert found.explanation[0] == mistake
    assert found.hints[0] == hint(algorithm, mistake)
    assert len(found.hints) == 1  # no other accusation beside it
    assert found.equation.endswith(equation)
    assert bool(found.equation) is bool(equation)
    assert found.verdict == ("crashes" if name in CRASH else "deviates")
    assert found.agree < found.vectors or name in CRASH


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [("momo", "RightMoMo"), ("momo-adam", "RightMoMoAdam"), ("tam", "RightTAM"), ("sgdm", "Heavy")],
)
def test_a_right_answer_is_praised(algorithm: str, name: str) -> None:
    found = momoracle.check(WRITTEN[name], algorithm)
    assert found.verdict == "conforms"
    assert (found.hints, found.explanation, found.deviations, found.equation) == ((), (), (), "")
    assert found.agree == found.vectors > 10
    assert "well done" in repr(found)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_reference_itself_is_praised(algorithm: str) -> None:
    class Reference(MethodPort):
        def __init__(self) -> None:
            super().__init__(ALGORITHMS[algorithm])

    found = momoracle.check(Reference, algorithm)
    assert found.verdict == "conforms"
    assert found.hints == ()
    assert found.not_offered == ()


def test_a_kept_gradient_is_told_to_one_that_is_right_otherwise() -> None:
    found = momoracle.check(students_frame.KeepsGradients, "sgdm")
    assert found.verdict == "conforms"
    assert found.hints == (hint("sgdm", "gradients-kept"),)
    assert "well done" not in found.headline


def test_two_mistakes_get_two_hints() -> None:
    found = momoracle.check(students.TwoMistakes, "momo")
    assert set(found.explanation) == {"weights-swapped", "norm-not-squared"}
    assert len(found.hints) == 2
    assert found.equation.endswith("d ← β d + (1−β) g")  # the one that comes first in a step


def test_an_unusual_mistake_is_shown_where_it_is() -> None:
    found = momoracle.check(students.Unusual, "momo")
    assert found.explanation == ()
    assert found.hints == (hint("momo", "unexplained"),)
    assert found.equation == "MoMo (15)"  # the direction is right, and the length of the step is not


def test_buffers_that_are_shown_tell_the_equation() -> None:
    found = momoracle.check(students.ShowsBuffers, "momo")
    assert found.explanation == ()
    assert found.equation.endswith("γ ← β γ + (1−β) <g, x>")
    assert "Your offset parts from the method first in step 1" in repr(found)


def test_it_tells_vector_step_and_numbers() -> None:
    found = momoracle.check(students.WeightsTurned, "momo")
    first = found.deviations[0]
    assert first.step == 2  # the first step has one gradient only
    assert f"step {first.step} of the vector {first.vector}" in repr(found)
    assert f"{first.observed:.12g}" in repr(found)
    assert f"{first.expected:.12g}" in repr(found)
    assert "bias_correction" in found.left_out


def test_an_error_is_shown_with_the_line_of_the_student() -> None:
    found = momoracle.check(students_frame.NotSet, "sgdm")
    assert found.error is not None
    assert found.error.source.startswith("return [x - self.rate * g")
    assert found.error.message == "AttributeError: 'NotSet' object has no attribute 'rate'"
    assert f"Line {found.error.line} of your code: return [x - self.rate" in repr(found)


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.tags = "", set[str]()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_says_what_the_terminal_says_and_escapes_it() -> None:
    class Markup(students_frame.Heavy):
        def step(self, grads: students.Arrays, loss: float) -> None:
            raise ValueError("<script>alert(1)</script>\x1b[31m")

    for found in (momoracle.check(Markup, "sgdm"), momoracle.check(students.WeightsTurned, "momo")):
        page = Texts()
        page.feed(found._repr_html_())
        assert page.tags == {"div", "p", "b"} - ({"b"} if not found.hints else set())
        said = " ".join(page.text.replace("Hint.", "Hint:").split())
        assert said == " ".join(repr(found).split())


def test_its_example_holds() -> None:
    result = doctest.testmod(momoracle.classroom)
    assert (result.failed, result.attempted > 2) == (0, True)


def test_it_is_frozen() -> None:
    found = momoracle.check(students_frame.Heavy, "sgdm")
    with pytest.raises(FrozenInstanceError):
        found.verdict = "deviates"  # type: ignore[misc]


def test_in_another_thread_it_works_too() -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(momoracle.check(students_frame.Heavy, "sgdm").verdict))
    thread.start()
    thread.join()
    assert found == ["conforms"]


def test_wrong_use_is_told() -> None:
    with pytest.raises(TypeError, match=r"give the class itself: check\(Heavy, 'sgdm'\)"):
        momoracle.check(students_frame.Heavy(), "sgdm")  # type: ignore[arg-type]
    with pytest.raises(AlgorithmError, match="there is no such algorithm; choose one of sgd, sgdm"):
        momoracle.check(students_frame.Heavy, "momentum")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_departure_has_a_hint_that_is_a_question_and_not_the_answer(algorithm: str) -> None:
    for one in departures_of(algorithm):
        text = hint(algorithm, one.id)
        assert text.endswith((".", "?"))
        assert 40 < len(text) < 260, one.id
        assert one.meaning not in text


def test_no_hint_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"no hint for 'no-such' of momo; write one into ports/classroom/hints.toml"):
        hint("momo", "no-such")
