"""The card of a release: its content, its provenance, its distance from humans, and the limits of its use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from understudy.completion import engines_in
from understudy.report.figures import REHEARSAL_WARNING, bound, figure, number
from understudy.report.markdown import table

_REHEARSAL = f"**{REHEARSAL_WARNING}** The dialogues are no substitute for human data."
_MODEL = "The model `{engine}` played the seekers. The figures below state how far they are from the humans of the logs."


def is_rehearsal(engine: str) -> bool:
    """Whether rehearsal played any of it; several engines are joined by `+`."""
    return "rehearsal" in engines_in([engine])


def text(manifest: Mapping[str, Any]) -> str:
    """The card in Markdown, from the versioned manifest alone."""
    engine, lineage = manifest["engine"], manifest["lineage"]
    parts = [
        _title(manifest),
        _REHEARSAL if is_rehearsal(engine) else _MODEL.format(engine=engine),
        _facts(manifest),
        "## Provenance\n\n" + table(("what", "value"), [(name, f"`{lineage[name]}`") for name in _LINEAGE if name in lineage]),
        "## Sources\n\n" + _sources(lineage["sources"]),
        *_annotations(lineage.get("annotations", ())),
        *_adaptations(lineage.get("adaptations", ())),
        *_local_models(lineage.get("local_models", ())),
        _FIGURES + _figures_table(manifest["figures"]),
        "## Gates\n\n" + _verdicts(manifest["verdicts"]),
        "## Files\n\n" + _FILES,
    ]
    return "\n\n".join(parts) + "\n"


def unnamed(card: str, manifest: Mapping[str, Any]) -> str:
    """A card without the release's name, version and digest, each where `text` puts it: what the digest covers of it."""
    return card.removeprefix(_title(manifest)).replace(_digest_row(manifest), "", 1)


def _title(manifest: Mapping[str, Any]) -> str:
    return f"# {manifest['name']}, version {manifest['version']}"


def _digest_row(manifest: Mapping[str, Any]) -> str:
    return f"| digest | `{manifest['digest']}` |"


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
_LINEAGE = ("dataset", "batch", "setting", "genome_digest", "model", "recommender", "seed", "code_version")
_FILES = """- `release.duckdb`: the tables `dialogues`, `turns` and `examples`; open it read-only
- `dialogues.parquet`, `turns.parquet`, `examples.parquet`: the same tables
- `messages.jsonl`: one chat example per line; the seeker is `user`, the recommender is `assistant`
- `sbom.cdx.json`: the software that made this release, as a CycloneDX bill of materials
- `manifest.json`: digests, lineage, verdicts, and size and SHA-256 of every other file"""


def _facts(manifest: Mapping[str, Any]) -> str:
    rows = [
        ("dialogues", str(manifest["n_dialogues"])),
        ("turns", str(manifest["n_turns"])),
        ("examples", str(manifest["n_examples"])),
        ("engine", manifest["engine"]),
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
