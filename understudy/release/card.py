"""The card of a release: what it is, how it was made, what it must not be used for, its distance from humans, its gates and limits.

It begins with the header that hubs of data sets read, and it is written from the versioned manifest alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from understudy.completion import engines_in
from understudy.release import hub_header, usefulness, words
from understudy.release.division import SPLITS
from understudy.report.figures import NOT_MEASURED, REHEARSAL_WARNING, bound, figure, number, without_misreading
from understudy.report.markdown import as_plain, table

FILE = "README.md"
_REHEARSAL = f"**{REHEARSAL_WARNING}** The dialogues are no substitute for human data."
_MODEL = "The model `{engine}` played the seekers. The figures below state how far they are from the humans of the logs."


def is_rehearsal(engine: str) -> bool:
    """Whether rehearsal played any of it; several engines are joined by `+`."""
    return "rehearsal" in engines_in([engine])


def text(manifest: Mapping[str, Any]) -> str:
    """The card in Markdown, from the versioned manifest alone."""
    engine, lineage = manifest["engine"], manifest["lineage"]
    parts = [
        hub_header.header(manifest),
        _title(manifest),
        _REHEARSAL if is_rehearsal(engine) else _MODEL.format(engine=engine),
        words.summary(manifest),
        *_waiver(manifest),
        _facts(manifest),
        "## How it was made\n\n" + words.how_made(manifest),
        "## Uses\n\n" + words.uses(manifest) + " It must not be used for:\n\n" + _list(words.misuses(manifest)),
        "## Limits\n\n" + "\n\n".join((words.limits(manifest), words.biases(manifest), words.personal())),
        "## Parts\n\n" + _parts(manifest),
        "## Provenance\n\n" + table(("what", "value"), [(name, f"`{lineage[name]}`") for name in _LINEAGE if name in lineage]),
        "## Sources\n\n" + _sources(lineage["sources"]),
        *_annotations(lineage.get("annotations", ())),
        "## Models\n\n" + _models(manifest["model_licences"]),
        *_adaptations(lineage.get("adaptations", ())),
        *_local_models(lineage.get("local_models", ())),
        "## Prompt\n\n" + _prompt(lineage.get("genome", {})),
        _FIGURES + _figures_table(manifest["figures"]),
        *usefulness.section(manifest["figures"]),
        *_instruments(manifest["figures"]),
        "## Gates\n\n" + _verdicts(manifest["verdicts"]),
        "## Files\n\n" + _FILES,
        _cited(manifest),
        "## Versions\n\n" + words.maintenance(),
    ]
    return "\n\n".join(parts) + "\n"


def unnamed(card: str, manifest: Mapping[str, Any]) -> str:
    """A card without the release's name, version and digest, each where `text` puts it: what the digest covers of it."""
    named = (f"{hub_header.pretty_name(manifest)}\n", _title(manifest), _digest_row(manifest))
    for one in (*named, _cited(manifest)) if "lineage" in manifest else named:
        card = card.replace(one, "", 1)
    return card


def _title(manifest: Mapping[str, Any]) -> str:
    return f"# {manifest['name']}, version {manifest['version']}"


def _digest_row(manifest: Mapping[str, Any]) -> str:
    return f"| digest | `{manifest['digest']}` |"


def _cited(manifest: Mapping[str, Any]) -> str:
    return f"## How to cite\n\n```bibtex\n{words.citation(manifest)}\n```"


def _waiver(manifest: Mapping[str, Any]) -> list[str]:
    """Where the sources state no licence: that it was published all the same, and why."""
    if "licence_waiver" not in manifest:
        return []
    why = as_plain(manifest["licence_waiver"])
    return [f"**A source states no licence.** The release was published all the same, with this reason: {why}"]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _parts(manifest: Mapping[str, Any]) -> str:
    told = "Each human seeker, and every dialogue that was made from one of theirs, is in one part alone, the same in every release.\n\n"
    columns = ("n_dialogues", "n_seekers", "n_turns")
    rows = [(split, *(str(manifest["splits"][split][name]) for name in columns)) for split in SPLITS]
    return told + table(("part", "dialogues", "seekers", "turns"), rows)


def _models(models: Iterable[Mapping[str, Any]]) -> str:
    rows = [(f"`{one['model']}`", one["licence"] or "not known", one["terms"]) for one in models]
    return table(("model", "licence", "terms"), rows)


def _prompt(genome: Mapping[str, Any]) -> str:
    """The prompt's own sections as they are, in a fence that nothing in them can end."""
    sections = genome.get("sections", {})
    if not any(sections.values()):
        return "The prompt has no text of its own."
    told = "\n\n".join(f"[{name}]\n{text}" for name, text in sections.items() if text)
    fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(told)), default=0))
    return f"{fence}text\n{told}\n{fence}"


def _sources(sources: Iterable[Mapping[str, Any]]) -> str:
    return table(("source (SHA-256)", "licence"), [(f"`{one['source_sha256']}`", one["licence"]) for one in sources])


def _annotations(sources: Sequence[Mapping[str, Any]]) -> list[str]:
    told = "## Annotations\n\nThe instruments of this release were fitted on these sources; the release holds none of their text.\n\n"
    return [told + _sources(sources)] if sources else []


