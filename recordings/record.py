"""Makes a recording of a command that has ended, and plays it again to see that it is whole.

    python recordings/record.py NAME LOGS [READER=PATH …] [--on-this-machine] -- study --dataset D --store FILE --model M …

The words after `--` are those of the command, with the store in which it was run; nothing is asked of its models. Where several commands
were given to the store, as those of `replicate`, each stands after a `--` of its own, and the tables are those of the last one. The
recording lies in recordings/NAME: the replies without their prompts, what the logs of the seekers said as places in the logs, the
licences, and the tables as they come out of the replay, once each evaluation and each stage of a study in the store was found to say the
same. README.md, docs/study.md and docs/paper.md follow. LOGS is a folder; where the data set was made by several readers, or its files
lie deeper, each READER=PATH names one in the order of ingesting, with its path in that folder, and READER=PATH:DATASET those of another
data set, as the ratings. `--on-this-machine` names this machine for runs that did not record theirs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

sys.path.insert(0, str(Path(__file__).parent))

import polars as pl
from replay import HERE, LOGS, ROOT, Differs, about, played_again

from understudy.doors import recordings
from understudy.doors.machine import this_machine
from understudy.doors.recordings import LogFields
from understudy.doors.store import Store
from understudy.flows.cli.app import app
from understudy.flows.cli.arguments import NightSearchArguments, RunArguments
from understudy.flows.cli.reading import group_of
from understudy.parameters import PanelSize, RunOptions, Search
from understudy.tasks.play.opened import models_open
from understudy.tasks.studies.recording import RecordedWork, named_in, recorded

# what the process that came to a stage has spent itself (a replay spends nothing), and the calls that the ledger held by then, those of
# commands that were given to the store before and are not recorded among them
_OF_THE_PROCESS = ("/n_model_calls", "/tokens", "/usd", "/prompt_cache")
# said anew at every replay, or of a file that is not part of a recording
LEFT_OUT = ("--store", "--out", "--events", "--threads", "--recording", "--markdown", "--html")


def main(words: Sequence[str]) -> int:
    """0 when the recording was played again and says what the store says."""
    if "--" not in words or words.index("--") < 2:
        print(__doc__, file=sys.stderr)
        return 2
    (name, logs, *more), *commands = _parted(words)
    folder, scratch = HERE / name, ROOT / ".replay" / name
    parts = [_log(word) for word in more if "=" in word]
    store = kept(commands, folder, Path(logs).absolute(), parts, names_machine="--on-this-machine" in more)
    try:
        written = played_again(folder, Path(logs).absolute(), scratch)
        same_stages(store, scratch / "store.duckdb")
    except Differs as error:
        print(error, file=sys.stderr)
        return 1
    for file, text in written.items():
        (folder / file).write_text(text, encoding="utf-8")
    n_missing = finished(folder, scratch / "store.duckdb")
    # README, docs/study.md and docs/paper.md say what is recorded
    for script in ("study.py", "paper.py"):
        subprocess.run([sys.executable, str(ROOT / "docs" / "site" / script)], check=True)
    told = about(folder)["replies"]
    print(f"{folder}: {told['n']} replies, of which {told['n_quoting']} repeat the logs; {n_missing} calls without a reply")
    return 0


def kept(commands: Sequence[list[str]], folder: Path, logs: Path, parts: Sequence[LogFields], *, names_machine: bool) -> Path:
    """The store of the commands, whose ledger is in the folder by then, as a draft: what it lacks is found by playing them."""
    command = commands[-1]
    name, given = command[0], read(command)
    options: RunOptions = group_of(RunArguments, given).options(
        surface=given.get("surface", RunOptions().surface), recommender=_recommender(given)
    )
    shutil.rmtree(folder, ignore_errors=True)
    with Store.open(options.store) as store, models_open(given["dataset"], options, store) as opened:
        told = [[str(LOGS) if Path(word).absolute() == logs else word for word in without(one, LEFT_OUT)] for one in commands]
        *earlier, last = (named_in(words, options.models, opened) for words in told)
        work = RecordedWork(last, logs_of(store, given["dataset"], parts), tuple(earlier))
        made = recorded(opened, work, folder, is_draft=True)
    if names_machine:
        _name_machine(made)
    print(f"$ understudy {' '.join(about(folder)['command'])}: recorded of {name}", file=sys.stderr)
    return options.store


def logs_of(store: Store, dataset: str, parts: Sequence[LogFields]) -> tuple[LogFields, ...]:
    """The logs of a data set in the order of ingesting. Raises SystemExit where they are not those of its readers."""
    known = {one: _readers(store, one) for one in (dataset, *(part["dataset"] for part in parts if "dataset" in part))}
    named = tuple(parts) or tuple(LogFields(reader=reader, path=".") for reader in known[dataset][:1])
    for one, readers in known.items():
        if sorted(part["reader"] for part in named if part.get("dataset", dataset) == one) != readers:
            raise SystemExit(f"{one} was read by {', '.join(readers)}: name each as READER=PATH after the folder with the logs")
    return named


def _readers(store: Store, dataset: str) -> list[str]:
    return sorted({row["reader"] for row in store.rows("ingest/sources_of", dataset=dataset)})


def read(command: Sequence[str]) -> dict[str, Any]:
    """Option → value of a command, as the command line reads them; nothing is run."""
    name, *words = command
    program = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    context = program.make_context(name, list(words))
    return dict(vars(context.command.callback(**context.params)))


@dataclass(frozen=True, slots=True)
class Night:
    """What the words of a night ask for, as far as its objectives hang on it."""

    dataset: str
    setting: str
    batch: str
    n: int
    search: Search
    report: PanelSize
    options: RunOptions


def night_of(command: Sequence[str]) -> Night:
    """The search and the report of a night, read from its words."""
    given = read(command)
    sizes = group_of(NightSearchArguments, given)
    return Night(
        given["dataset"], given["setting"], given["batch"], given["n"], sizes.search(), sizes.table.size(),
        group_of(RunArguments, given).options(surface=given["surface"], recommender=_recommender(given)),
    )  # fmt: skip


def same_stages(store: Path, played: Path) -> None:
    """Raises Differs where an evaluation or a stage of a study says something else in the store than in the replay.

    What is new in a row is no difference.
    """
    with Store.open(store, read_only=True) as one, Store.open(played, read_only=True) as other:
        before, after = (_said(each) for each in (one, other))
    for name, fields in after.items():
        if name not in before:
            raise Differs(f"the store {store} has no {name}: run the command to its end there first")
        if (found := _difference(before[name], fields)) is not None:
            raise Differs(f"{name}: {found}")


def finished(folder: Path, played: Path) -> int:
    """How many calls ended without a reply, which are in the recording by then."""
    with Store.open(played, read_only=True) as store:
        failures = store.frame("play/failures")
    made = recordings.opened(folder)
    tables = {name: frame for name in recordings.TABLES if (frame := made.table(name)) is not None}
    recordings.written(folder, {**made.about, "is_draft": False}, {**tables, "failures": failures})
    return len(failures)


def _name_machine(made: recordings.Recording) -> None:
    marks, known = made.table("marks"), made.table("machines")
    runs = set() if marks is None else set(marks["run_id"])
    rows = [{"run_id": run, **asdict(this_machine())} for run in sorted(runs - (set() if known is None else set(known["run_id"])))]
    tables = {name: frame for name in recordings.TABLES if (frame := made.table(name)) is not None}
    parts = [frame for frame in (known, pl.DataFrame(rows) if rows else None) if frame is not None]
    recordings.written(made.folder, made.about, {**tables, **({"machines": pl.concat(parts, how="diagonal_relaxed")} if parts else {})})


def _said(store: Store) -> dict[str, Any]:
    """What was measured, and what the stages of studies answered, by a name that tells it."""
    answered, measured = store.rows("optimize/all_study_stages"), store.rows("optimize/all_evaluations")
    stages = {f"stage {row['stage']} of study {row['study_key']}": json.loads(row["fields"]) for row in answered}
    read = dict.fromkeys(("objectives", "leakage", "diagnostics"), json.loads)
    evaluations = {
        f"evaluation {row['evaluation_key']}": {name: read.get(name, _as_it_is)(value) for name, value in row.items()} for row in measured
    }
    return {**stages, **evaluations}


def _as_it_is(value: Any) -> Any:
    return value


def _difference(before: Any, after: Any, where: str = "") -> str | None:
    """The first place at which what was there before is something else after; None where there is none."""
    if where in _OF_THE_PROCESS:
        return None
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        found = (_difference(value, after.get(name), f"{where}/{name}") for name, value in before.items())
        return next((one for one in found if one is not None), None)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        found = (_difference(*pair, f"{where}/{place}") for place, pair in enumerate(zip(before, after, strict=True)))
        return next((one for one in found if one is not None), None)
    return None if before == after else f"{where} was {before!r} and is {after!r} in the replay"


def without(command: Sequence[str], options: Sequence[str]) -> list[str]:
    """The words of a command without some options and their values."""
    words, kept = iter(command), []
    for word in words:
        option, equals, _ = word.partition("=")
        if option in options:
            if not equals:
                next(words)
        elif word != "--json":
            kept.append(word)
    return kept


def _log(word: str) -> LogFields:
    reader, _, place = word.partition("=")
    path, _, dataset = place.partition(":")
    return LogFields(reader=reader, path=path, dataset=dataset) if dataset else LogFields(reader=reader, path=path)


def _parted(words: Sequence[str]) -> list[list[str]]:
    """The words between the `--`."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _recommender(given: Mapping[str, Any]) -> str:
    found = given.get("recommender", RunOptions().recommender)
    return found if isinstance(found, str) else found[0]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
