"""What is wrong with the options of a command is said before anything is started: no server, no model, no heavy import.

An option says in its annotation what it means, and what it means is checked here. So each new option is checked from its first day.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.completion import ROLES
from understudy.errors import BadInput, StoreBusy
from understudy.names import checked_name
from understudy.parameters import LOCAL

if TYPE_CHECKING:
    from understudy.doors.store import Store

Options = Mapping[str, object]
# which model plays the recommender says the run; here its name does not matter
_ANY_MODEL = "any"


class Means(Enum):
    """What the value of an option is."""

    INPUT = "a file or folder that is read"
    OUTPUT = "a file that is written; its folder is created"
    APPENDED = "a file that is continued; its folder is there"
    FOLDER = "a folder that is written"
    STORE = "the store"
    COPIED_STORE = "a store that is copied"
    MADE_STORE = "a store that is made, or is there with the same rows"
    NEW_DATASET = "the name of a data set that is made"
    NEW_BATCH = "the name of a batch that is made"
    NEW_RELEASE = "the name of a release that is made"
    PROFILED = "a data set with a profile"
    INGESTED = "a data set with dialogues"
    BATCH = "a batch that was played"
    SETTING = "a prompt setting"
    SETTINGS = "prompt settings, separated by commas, or all"
    RECOMMENDER = "a recommender"
    SURFACE = "a rehearsal surface"
    RUNNER = "a runner of mapped tasks"
    MODEL = "a model, of which local weights are looked at"


def check(meant: Iterable[tuple[str, Means]], given: Options) -> None:
    """Raises BadInput for the first option that cannot be used as given, StoreBusy where a run could not write.

    `meant`: option and meaning, in the command's order; `given`: the options' values, of which None is not given.
    """
    asked = [(name, means, one) for name, means in meant for one in _each(given[name])]
    for name, means, value in asked:
        if means in _PLACES:
            _PLACES[means](_option(name), Path(str(value)))
    for _, means, value in asked:
        if means in _NAMED:
            _NAMED[means](str(value))
    _logs(given)
    for _, means, value in asked:
        if means is Means.MODEL:
            _model(str(value), given)
    if any(means is Means.STORE for _, means, _ in asked):
        _store(Path(str(given["store"])), [(means, str(value)) for _, means, value in asked], given)


def _each(value: object) -> list[object]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _option(name: str) -> str:
    return "PATH" if name == "paths" else f"--{name.replace('_', '-')}"


def _readable(option: str, path: Path) -> None:
    if not path.exists():
        raise BadInput(f"{option}: there is no file or folder {path}", hint="check the path")
    _refuse_special(option, path)
    if not os.access(path, os.R_OK):
        raise BadInput(f"{option}: {path} cannot be read", hint="check its permissions")


def _writable(option: str, path: Path) -> None:
    if path.is_dir():
        raise BadInput(f"{option}: {path} is a folder; a file is expected", hint="name a file in it")
    _refuse_special(option, path)
    _creatable(option, path.parent if not path.exists() else path)


def _continued(option: str, path: Path) -> None:
    _writable(option, path)
    if not path.parent.is_dir():
        raise BadInput(f"{option}: there is no folder {path.parent}", hint="create it, or name a file in another folder")


def _folder(option: str, path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise BadInput(f"{option}: {path} is no folder", hint="name a folder")
    _creatable(option, path)


def _refuse_special(option: str, path: Path) -> None:
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BadInput(f"{option}: {path} is a device or a pipe; a plain file is expected", hint="name a plain file")


def _creatable(option: str, path: Path) -> None:
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if there != path and not there.is_dir():
        raise BadInput(f"{option}: {there} is a file, so that {path} cannot be created in it", hint="choose another folder")
    if not os.access(there, os.W_OK):
        raise BadInput(f"{option}: {there} cannot be written", hint="check its permissions, or choose another place")


def _setting(name: str) -> None:
    from understudy.prompt.setting import load_setting

    load_setting(name)


def _settings(names: str) -> None:
    for name in () if names == "all" else names.split(","):
        _setting(name.strip())


def _recommender(name: str) -> None:
    from understudy.recommenders import chosen

    chosen(name, model=_ANY_MODEL)


def _surface(name: str) -> None:
    from understudy.tasks.play.surfaces import surface_named

    surface_named(name)


def _runner(written: str) -> None:
    from understudy.doors.workers.extras import require_installed

    require_installed(written)


def _model(value: str, given: Options) -> None:
    """Local weights are there and can be served. `value` is a name, or ROLE=NAME. Of a recording the name in keys is enough."""
    from understudy.doors.local.naming import is_keyed

    name = value.partition("=")[2] if value.partition("=")[0] in ROLES else value
    if not name.startswith(LOCAL) or (given.get("recording") is not None and is_keyed(name)):
        return
    from understudy.doors.local.weights import require_before

    require_before(name, has_template=given.get("chat_template") is not None, seeker_side=str(given.get("seeker_side", "assistant")))


def _name(of: str) -> Callable[[str], None]:
    def check_name(text: str) -> None:
        checked_name(text, of=of)

    return check_name


def _logs(given: Options) -> None:
    """The reader has files to read among what was given, as it does when it reads them."""
    if "reader" not in given:
        return
    from understudy import readers

    named = [str(one) for one in _each(given["reader"])] or [str(given["dataset"])]
    paths = [Path(str(one)) for name in ("paths", "data", "simulated") for one in _each(given.get(name))]
    mapped = readers.Options.given(None, fields=Path(str(given["fields"])) if given.get("fields") else None)
    # one reader for all of them, or one for each; of other numbers the command itself says what is wrong
    for reader, path in zip(named if len(named) == len(paths) else named[:1] * len(paths), paths, strict=True):
        readers.find(reader, path, fields=mapped.concerning(reader, named).fields)


def _store(path: Path, asked: list[tuple[Means, str]], given: Options) -> None:
    from understudy.doors.opening import is_there
    from understudy.doors.store import Store

    is_known = is_there(path)
    wanted = [(means, value) for means, value in asked if means in (Means.PROFILED, Means.INGESTED, Means.BATCH)]
    # of a lake in PostgreSQL nobody knows before it is opened
    if not is_known and not wanted:
        return
    try:
        with Store.open(path, read_only=True) as store:
            for means, value in wanted:
                _stored(store, means, value, given)
    except StoreBusy:
        # a command without events starts nothing: it reads a copy of a store that is busy, or says itself that it is
        if "events" in given:
            raise


def _copied_store(address: str) -> None:
    from understudy.doors.opening import engine_of

    # of a lake in PostgreSQL it is known once it is opened
    if not engine_of(address).exists():
        raise BadInput(f"there is no store at {address}", hint="name a store that is there")


def _made_store(address: str) -> None:
    from understudy.doors.opening import engine_of

    engine_of(address)


def _stored(store: Store, means: Means, value: str, given: Options) -> None:
    from understudy.rows import humans, named

    if means is Means.PROFILED:
        humans.current_profile(store, value)
    elif means is Means.INGESTED:
        named.require_dialogues(store, value)
    else:
        dataset = given.get("dataset")
        named.batch_key_of(store, value, None if dataset is None else str(dataset))


_PLACES: Mapping[Means, Callable[[str, Path], None]] = {
    Means.INPUT: _readable, Means.OUTPUT: _writable, Means.APPENDED: _continued, Means.FOLDER: _folder,
}  # fmt: skip
_NAMED: Mapping[Means, Callable[[str], None]] = {
    Means.COPIED_STORE: _copied_store, Means.MADE_STORE: _made_store,
    Means.NEW_DATASET: _name("data set"), Means.NEW_BATCH: _name("batch"), Means.NEW_RELEASE: _name("release"),
    Means.SETTING: _setting, Means.SETTINGS: _settings, Means.RECOMMENDER: _recommender, Means.SURFACE: _surface,
    Means.RUNNER: _runner,
}  # fmt: skip
