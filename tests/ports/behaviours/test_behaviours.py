"""Every row of the behaviours: ports that break it, ports that do not, and real optimizers."""

from pathlib import Path

import pytest

from momoracle.ports import PortError
from momoracle.ports.adapters.loading import load
from momoracle.ports.adapters.port_spec import parse_port
from momoracle.ports.behaviours.bench import READ, STEPS, Bench, couples_tensors, largest_difference
from momoracle.ports.behaviours.open_questions import (
    Reading,
    iterates,
    late_readings,
    missing_readings,
    rate_readings,
)
from momoracle.ports.behaviours.table import BY_ID, CHECKS, carry_out
from momoracle.ports.processes.check_behaviours import check_behaviours, rows_in_order
from momoracle.ports.processes.session import PortSession
from momoracle.ports.running.findings import Behaviour
from momoracle.ports.running.messages import Answer
from momoracle.ports.running.method_port import MethodPort
from momoracle.reference import ALGORITHMS, AlgorithmError, MoMo, MoMoAdam

EXAMPLES = Path(__file__).parents[1] / "examples"
PLAIN = EXAMPLES / "behaviour_ports.py"
TORCH = EXAMPLES / "behaviour_torch.py"


def answer(check: str, port: str, algorithm: str) -> Answer:
    """Carry one check out in this process, for ports that neither hang nor die."""
    spec = parse_port(port)
    return carry_out(check, spec, load(spec, algorithm, "float64"), algorithm)


def table(algorithm: str, port: str, time_limit: float = 20.0) -> dict[str, Behaviour]:
    seen: list[Behaviour] = []
    answers: dict[str, Behaviour] = {}
    with PortSession(algorithm, parse_port(port), time_limit=time_limit) as session:
        check_behaviours(session, answers, seen.append)
    rows = rows_in_order(algorithm, session.spec, answers, "")
    assert [row.id for row in rows] == [check.id for check in CHECKS]
    assert sorted(row.id for row in seen) == sorted(row.id for row in rows)
    assert all(row.policy.endswith(".") and row.evidence for row in rows)
    assert not any("/" + "tmp" in row.evidence or str(EXAMPLES) in row.evidence for row in rows)
    return {row.id: row for row in rows}


def broken(rows: dict[str, Behaviour]) -> set[str]:
    return {row.id for row in rows.values() if row.outcome == "broken"}


def crashed(rows: dict[str, Behaviour]) -> set[str]:
    return {row.id for row in rows.values() if row.outcome == "crashes"}


@pytest.mark.parametrize(
    ("check", "name", "says"),
    [
        ("deterministic", "Noisy", "two instances in one process, given the same, differ from step 1 on"),
        ("deterministic", "SharedMomentum", "two instances in one process, given the same, differ from step 1 on"),
        ("gradients-left-alone", "WritesGradients", "24 of 24 gradients were changed, first that of step 1, tensor 0"),
        ("gradients-not-kept", "KeepsGradients", "zeroed in place between the steps, step 2 is another one"),
        ("saved-and-restored", "Forgets", "saved after step 1: step 2 is another one, and the runs come"),
        ("saved-to-bytes", "Forgets", "saved after step 1: step 2 is another one, and the runs come"),
        ("saved-and-restored", "Shares", "saved after step 1: step 2 is another one, and the runs come"),
        ("nan-gradient", "HidesNan", "step 4 moved by"),
        ("dtype-float16", "Widens", "params[0] came back as float64; it was given as float16"),
        ("dtype-mixed", "Widens", "params[0] came back as float64; it was given as float32"),
        ("zero-dimensional-tensor", "LosesAxes", "a tensor of shape () came back with shape (1,)"),
        ("zero-dimensional-tensor", "SkipsScalars", "the tensor of shape () against shape (1,): 8 steps, at most"),
    ],
)
def test_a_plain_port_breaks_the_row(check: str, name: str, says: str) -> None:
    found = answer(check, f"{PLAIN}:{name}", "sgdm")
    assert (found.outcome, says in found.evidence) == ("broken", True), found
    assert answer(check, f"{PLAIN}:Momentum", "sgdm").outcome == "holds"


