"""The parts of README.md and docs/study.md that are made from the recorded studies: `python docs/site/study.py` writes them anew.

Between two markers stands what was measured and nothing else. The rest of the pages is written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from understudy.report.document import parts_as_markdown
from understudy.studies.compare import first_table

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "recordings"
BEGIN, END = "<!-- studies: begin, written by docs/site/study.py -->", "<!-- studies: end -->"
NOTHING = "| engine | data | result |\n|---|---|---|\n| any LLM | – | **not yet measured on any LLM** |\n"
NO_STUDY = "No study has been recorded yet: **not yet measured on any LLM**.\n"
_DIALOGUES = "dialogues.md"


def pages() -> dict[Path, str]:
    """Page → its text with the part between the markers as the recordings say it now."""
    found = studies()
    blocks = {ROOT / "README.md": readme(list(found.values())), ROOT / "docs" / "study.md": page(found)}
    return {path: filled(path.read_text("utf-8"), block) for path, block in blocks.items()}


def studies(folder: Path = RECORDINGS) -> dict[Path, Mapping[str, Any]]:
    """Folder of each recorded study of a language model → its fields, in order of name. Those of rehearsal are none."""
    files = sorted([*folder.glob("*/study.json"), *folder.glob("*/compare.json")])
    read = {path.parent: json.loads(path.read_text("utf-8")) for path in files}
    return {place: fields for place, fields in read.items() if first_table.REHEARSAL not in fields["engine"]}


def readme(found: list[Mapping[str, Any]]) -> str:
    """The first table of results, or that there is none."""
    return parts_as_markdown(first_table.parts(found)) if found else NOTHING


def page(found: Mapping[Path, Mapping[str, Any]]) -> str:
    """Commands, table, what was recorded, and the dialogues of each study."""
    if not found:
        return NO_STUDY
    parts = [parts_as_markdown(first_table.parts(list(found.values())))]
    for folder, fields in found.items():
        parts += ["\n".join(_about(folder, fields)) + "\n", _dialogues(folder)]
    return "\n".join(parts)


def filled(text: str, block: str) -> str:
    """The text with `block` between its markers. Raises ValueError where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{block}\n{END}{after}"


def _about(folder: Path, fields: Mapping[str, Any]) -> Iterator[str]:
    """The commands and the recording of a study."""
    about, name = json.loads((folder / "recording.json").read_text("utf-8")), folder.name
    replies = about["replies"]
    yield from (f"## {name}: {first_table.model_of(fields)}", "", "The commands, with the model by the digest of its weights:", "")
    dataset = about["dataset"]
    ingested = [f"ingest {one['reader']} LOGS/{one['path']} --dataset {dataset}" for one in about["logs"]]
    for words in (*ingested, f"profile --dataset {dataset}", " ".join(about["command"])):
        yield f"    understudy {words}"
    yield ""
    yield (
        f"`recordings/{name}` holds its {replies['n']:,} replies without their prompts; {replies['n_quoting']:,} of them repeat at least "
        f"eight words of the logs in a row, {replies['n_copying']:,} with half of their words. `make replay-study LOGS=…` makes every "
        f"table of it again with understudy {about['understudy']} on Python {about['python']}, and asks no model."
    )


def _dialogues(folder: Path) -> str:
    """The dialogues of a study, one level lower than on a page of their own."""
    text = (folder / _DIALOGUES).read_text("utf-8")
    return "".join(f"##{line}" if line.startswith("#") else line for line in text.splitlines(keepends=True))


def main() -> None:
    """Writes the pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
