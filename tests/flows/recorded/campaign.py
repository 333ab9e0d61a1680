"""Every command once on the bundled sample, as small as it can be: what each answers, with what varies by run masked.

`RECORD=FILE pytest tests/flows/test_recorded.py` writes the answers of today to FILE. A new recording is made on purpose and told
in the commit, never to make a test pass.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
OUTPUTS = HERE / "outputs.json"
Fields = dict[str, Any]

TINY = {"per_stratum": 2, "behaviour": 4, "free": 2}
SMALL = {"per_stratum": 80, "behaviour": 60, "free": 4}
SIZES = ("--panel", "2,4,2", "--finalists", "2,4,2", "--report", "2,4,2", "--population", "4", "--generations", "1")

# what two runs of the same work may differ in
VOLATILE = {
    "flow_run_id", "latency_s", "minutes", "made_at", "at", "overhead", "began", "began_at", "ended_at", "age_s", "seconds",
    "data_docs",
}  # fmt: skip
_RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def commands(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Name and words of each command in their order; `{NAME.FIELD}` in a word is what that command answered before."""
    sample, out = str(ROOT / "examples" / "sample"), folder
    few = ("--dataset", "sample")
    return [
        ("help", ("--help",)),
        ("usage", ("simulate", "--dataset", "sample", "--json")),
        ("no_store", ("status", "--store", str(out / "nowhere.duckdb"), "--json")),
        ("bad_panel", ("optimize", *few, "--panel", "1,2", "--json")),
        ("ingest_again", ("ingest", "redial", sample, *few)),
        ("wrong_reader", ("ingest", "inspired", sample, "--dataset", "other")),
        ("profile_unknown", ("profile", "--dataset", "other")),
        ("validate", ("validate", "--batch", "one")),
        ("publish", ("publish", "--batch", "one", "--name", "sample-seekers")),
        ("pull", ("pull", "--out", str(out / "pulled.jsonl"))),
        ("show", ("show", "{nightly.run}", "--markdown", str(out / "lineage.md"))),
        ("export", ("export", "{nightly.pick.genome_digest}", "--as", "chat")),
        ("front", ("front", "--true", "--surface", "0")),
        ("dose", ("dose", *few, "--kind", "acceptance", "--share", "0.4", "--out", str(out / "dosed.jsonl"))),
        ("audit", ("audit", *few, "--simulated", str(out / "dosed.jsonl"), "--reader", "messages", "--html", str(out / "audit.html"))),
        ("compare", ("compare", *few, "--settings", "zero_shot,persona", *SIZES, "--html", str(out / "compare.html"))),
        ("evaluate", ("evaluate", *few, "--recommender", "retrieval", "--recommender", "contrarian", "--setting", "persona", "--n", "12")),
        ("probe", ("probe", *few, "--task", "all", "--n", "10")),
        ("estimate", ("estimate", *few, "--of", "nightly")),
        ("estimate_compare", ("estimate", *few, "--of", "compare", "--setting", "all", "--usd", "1")),
        ("label", ("label", *few, "--out", str(out / "sheet.csv"), "--n", "20")),
        ("status", ("status",)),
        # last, since what a study keeps names the files it wrote
        ("study", ("study", *few, "--settings", "zero_shot", *SIZES, "--probes", "12", "--out", str(out / "study"))),
    ]


def outputs(folder: Path, store: Path) -> dict[str, Fields]:
    """Exit code and answer of every command on `store`, which holds the sample profiled; needs a Prefect server."""
    found = {"nightly": {"exit_code": 0, "answer": _night(store, folder)}}
    for name, words in commands(folder):
        found[name] = _answered(_filled(words, found), store)
    return {name: _masked(one, folder) for name, one in found.items()}


def _night(store: Path, folder: Path) -> Fields:
    from understudy.flows.nightly import nightly
    from understudy.parameters import PanelSize, RunOptions, Search

    search = Search(population=4, generations=1, n_front=2, panel=TINY, front_panel=TINY)
    fields = nightly(
        "sample", str(ROOT / "examples" / "sample"), reader="redial", setting="few_shot", batch="one", n=200,
        search=search, report=PanelSize(**SMALL), anyway=True, releases=str(folder / "releases"), options=RunOptions(store=store, seed=4),
    )  # fmt: skip
    (run,) = _answered(("status",), store)["answer"]["runs"]
    # the command says beside it that the size of the search was given
    return {**fields, "sized": None, "run": run["run_key"]}


def _answered(words: tuple[str, ...], store: Path) -> Fields:
    from understudy.flows.cli.app import app

    more = [] if "--json" in words or "--help" in words else ["--json", *(["--store", str(store)] if words[0] != "front" else [])]
    done = CliRunner().invoke(app, [*words, *more], standalone_mode=False)
    code = done.exit_code if done.return_value is None or done.exit_code else done.return_value
    try:
        return {"exit_code": code, "answer": json.loads(done.stdout)}
    except ValueError:
        return {"exit_code": code, "answer": type(done.exception).__name__ if done.exception else ""}


def _filled(words: tuple[str, ...], found: dict[str, Fields]) -> tuple[str, ...]:
    def said(match: re.Match[str]) -> str:
        value: Any = found
        name, *fields = match[1].split(".")
        value = found[name]["answer"]
        for field in fields:
            value = value[field]
        return str(value)

    return tuple(re.sub(r"\{([a-z_.]+)\}", said, word) for word in words)


def _masked(value: Any, folder: Path) -> Any:
    """`value` with what may differ between two runs replaced: the folder, run ids, times; floats to nine digits."""
    if isinstance(value, dict):
        return {name: "*" if name in VOLATILE else _masked(one, folder) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one, folder) for one in value]
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, str):
        return _RUN_ID.sub("*", value.replace(str(folder), "FOLDER").replace(str(ROOT), "ROOT"))
    return value


def written(found: dict[str, Fields], path: Path = OUTPUTS) -> None:
    """Writes the recording."""
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")