@pytest.mark.parametrize(
    ("check", "name", "outcome", "says"),
    [
        ("saved-and-restored", "Whole", "holds", "copied after steps 1 and 4"),
        ("saved-to-bytes", "Whole", "holds", "pickled after steps 1 and 4"),
        ("saved-and-restored", "Unpicklable", "holds", "copied after steps 1 and 4"),
        ("saved-to-bytes", "Unpicklable", "not_offered", "no save and restore, and it cannot be pickled"),
        ("saved-to-bytes", "Shares", "holds", "saved after steps 1 and 4"),
        ("nan-gradient", "SkipsNan", "holds", "changed nothing, and the 4 steps after it are right"),
        ("nan-gradient", "RefusesNan", "holds", "is refused: FloatingPointError: a gradient is not finite"),
        ("nan-gradient", "Momentum", "holds", "shows: 1 of 3 entries are not finite"),
        ("dtype-bfloat16", "Momentum", "not_applicable", "NumPy has no bfloat16"),
    ],
)
def test_a_plain_port_may_do_it_otherwise(check: str, name: str, outcome: str, says: str) -> None:
    found = answer(check, f"{PLAIN}:{name}", "sgdm")
    assert (found.outcome, says in found.evidence) == (outcome, True), found


def test_a_buffer_that_changes_its_dtype_is_named() -> None:
    found = answer("dtype-mixed", f"{PLAIN}:WidensItsBuffer", "sgdm")
    assert found.outcome == "broken"
    assert found.evidence == "momentum[0] was float32, and is float64 after step 3"


@pytest.mark.parametrize(
    ("name", "nan", "infinite", "says"),
    [
        ("MoMo", "holds", "broken", "a loss of nan in step 4 shows: 9 of 9 entries are not finite"),
        ("MoMoRefuses", "holds", "holds", "is refused: FloatingPointError: the loss is nan"),
        ("MoMoSkips", "holds", "holds", "changed nothing, and the 4 steps after it are right"),
        ("MoMoStepsOn", "broken", "broken", "and stayed finite; so did every step after it"),
        ("MoMoFreezes", "broken", "broken", "has poisoned the state: no step after it moves"),
        ("MoMoHalfSkips", "broken", "broken", "has poisoned the state: the steps after it are up to"),
    ],
)
def test_a_loss_that_is_not_finite(name: str, nan: str, infinite: str, says: str) -> None:
    found = answer("nan-loss", f"{PLAIN}:{name}", "momo")
    assert (found.outcome, says in found.evidence) == (nan, True), found
    assert answer("infinite-loss", f"{PLAIN}:{name}", "momo").outcome == infinite


def test_a_hang_and_a_crash_are_their_rows_alone() -> None:
    rows = table("sgdm", f"{PLAIN}:HangsInRestore", time_limit=0.5)
    assert (broken(rows), crashed(rows)) == (set(), {"saved-and-restored", "saved-to-bytes"})
    assert rows["saved-to-bytes"].evidence == "no answer within 1.5 s"
    rows = table("sgdm", f"{PLAIN}:DiesOfEmptyTensors")
    assert (broken(rows), crashed(rows)) == (set(), {"zero-size-tensor"})
    assert rows["zero-size-tensor"].evidence == "the process ended with exit status 5"


def test_a_port_that_differs_between_processes_is_caught() -> None:
    rows = table("sgdm", f"{PLAIN}:OtherInEveryProcess")
    assert broken(rows) == {"deterministic"}
    assert rows["deterministic"].evidence == "2 processes, given the same, returned other numbers"


