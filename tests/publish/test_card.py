"""The card and the descriptions beside it: what hubs, search engines and strangers read of a release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest
import yaml

from tests.publish import made
from understudy.release import card, croissant, division, hub_header, words
from understudy.release.columns import COLUMNS, json_schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release."""
    return made.on_shelf(tmp_path_factory.mktemp("card") / "r") / "small" / "v1"


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    """Its card."""
    return (folder / card.FILE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def header(told: str) -> dict[str, Any]:
    """The header of the card, read by a reader of YAML."""
    _, text, _ = told.split("---\n", 2)
    return dict(yaml.safe_load(text))


def test_the_header_has_what_the_hub_reads(header: dict[str, Any]) -> None:
    assert header["license"] == "cc-by-4.0"
    assert header["size_categories"] == ["n<1K"]
    assert header["task_categories"] == ["text-generation"]
    assert header["pretty_name"] == "small, version 1"
    assert [one["config_name"] for one in header["configs"]] == ["examples", "dialogues", "turns", "items"]


def test_every_file_of_a_configuration_is_there_and_each_part_has_its_own(header: dict[str, Any], folder: Path) -> None:
    for config in header["configs"]:
        files = {one["split"]: one["path"] for one in config["data_files"]}
        assert set(files) == ({"catalogue"} if config["config_name"] == "items" else set(division.SPLITS))
        for split, name in files.items():
            frame = pl.read_parquet(folder / name)
            assert frame.columns == [one.name for one in COLUMNS[config["config_name"]]]
            if "split" in frame.columns:
                assert frame["split"].unique().to_list() == [split]


def test_no_seeker_is_in_both_parts(folder: Path) -> None:
    parts = [set(pl.read_parquet(folder / f"dialogues-{split}.parquet")["seeker"]) for split in division.SPLITS]
    assert all(parts)
    assert not parts[0] & parts[1]


def test_a_seeker_is_in_the_same_part_whoever_else_is_there() -> None:
    everybody = [f"seeker {n}" for n in range(2000)]
    share = sum(division.split_of(one) == "validation" for one in everybody) / len(everybody)
    assert share == pytest.approx(division.VALIDATION_SHARE, abs=0.02)
    frame = pl.DataFrame({"dialogue_id": everybody, "seeker_id": everybody})
    few, many = (division.divided(some) for some in (frame[::7], frame))
    assert few["split"].to_list() == many[::7]["split"].to_list()
    assert "seeker_id" not in many.columns
    # neither the order nor the number of a seeker tells the id
    assert many["seeker"].to_list() != sorted(many["seeker"].to_list())


@pytest.mark.parametrize(("n", "name"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**8, "10M<n<100M")])
def test_sizes_have_the_hubs_names(n: int, name: str) -> None:
    assert hub_header.size_category(n) == name


@pytest.mark.parametrize(
    "title", ["How it was made", "Uses", "Limits", "Parts", "Models", "Prompt", "Figures", "Gates", "Files", "How to cite", "Versions"]
)
def test_a_stranger_finds_every_section(told: str, title: str) -> None:
    assert f"\n## {title}\n" in told


def test_the_prompt_cannot_leave_its_fence(told: str) -> None:
    section = told.partition("## Prompt\n\n")[2].partition("\n## Figures")[0].strip()
    assert section.startswith("````text\n")
    assert section.endswith("\n````")
    assert "```\n## not a heading" in section


def test_the_card_counts_distinct_scenarios_seekers_and_repeated_turns(told: str) -> None:
    assert "| distinct scenarios | 4 |" in told
    assert "| human seekers behind them | 3 |" in told
    assert "| largest share of one seeker | 50.0% |" in told
    # "hello" opens two of the seekers' seven turns
    assert "| repeated turns of seekers | 28.6% |" in told


def test_a_release_without_a_part_says_so() -> None:
    one = made.spoken(seekers=("s0", "s0", "s1", "s0"))
    content = made.composed("small", one, engine="m", lineage=made.LINEAGE, verdicts=[], figures=made.FIGURES).content
    assert content["splits"]["validation"] == {"n_dialogues": 0, "n_seekers": 0, "n_turns": 0}
    assert "has none" in words.limits({**content, "name": "small"})


def test_the_dictionary_describes_every_row(folder: Path) -> None:
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    assert json.dumps(schema) == json.dumps(json.loads(json_schema()))
    for table, frame in made.release().tables.items():
        check = jsonschema.Draft202012Validator({**schema["$defs"][table], "$schema": schema["$schema"]})
        assert frame.columns == list(schema["$defs"][table]["properties"])
        assert [error.message for row in frame.to_dicts() for error in check.iter_errors(row)] == []
        assert not check.is_valid({**frame.to_dicts()[0], "more": 1})


def test_croissant_names_every_file_with_its_hash(folder: Path) -> None:
    told = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {one["name"]: one["sha256"] for one in told["distribution"]} == {
        name: listed["sha256"] for name, listed in manifest["files"].items() if name.endswith((".parquet", ".jsonl"))
    }
    assert {name for name in told if name.startswith("rai:")} >= {"rai:dataCollection", "rai:dataLimitations", "rai:dataBiases"}
    # the name that is left is that of the data set that it was made from
    assert croissant.unnamed((folder / "croissant.json").read_text(encoding="utf-8")).count("small") == 1
