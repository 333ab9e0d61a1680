"""Prompt settings: the shipped ones load, a broken one is refused by the name of its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.errors import BadInput
from understudy.prompt.genome import SECTIONS
from understudy.prompt.setting import FOLDER, load_setting, parse_setting, seed_genome, setting_names
from understudy.prompt.template import brief_of, title_in_prompt
from understudy.records import Item, Need
from understudy.search.genes import Screen

LEAKY = Path(__file__).parents[2] / "examples" / "leaky.toml"
ZERO_SHOT = (FOLDER / "zero_shot.toml").read_text("utf-8")
TARGET = Item("7", "The Glass Harbour", 1987, ("drama",), ("Ada Quill",))


@pytest.mark.parametrize("name", [*setting_names(), str(LEAKY)])
def test_a_shipped_setting_gives_a_genome_that_may_be_played(name: str) -> None:
    setting = load_setting(name)
    ids = [f"d{i}" for i in range(9)]
    genome = seed_genome(setting, ids, seed=3)
    assert tuple(genome.sections) == SECTIONS
    assert len(genome.exemplars) == setting.n_exemplars
    assert Screen.of([genome], exemplar_ids=ids).check(genome).ok
    assert setting.description
    assert setting.source


@pytest.mark.parametrize("name", setting_names())
def test_a_section_of_any_setting_may_be_taken_over_without_breaking_the_length_limit(name: str) -> None:
    """All of `few_shot` fits into twice the bare prompt, so a search from there can reach it."""
    bare = load_setting("zero_shot").genome
    assert Screen.of([bare]).check(load_setting(name).genome).ok


def test_the_title_is_in_the_prompt_only_where_the_setting_says_so() -> None:
    def told(name: str) -> bool:
        return title_in_prompt(brief_of(load_setting(name).genome, Need(genres=("drama",)), exemplars=[], target=TARGET), TARGET)

    assert {name for name in [*setting_names(), str(LEAKY)] if told(name)} == {"target_title", str(LEAKY)}


def test_the_seed_genome_depends_on_the_ids_and_the_seed_alone() -> None:
    setting = load_setting("few_shot")
    ids = [f"d{i}" for i in range(40)]
    drawn = seed_genome(setting, ids, seed=1)
    assert drawn == seed_genome(setting, [*reversed(ids), "d3"], seed=1)
    assert len({seed_genome(setting, ids, seed=seed).exemplars for seed in range(8)}) > 1


def test_too_few_exemplars_are_refused() -> None:
    with pytest.raises(BadInput, match="shows 3 examples"):
        seed_genome(load_setting("few_shot"), ["one", "two"], seed=0)


def test_an_unknown_setting_is_refused_with_what_there_is() -> None:
    with pytest.raises(BadInput) as caught:
        load_setting("zero-shot")
    assert "zero_shot" in caught.value.hint


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_setting(tmp_path / "mine.toml")


def test_a_file_of_ones_own_is_named_after_the_file(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(ZERO_SHOT, "utf-8")
    assert load_setting(own).name == "mine"
    assert load_setting(own).genome == load_setting("zero_shot").genome


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("temperature = 0.7", "temperature = 2.7", "controls.temperature"),
        ("temperature = 0.7", 'temperature = "hot"', "controls.temperature"),
        ("patience = 4", "patience = 4\nmood = 1", "controls.mood"),
        ("patience = 4\n", "", "controls.patience"),
        ('visibility = "attributes"', 'visibility = "all"', "controls.visibility"),
        ("n_exemplars = 0", "n_exemplars = 6", "n_exemplars"),
        ('style = "', 'style = "</need>', "sections.style"),
        ("ending = ", "finish = ", "sections.ending"),
        ("role = ", "role = = ", "not valid TOML"),
    ],
)
def test_a_broken_setting_is_refused_by_the_name_of_its_key(old: str, new: str, key: str) -> None:
    assert old in ZERO_SHOT
    with pytest.raises(BadInput, match=key):
        parse_setting("mine", ZERO_SHOT.replace(old, new))