def test_a_right_port_breaks_nothing_and_says_what_means_nothing() -> None:
    rows = table("sgdm", f"{PLAIN}:Momentum")
    assert broken(rows) == set()
    assert rows["deterministic"].evidence.startswith("576 bytes of 8 steps are the same in 2 instances in each of 2")
    assert rows["nan-loss"].evidence == "the method does not use the loss"
    assert rows["two-equal-groups"].evidence == "a class of the protocol has no parameter groups"
    assert {row.outcome for row in rows.values()} == {"holds", "not_applicable"}


def test_an_exit_and_an_unpicklable_save_are_errors_like_any_other() -> None:
    rows = table("sgdm", f"{PLAIN}:Exits")
    assert "SystemExit: 4 (behaviour_ports.py:" in rows["deterministic"].evidence
    rows = table("sgdm", f"{PLAIN}:SavesItself")
    assert broken(rows) == {"saved-to-bytes"}
    assert "pickle" in rows["saved-to-bytes"].evidence.lower()


def test_wrong_usage_is_an_error() -> None:
    with pytest.raises(AlgorithmError, match="choose one of"):
        table("sgdd", f"{PLAIN}:Momentum")
    with pytest.raises(PortError, match="has no 'Nothing'"):
        table("sgdm", f"{PLAIN}:Nothing")


def test_an_error_in_the_callback_ends_the_checks() -> None:
    def stop(row: Behaviour) -> None:
        if row.outcome == "holds":
            raise KeyboardInterrupt

    rows: dict[str, Behaviour] = {}
    spec = parse_port(f"{PLAIN}:HangsInRestore")
    with PortSession("sgdm", spec, time_limit=60.0) as session, pytest.raises(KeyboardInterrupt):
        check_behaviours(session, rows, stop)
    assert "holds" in {row.outcome for row in rows.values()}  # what is done is kept


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_reference_breaks_nothing(algorithm: str) -> None:
    spec = parse_port(f"{PLAIN}:Momentum")
    for check in CHECKS:
        if not check.why_not("", algorithm):
            found = carry_out(check.id, spec, lambda: MethodPort(ALGORITHMS[algorithm]), algorithm)
            assert found.outcome in ("holds", "not_applicable"), (check.id, found)


@pytest.mark.parametrize("algorithm", READ)
def test_the_readings_are_the_reference_where_nothing_is_open_and_differ_elsewhere(algorithm: str) -> None:
    spec = parse_port(f"{PLAIN}:MoMo")
    data = Bench(spec, load(spec, algorithm, "float64"), algorithm).input()
    method = (MoMo if algorithm == "momo" else MoMoAdam)(**data.hyperparameters)
    params, state = list(data.params), method.init(list(data.params))
    run, sizes = [], []
    for grads, loss in zip(data.grads, data.losses, strict=True):
        params, state, trace = method.step(params, list(grads), state, loss)
        run.append(params)
        sizes.append(trace.step_size * trace.weight_sum)
    for reading in (*rate_readings(), *missing_readings(algorithm), *late_readings(algorithm)):
        assert largest_difference(run, iterates(algorithm, data, reading)) < 1e-13
    at_cap = sum(size == pytest.approx(data.hyperparameters["lr"]) for size in sizes)
    assert 0 < at_cap < STEPS
    cases = (
        (rate_readings(), {"rates": [0.5, 0.5, 0.2]}),
        (missing_readings(algorithm), {"missing": [(2, 1), (3, 1)]}),
        (late_readings(algorithm), {"born": [0, 0, 3]}),
    )
    for readings, unusual in cases:
        runs = [iterates(algorithm, data, reading, **unusual) for reading in readings]
        assert len(runs) > 1
        assert all(largest_difference(a, b) > 1e-2 for i, a in enumerate(runs) for b in runs[:i])


def test_what_couples_its_tensors_is_seen() -> None:
    assert [name for name in ALGORITHMS if couples_tensors(name)] == list(READ)


