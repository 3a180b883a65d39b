"""The rooms of the package: who may import whom, no circle, few files in a folder, a word about each, plain names."""

import ast
import re
from pathlib import Path

import pytest
from support import checkout, import_graph

from momoracle import __path__ as package_path

MOST_FILES = 14

#: what each top room may import besides itself and common; CONTRIBUTING.md has the same table
ARROWS: dict[str, set[str]] = {
    "common": set(),
    "reference": set(),
    "convergence": {"reference"},
    "gpu": {"reference"},
    "ports": {"reference"},
    "paper_checks": {"convergence", "ports", "reference"},
    "momoracle": {"convergence", "gpu", "paper_checks", "ports", "reference"},
}

#: names that say nothing about what they hold
RIDDLES = {"one", "found", "given", "told", "shown"}


def find_folders() -> dict[str, Path]:
    """Return the folder of every package; the rooms below src/momoracle are symbolic links in a checkout."""
    folders = {}
    waiting = [("momoracle", Path(folder)) for folder in package_path]
    while waiting:
        name, folder = waiting.pop()
        folders[name] = folder
        below = [path for path in sorted(folder.iterdir()) if (path / "__init__.py").is_file()]
        waiting += [(f"{name}.{path.name}", path) for path in below]
    return folders


FOLDERS = find_folders()
TREES = import_graph.read_modules(FOLDERS)
GRAPH = import_graph.import_graph(TREES)


def room_of(module: str) -> str:
    """Return the top room of a module: face, commands and pages are one room, named after the package."""
    room = module.removeprefix("momoracle").lstrip(".").partition(".")[0]
    return room if room in ARROWS else "momoracle"


def package_of(module: str) -> str:
    """Return the package that a module is in, or is."""
    return module if module in FOLDERS else module.rpartition(".")[0]


def forbidden_arrows(graph: import_graph.Graph) -> set[tuple[str, str]]:
    """Return the imports (module, imported) that the table does not allow."""
    return {
        (module, target)
        for module, targets in graph.items()
        for target in targets
        if room_of(target) not in {room_of(module), "common"} | ARROWS[room_of(module)]
    }


def sentences(text: str) -> int:
    """Count the sentences of a docstring."""
    return len(re.findall(r"[.!?](?=\s|$)", " ".join(text.split())))


def count_riddles(tree: ast.AST) -> int:
    return sum(name in RIDDLES for _, name in import_graph.assigned_names(tree))


def test_every_module_is_read() -> None:
    assert {"momoracle", "momoracle.common.nearest", "momoracle.reference.momo", "momoracle.gpu.bench.run"} <= set(
        TREES
    )
    assert {room_of(name) for name in TREES} == set(ARROWS)
    assert sum(map(len, GRAPH.values())) > 500


def test_nothing_imports_in_a_circle() -> None:
    circles = import_graph.find_circles(GRAPH)
    assert circles == []


def test_imports_follow_the_arrows() -> None:
    assert forbidden_arrows(GRAPH) == set()


@checkout.needed
def test_contributing_has_the_same_arrows() -> None:
    text = (checkout.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w/]+)` \| (.*) \|$", text, re.MULTILINE)
    stated = {room.removeprefix("src/"): set(re.findall(r"`(\w+)`", allowed)) for room, allowed in rows}
    assert stated == {room: allowed | {"common"} - {room} for room, allowed in ARROWS.items()}


def test_no_folder_is_full() -> None:
    counts = {name: sum(path.is_file() for path in folder.iterdir()) for name, folder in FOLDERS.items()}
    assert {name for name, count in counts.items() if count > MOST_FILES} == set()


def test_every_room_says_what_it_is_for() -> None:
    short = {name for name in FOLDERS if sentences(ast.get_docstring(TREES[name]) or "") < 2}
    assert short == set()


def test_names_say_what_they_hold() -> None:
    riddles = {name: count_riddles(tree) for name, tree in TREES.items()}
    assert {name: count for name, count in riddles.items() if count} == {}


# -- each rule notices what breaks it ------------------------------------------------------------------------------


def graph_of(**sources: str) -> import_graph.Graph:
    """Return the graph of made-up modules; ``__`` in a name stands for a dot."""
    trees = {name.replace("__", "."): ast.parse(source) for name, source in sources.items()}
    return import_graph.import_graph(trees)


@pytest.mark.parametrize(
    "source",
    [
        "from momoracle.gpu.b import name",
        "from momoracle.gpu import b",
        "import momoracle.gpu.b",
        "def late():\n    from momoracle.gpu import b",
        "class Late:\n    def late(self):\n        import momoracle.gpu.b",
        'importlib.import_module("momoracle.gpu.b")\nimport_module("momoracle.gpu.b")',
        "if not TYPE_CHECKING:\n    from momoracle.gpu import b",
        "if TYPE_CHECKING:\n    pass\nelse:\n    from momoracle.gpu import b",
    ],
)
def test_a_circle_is_noticed(source: str) -> None:
    graph = graph_of(
        momoracle__gpu="", momoracle__gpu__a=source, momoracle__gpu__b="from momoracle.gpu import c",
        momoracle__gpu__c="from momoracle.gpu import a",
    )  # fmt: skip
    expected = [["momoracle.gpu.a", "momoracle.gpu.b", "momoracle.gpu.c"]]
    assert import_graph.find_circles(graph) == expected


def test_what_only_a_type_checker_reads_makes_no_circle() -> None:
    source = "if TYPE_CHECKING:\n    from momoracle.gpu import b"
    graph = graph_of(momoracle__gpu="", momoracle__gpu__a=source, momoracle__gpu__b="from momoracle.gpu import a")
    assert import_graph.find_circles(graph) == []


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("reference.momo", "ports.check"),
        ("common.nearest", "reference.momo"),
        ("convergence.rates", "ports.check"),
        ("ports.check", "paper_checks.verify"),
        ("gpu.fused", "commands.terminal"),
        ("paper_checks.verify", "gpu.fused"),
    ],
)
def test_an_arrow_against_the_rules_is_noticed(module: str, target: str) -> None:
    graph = {f"momoracle.{module}": frozenset({f"momoracle.{target}"}), f"momoracle.{target}": frozenset[str]()}
    assert forbidden_arrows(graph) == {(f"momoracle.{module}", f"momoracle.{target}")}
    assert forbidden_arrows({"momoracle.commands.check": frozenset({f"momoracle.{target}"})}) == set()


@pytest.mark.parametrize(
    "source",
    [
        "one = 1",
        "for one in []: pass",
        "[one for one in []]",
        "def f(found): pass",
        "lambda told: 0",
        "def given(): pass",
        "a.shown = 1",
        "if (one := 1): pass",
        "with a as found: pass",
        "import a as told",
        "match a:\n    case [*found]: pass",
        "class A:\n    shown: str",
        "one, b = 1, 2",
    ],
)
def test_a_riddle_is_noticed(source: str) -> None:
    assert count_riddles(ast.parse(source)) == 1
    assert count_riddles(ast.parse(re.sub(r"\b(one|found|told|given|shown)\b", "clear", source))) == 0


def test_sentences_are_counted() -> None:
    assert sentences("One room.") == 1
    assert sentences("One room, version 1.2.\n\n``a.b`` is here. Nothing else.") == 3
    assert sentences("No end") == 0
