"""The header of a card that the Hugging Face hub and `datasets` read: YAML with licence, languages, size, and the files of each part."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from understudy.release import words
from understudy.release.division import SPLITS
from understudy.release.layout import layout_of
from understudy.release.licences import on_hub

Manifest = Mapping[str, Any]
# the first is what is loaded where nobody names a configuration
CONFIGS = ("examples", "dialogues", "turns", "items")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))
_LARGEST = "10M<n<100M"


def header(manifest: Manifest) -> str:
    """The YAML between its two lines of dashes. Texts are quoted as JSON quotes them, which YAML reads as well."""
    return "\n".join(["---", *_lines(manifest), "---"])


def pretty_name(manifest: Manifest) -> str:
    """The line that names the release and its version."""
    return f"pretty_name: {_quoted(f'''{manifest['name']}, version {manifest['version']}''')}"


def size_category(n: int) -> str:
    """The hub's name for that number of examples."""
    return next((name for below, name in _SIZES if n < below), _LARGEST)


def _lines(manifest: Manifest) -> Iterator[str]:
    yield pretty_name(manifest)
    licence = on_hub(manifest["licence"])
    yield f"license: {licence}"
    if licence == "other":
        yield f"license_name: {_quoted(manifest['licence'].lower())}"
        yield f"license_link: {_quoted(words.licence_url(manifest['licence']))}"
    yield from _listed("language", manifest["languages"])
    yield from _listed("size_categories", [size_category(manifest["n_examples"])])
    yield from _listed("task_categories", ["text-generation"])
    yield from _listed("annotations_creators", ["machine-generated"])
    yield from _listed("language_creators", ["machine-generated"])
    yield from _listed("source_datasets", ["extended"])
    yield from _listed("tags", words.keywords(manifest))
    yield from _configs(manifest)


def _configs(manifest: Manifest) -> Iterator[str]:
    parts = layout_of(manifest).parts
    yield "configs:"
    for config in CONFIGS:
        yield f"- config_name: {config}"
        if config == CONFIGS[0]:
            yield "  default: true"
        yield "  data_files:"
        for name in parts[config]:
            split = next((split for split in SPLITS if name.endswith(f"-{split}.parquet")), "catalogue")
            yield f"  - split: {split}"
            yield f"    path: {name}"


def _listed(name: str, values: list[str] | Mapping[str, float]) -> Iterator[str]:
    if values:
        yield f"{name}:"
        yield from (f"- {_quoted(value)}" for value in values)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