def _adaptations(left_out: Sequence[Mapping[str, Any]]) -> list[str]:
    told = "## Requests\n\nThe model does not take everything that was asked of it. These were left out of the requests:\n\n"
    rows = [(one["model"], f"{one['parameter']} {one['value']}".strip(), one["instead"] or "nothing") for one in left_out]
    return [told + table(("model", "left out", "in its place"), rows)] if rows else []


def _local_models(models: Sequence[Mapping[str, Any]]) -> list[str]:
    intro = "## Local models\n\nThese weights were served on the machine that played, and anybody who has them can ask them again.\n\n"
    rows = [
        (
            one["name"], one["quantization"], f"`{one['weights_sha256']}`", " at ".join(filter(None, (one["source"], one["revision"]))),
            one["licence"] or "not named", one["served_by"], one["reproducible"],
        )
        for one in models
    ]  # fmt: skip
    columns = ("model", "quantization", "SHA-256 of the weights", "source", "licence", "served by", "reproducible")
    return [intro + table(columns, rows)] if rows else []


_FIGURES = (
    "## Figures\n\nLower is better. The floor is the human split-half baseline at the size of this report: humans against humans who "
    "share no worker. Bounds refer to its upper end.\n\n"
)
_TICKS = re.compile(r"`+")
_INSTRUMENTS = (
    "They read humans and simulated seekers alike. Macro-F1 is measured on labelled turns that an instrument was not trained on, by who "
    "wrote them.\n\n"
)
_LINEAGE = ("dataset", "batch", "setting", "genome_digest", "model", "recommender", "seed", "code_version")
_FILES = """- `release.duckdb`: the tables `dialogues`, `turns`, `items` and `examples`; open it read-only
- `dialogues-*.parquet`, `turns-*.parquet`, `examples-*.parquet`: the same tables, a file for each part; `items.parquet`: the items
- `messages.jsonl`: one chat example per line; the seeker is `user`, the recommender is `assistant`
- `schema.json`: a JSON Schema of each table, with what each column means
- `croissant.json`: this description in Croissant 1.0, with the responsible-AI vocabulary
- `sbom.cdx.json`: the software that made this release, as a CycloneDX bill of materials
- `manifest.json`: digests, lineage, verdicts, and size and SHA-256 of every other file

`datasets.load_dataset` loads this folder; its configurations are `examples` (the default), `dialogues`, `turns` and `items`."""


def _share(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.1%}"


def _facts(manifest: Mapping[str, Any]) -> str:
    make = manifest["make"]
    rows = [
        ("dialogues", str(manifest["n_dialogues"])),
        ("turns", str(manifest["n_turns"])),
        ("examples", str(manifest["n_examples"])),
        ("engine", manifest["engine"]),
        ("languages", ", ".join(f"{name} ({share:.0%})" for name, share in manifest["languages"].items()) or "not told"),
        ("distinct scenarios", str(make["n_scenarios"])),
        ("human seekers behind them", str(make["n_seekers"])),
        ("largest share of one seeker", _share(make["largest_seeker_share"])),
        ("repeated turns of seekers", _share(make["repeated_turns"]["seeker"]["share"])),
        ("repeated turns of the recommender", _share(make["repeated_turns"]["recommender"]["share"])),
        ("licence", manifest["licence"]),
        ("digest", f"`{manifest['digest']}`"),
    ]
    return table(("what", "value"), rows)


def _figures_table(figures: Mapping[str, Any]) -> str:
    floors = figures.get("floors", {})
    rows = [
        (kind, name, figure(value, n="named", reason=True), figure(floors.get(name)))
        for kind in ("objectives", "leakage")
        for name, value in figures.get(kind, {}).items()
    ]
    return table(("kind", "figure", "value [95 % interval], n", "floor [95 % of the divisions]"), rows)


def _instruments(figures: Mapping[str, Any]) -> list[str]:
    """What read the turns, and how well it reads labelled ones; none for a release of before, which does not say so."""
    if "instruments" not in figures:
        return []
    rows = [
        (
            name, one["kind"], f"`{one['digest']}`", ", ".join(one["languages"]),
            ", ".join(f"{register} {figure(value, n='named')}" for register, value in one["macro_f1"].items()) or NOT_MEASURED,
        )
        for name, one in figures["instruments"].items()
    ]  # fmt: skip
    told = table(("instrument", "kind", "digest", "reads", "macro-F1 by register"), rows)
    return [f"## Instruments\n\n{_INSTRUMENTS}{told}\n\n{without_misreading(figures['corrected'])}"]


def _verdicts(verdicts: list[dict[str, Any]]) -> str:
    bounded = [verdict for verdict in verdicts if verdict["bound"] is not None or verdict["subject"]]
    rows = [
        (
            v["suite"], v["expectation"], number(v["observed"], missing=""), _held(v), str(v["n"]),
            "not applicable" if not v.get("applies", True) else "passed" if v["passed"] else "failed", v["detail"],
        )
        for v in bounded
    ]  # fmt: skip
    return table(("suite", "bound on", "observed", "bound", "n", "verdict", "note"), rows)


def _held(verdict: Mapping[str, Any]) -> str:
    return "" if verdict["bound"] is None else bound(verdict["bound"], at_least=verdict["at_least"])
