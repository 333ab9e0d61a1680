"""The rules of names hold, and each can fail."""

from __future__ import annotations

import pytest

from tests.house import architecture, naming

ROOT = architecture.ROOT
SOURCES = sorted(path for layer in architecture.ALLOWED for path in (ROOT / layer).rglob("*.py"))
MODULES = [naming.module_of(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in SOURCES]
DEFINED = {module.name: naming.definitions(module) for module in MODULES}


def of(source: str, path: str = "understudy/play/scene.py") -> naming.Module:
    return naming.module_of(path, source)


def test_a_public_name_says_what_it_is() -> None:
    assert len(MODULES) > 200
    assert [line for module in MODULES for line in naming.vague(module)] == []


def test_a_class_name_is_defined_once() -> None:
    assert naming.classes_twice(MODULES) == []


def test_nothing_private_is_imported_across_packages() -> None:
    assert [line for module in MODULES for line in naming.private_imports(module)] == []


def test_a_name_is_imported_from_where_it_is_defined() -> None:
    assert [line for module in MODULES for line in naming.re_exports(module, DEFINED)] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("understudy/search/yields.py", ""),
        ("understudy/play/scene.py", "def told():\n    pass"),
        ("understudy/play/scene.py", "def _told():\n    pass"),
        ("understudy/play/scene.py", "def shown(side):\n    pass"),
        ("understudy/play/scene.py", "async def shown(*, found):\n    pass"),
        ("understudy/play/scene.py", "class Shown:\n    units: int"),
        ("understudy/play/scene.py", "class Shown:\n    def slots(self):\n        pass"),
        ("understudy/play/scene.py", "class Shown:\n    def __init__(self, slots):\n        pass"),
        ("understudy/play/scene.py", "found = 1"),
    ],
)
def test_a_vague_name_is_noticed(path: str, source: str) -> None:
    assert len(naming.vague(of(source, path))) == 1


def test_vague_words_inside_a_function_are_let_be() -> None:
    assert naming.vague(of("def shown(rows):\n    found = 1\n    return found\n\n\ndef _shown(told):\n    pass")) == []


def test_keys_of_json_are_let_be() -> None:
    assert naming.vague(of("class Shown(TypedDict):\n    units: int\n\n\nclass More(ShownFields):\n    told: str")) == []


def test_a_class_of_two_modules_is_noticed() -> None:
    one, other = of("class Case:\n    pass"), of("class Case:\n    pass", "tasks/play/models.py")
    assert naming.classes_twice([one]) == []
    assert naming.classes_twice([one, other]) == ["Case is a class of understudy.play.scene, understudy.tasks.play.models"]


@pytest.mark.parametrize(
    ("path", "source", "is_refused"),
    [
        ("understudy/probes/feedback.py", "from understudy.recommenders._catalogue import Catalogue", True),
        ("understudy/probes/feedback.py", "from understudy.recommenders import _catalogue", True),
        ("understudy/recommenders/llm.py", "from understudy.recommenders._catalogue import Catalogue", False),
        ("understudy/recommenders/__init__.py", "from understudy.recommenders import _catalogue", False),
        ("understudy/play/turn.py", "from understudy.play.scene import _shown", True),
        ("understudy/play/turn.py", "from understudy.play import scene\nscene._shown()", True),
        ("understudy/play/turn.py", "from understudy.play import scene\nscene.__doc__", False),
    ],
)
def test_a_private_import_is_noticed(path: str, source: str, is_refused: bool) -> None:
    assert bool(naming.private_imports(of(source, path))) is is_refused


@pytest.mark.parametrize(
    ("source", "is_refused"),
    [
        ("from understudy.play.dialogue import Turn", True),
        ("from understudy.play import dialogue\ndialogue.Turn", True),
        ("from understudy.records import Turn", False),
        ("from understudy.play import dialogue\ndialogue.Played", False),
        ("from understudy.rehearsal import Surface", False),
    ],
)
def test_a_re_export_is_noticed(source: str, is_refused: bool) -> None:
    assert bool(naming.re_exports(of(source, "understudy/studies/estimate.py"), DEFINED)) is is_refused


def test_every_face_is_there_and_needed() -> None:
    taken = [one for module in MODULES for one in naming.re_exports(module, DEFINED, faces=frozenset())]
    assert {face for face in naming.FACES if any(f"from {face}," in line for line in taken)} == naming.FACES