def test_several_rates_follow_m12_where_they_are_equal_too() -> None:
    spec = parse_port(f"{PLAIN}:MoMo")
    data = Bench(spec, load(spec, "momo", "float64"), "momo").input()
    plain = iterates("momo", data, Reading())
    for reading in rate_readings():
        equal = iterates("momo", data, reading, rates=[float(data.hyperparameters["lr"])] * 3)
        assert largest_difference(plain, equal) < 1e-13


TORCH_ROWS = [
    ("sgdm", "closure-called-once", "CallsTwice", "step 1 called the closure 2 times"),
    ("sgdm", "closure-called-once", "NoGradClosure", "gradients were switched off in 8 of 8 calls"),
    ("sgdm", "groups-with-own-rates", "OneRate", "rates 0.1 and 0.0333 against two optimizers: 8 steps, at most"),
    ("sgdm", "two-equal-groups", "FirstGroupOnly", "two groups against one: 8 steps, at most"),
    ("sgdm", "parameter-added-late", "FirstGroupOnly", "a tensor added after 3 steps: 8 steps, at most"),
    ("sgdm", "gradient-none", "NoneIsZero", "without a gradient in 2 steps: 8 steps, at most"),
    ("sgdm", "path-foreach", "OtherForeach", "float32's as much as this"),
    ("sgdm", "dtype-float16", "WideBuffer", "momentum_buffer[0] was float16, and is float32"),
    ("sgdm", "saved-in-bfloat16", "WidestBuffer", "momentum_buffer[0] was float32, and is bfloat16 after it was"),
    ("momo", "two-equal-groups", "ModelAGroup", "two groups against one: 8 steps, at most"),
    ("momo", "groups-with-own-rates", "ModelAGroup", "it follows no reading"),
    ("momo", "groups-with-own-rates", "LastRate", "it follows no reading"),
    ("momo", "gradient-none", "StopsAtNone", "it follows no reading"),
    ("momo", "parameter-added-late", "LateDoubled", "it follows no reading"),
    ("momo", "loss-left-alone", "ChangesLoss", "1 of 8 losses were changed, that of step 1 from"),
    ("momo", "float-loss", "FloatIsZero", "a float against a tensor: 8 steps, at most"),
    ("momo", "float-loss", "FloatIsNarrow", "and float32's as much as this"),
    ("momo", "saved-and-restored", "ForgetsTheLoss", "step 2 is another one"),
    ("momo", "saved-to-bytes", "ForgetsTheLoss", "step 2 is another one"),
]


@pytest.mark.ports
@pytest.mark.parametrize(("algorithm", "check", "name", "says"), TORCH_ROWS)
def test_a_torch_port_breaks_the_row(algorithm: str, check: str, name: str, says: str) -> None:
    found = answer(check, f"torch={TORCH}:{name}", algorithm)
    assert (found.outcome, says in found.evidence) == ("broken", True), found


@pytest.mark.ports
@pytest.mark.parametrize(
    ("check", "name", "outcome", "says"),
    [
        ("groups-with-own-rates", "MoMo", "holds", "the authors' τ_g"),
        ("groups-with-own-rates", "ExactRates", "holds", "the exact minimiser"),
        ("gradient-none", "MoMo", "holds", "None counts as a gradient of zero"),
        ("gradient-none", "LeavesAlone", "holds", "the tensor is left alone, state and all"),
        ("parameter-added-late", "MoMo", "holds", "averages start at zero"),
        ("parameter-added-late", "StartsAtFirstGradient", "holds", "averages start at its first gradient"),
        ("groups-with-own-rates", "NotMoMo", "not_applicable", "so there is nothing to compare with"),
        ("two-equal-groups", "NotMoMo", "holds", "two groups against one"),
        ("two-equal-groups-lower-bound", "MoMo", "not_offered", "the port has no estimate_lower_bound"),
        ("float-loss", "MoMo", "holds", "a float against a tensor"),
        ("float-loss", "FloatIsRefused", "holds", "it is refused: AttributeError"),
    ],
)
def test_momo_can_be_read_in_more_than_one_way(check: str, name: str, outcome: str, says: str) -> None:
    found = answer(check, f"torch={TORCH}:{name}", "momo")
    assert (found.outcome, says in found.evidence) == (outcome, True), found


