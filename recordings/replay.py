"""Plays recordings again: the logs are ingested and profiled anew, every call is answered by the recording, and every table is compared.

    make replay-study LOGS=path/to/the/logs      every recorded study and comparison
    make replay-paper LOGS=path/to/the/logs      every recorded experiment of the paper, in the environment of the peers

No model is asked, and none is needed. A call that is not recorded ends the command with an error that says which one it is. What a
command writes is compared with what lies beside its recording, byte for byte.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
LOGS = "LOGS"
"""What stands in a recorded command in the place of the folder with the logs."""
TABLES = ("table.md", "dialogues.md", "study.json")
"""What a study writes, of which each byte is compared. Its HTML report says the same."""
OF_EXPERIMENT = ("replicate.md", "replicate.json")
"""What `replicate` writes, likewise."""
OF_COMPARISON = "compare.json"
"""The fields of a comparison without what a run has spent itself."""
INGESTED = ("study", "compare", "replicate")
"""The commands that need the logs to be ingested before them."""
OBJECTIVES = "objectives.json"
"""What a night says of its objectives, which is what is compared of it."""


_OF_THE_RUN = ("ok", "n_model_calls", "tokens", "usd", "files", "sized")


class Differs(Exception):
    """A table is not the one that was recorded."""


def main(words: Sequence[str]) -> int:
    """0 when every table is the one that was recorded."""
    if not words:
        print("the folder with the logs is needed: make replay-study LOGS=path/to/the/logs", file=sys.stderr)
        return 2
    logs, chosen = Path(words[0]).absolute(), [Path(one).absolute() for one in words[1:]]
    folders = chosen or studies()
    if not folders:
        print(f"there is no recording of a study in {HERE}", file=sys.stderr)
        return 2
    try:
        for folder in folders:
            written = played_again(folder, logs, ROOT / ".replay" / folder.name)
            told = compared(folder, written)
            print(f"{folder.name}: 0 model calls; {', '.join(told)} are the same, byte for byte")
    except Differs as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def studies() -> list[Path]:
    """The folders of recorded studies, in order of name."""
    found = sorted(path.parent for path in HERE.glob("*/recording.json"))
    return [folder for folder in found if about(folder)["command"][0] in ("study", "compare")]


def about(folder: Path) -> dict[str, Any]:
    """What a recording says of itself."""
    found: dict[str, Any] = json.loads((folder / "recording.json").read_text("utf-8"))
    return found


def played_again(folder: Path, logs: Path, scratch: Path) -> dict[str, str]:
    """File → text of every table that the recorded command writes in a new store, in the folder `scratch`. Raises Differs, SystemExit."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    told, store = about(folder), str(scratch / "store.duckdb")
    name, *options = told["command"]
    if name in INGESTED:
        for one in told["logs"]:
            ran(["ingest", one["reader"], str(logs / one["path"]), "--dataset", one.get("dataset", told["dataset"]), "--store", store])
        ran(["profile", "--dataset", told["dataset"], "--store", store, "--out", str(scratch / "profile")])
        options = [*options, *(["--out", str(scratch / "tables")] if name != "compare" else [])]
    for words in (*(told.get("earlier", ())), [name, *options]):
        given = [str(logs) if word == LOGS else word for word in words]
        fields = ran([*given, "--store", store, "--recording", str(folder)], may_fail_gates=name == "nightly")
    if name == "study":
        return {file: (scratch / "tables" / file).read_text("utf-8") for file in TABLES}
    if name == "replicate":
        return {file: (scratch / "tables" / file).read_text("utf-8") for file in OF_EXPERIMENT}
    if name == "compare":
        return of_comparison(Path(store), fields)
    from understudy.report.digits import rounded

    return {OBJECTIVES: json.dumps(rounded(fields["objectives"]), indent=2, ensure_ascii=False) + "\n"}


def of_comparison(store: Path, fields: dict[str, Any]) -> dict[str, str]:
    """File → text of what a comparison says, as a study writes it."""
    from understudy.doors.store import Store
    from understudy.tasks.studies.study import table_files

    kept: Any = {name: value for name, value in fields.items() if name not in _OF_THE_RUN}
    with Store.open(store, read_only=True) as opened:
        return table_files(opened, kept, name=OF_COMPARISON)


def compared(folder: Path, written: dict[str, str]) -> list[str]:
    """The names of the tables, all of which are those of the recording. Raises Differs that shows the first line that is not."""
    for name, text in written.items():
        path = folder / name
        if not path.is_file():
            raise Differs(f"{folder.name} has no {name} to compare with")
        if (kept := path.read_text("utf-8")) != text:
            lines = zip([*kept.splitlines(), ""], [*text.splitlines(), ""], strict=False)
            number, (one, other) = next((place, pair) for place, pair in enumerate(lines, 1) if pair[0] != pair[1])
            raise Differs(f"{path}, line {number} differs from what was played again:\n- {one}\n+ {other}")
    return list(written)


def ran(words: Sequence[str], *, may_fail_gates: bool = False) -> dict[str, Any]:
    """What a command of understudy answers. Raises SystemExit with its code where it fails."""
    print(f"$ understudy {' '.join(words)}", file=sys.stderr)
    done = subprocess.run([UNDERSTUDY, *words, "--json"], cwd=ROOT, stdout=subprocess.PIPE, check=False)
    fields: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
    if done.returncode and not (may_fail_gates and done.returncode == 3 and fields.get("objectives")):
        error = fields.get("error", {})
        print(f"{error.get('message', 'it was stopped')} ({error.get('hint', 'run it again')})", file=sys.stderr)
        raise SystemExit(done.returncode)
    return fields


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