@pytest.mark.ports
@pytest.mark.parametrize(("algorithm", "name"), [("sgdm", "Momentum"), ("momo", "MoMo")])
def test_a_right_torch_port_breaks_nothing(algorithm: str, name: str) -> None:
    spec = parse_port(f"torch={TORCH}:{name}")
    factory = load(spec, algorithm, "float32")
    for check in CHECKS:
        if not check.why_not("torch", algorithm):
            found = carry_out(check.id, spec, factory, algorithm)
            assert found.outcome != "broken", (check.id, found)


@pytest.mark.ports
def test_none_may_crash_the_process() -> None:
    with pytest.raises(AttributeError):  # which the process that carries a check out makes a broken row of
        answer("gradient-none", f"torch={TORCH}:NoneCrashes", "sgdm")
    rows = table("sgdm", f"torch={TORCH}:DiesOfNone")
    assert (broken(rows), crashed(rows)) == (set(), {"gradient-none", "parameter-added-late"})
    assert rows["gradient-none"].evidence == "the process ended with exit status 6"


@pytest.mark.ports
def test_momo_adam_mixes_two_counts_of_steps() -> None:
    """‖d‖² counts a tensor's own steps in D, the update the optimizer's: equal until a tensor is late or skipped."""
    rows = table("momo-adam", "torch=momo:MomoAdam", time_limit=60.0)
    for row in ("gradient-none", "parameter-added-late"):
        assert rows[row].outcome == "broken"
        assert "it follows no reading" in rows[row].evidence
    assert "the authors' τ_g" in rows["groups-with-own-rates"].evidence
    assert rows["groups-with-own-rates"].outcome == "holds"


@pytest.mark.ports
@pytest.mark.parametrize(
    ("algorithm", "port", "expected"),
    [
        ("sgdm", "torch=torch.optim:SGD", set()),
        # its step count is a float32 tensor in this path, and so are the bias corrections, whatever the parameters are
        ("adam", "torch=torch.optim:Adam", {"path-differentiable"}),
        ("sgdm", "optax=optax:sgd", set()),
        ("sgdm", "keras=keras.optimizers:SGD", set()),
        (
            "momo",
            "torch=momo:Momo",
            {
                "saved-and-restored",  # the average of losses and the number of steps are not in its state_dict
                "saved-to-bytes",
                "saved-in-bfloat16",
                "gradient-none",
                "parameter-added-late",
                "two-equal-groups-lower-bound",  # the bound is updated once a group
                "nan-loss",  # Python's min and max drop a NaN: the step is the cap
                "infinite-loss",
            },
        ),
        ("momo", "optax=optax.contrib:momo", {"infinite-loss"}),
        ("tam", "torch=pytorch_optimizer:TAM", {"gradients-left-alone"}),  # coupled decay is added to them in place
    ],
)
def test_published_ports(algorithm: str, port: str, expected: set[str]) -> None:
    rows = table(algorithm, port, time_limit=60.0)
    assert broken(rows) == expected
    assert all(rows[name].outcome == "holds" for name in ("deterministic", "zero-size-tensor", "dtype-bfloat16"))


def test_every_row_has_a_check_and_a_policy() -> None:
    assert len(BY_ID) == len(CHECKS)
    for check in CHECKS:
        for algorithm in ("sgdm", "momo"):
            assert check.policy_for(algorithm).endswith(".")
            assert check.policy_for(algorithm).count(". ") == 0  # one sentence


def test_a_port_is_given_every_hyperparameter_as_by_the_vectors() -> None:
    assert answer("deterministic", f"{PLAIN}:TakesAnything", "sgd").outcome == "holds"
