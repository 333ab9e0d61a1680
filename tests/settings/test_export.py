"""A genome's prompt for use elsewhere: what is filled in gives back what we send ourselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.play import portable
from understudy.play.portable import HISTORY, NEED, as_chat, as_text, notes
from understudy.prompt import template
from understudy.prompt.genome import Controls, Genome
from understudy.prompt.setting import load_setting, setting_names
from understudy.prompt.template import Exemplar
from understudy.records import Item, Turn
from understudy.records import Need as Wants
from understudy.rows import played
from understudy.tasks.optimize.export import export_prompt

TARGET = Item("7", "The Glass {Harbour}", 1987, ("drama",), ("Ada Quill",))
WANTS = Wants(liked=("Tea & {Sons}",), genres=("drama",))
SHOWN = (Exemplar("e1", (Turn("recommender", "hi {need}"), Turn("seeker", "something {history} like {x}"))),)


@pytest.mark.parametrize("name", setting_names())
def test_a_filled_in_chat_template_is_what_the_seeker_s_model_is_sent(name: str) -> None:
    genome = load_setting(name).genome
    chat = as_chat(genome, ())
    system = chat["stages"]["opening"] if "stages" in chat else chat["messages"][0]["content"]
    filled = system.replace(NEED, template.describe(genome, WANTS, TARGET))
    assert filled == template.render(genome, WANTS, [], exemplars=(), target=TARGET)[0].content
    assert [message["content"].count(HISTORY) for message in chat["messages"]] == [0, 1]
    assert json.loads(json.dumps(chat)) == chat


@pytest.mark.parametrize("name", setting_names())
def test_each_placeholder_stands_once_in_the_text(name: str) -> None:
    text = as_text(load_setting(name).genome, SHOWN)
    assert (text.count(NEED), text.count(HISTORY)) == (1, 1)
    assert "{x}" in text


def test_a_section_that_holds_a_placeholder_is_refused() -> None:
    genome = load_setting("zero_shot").genome
    with pytest.raises(BadInput, match="section style"):
        as_text(Genome({**genome.sections, "style": "see {history}"}, genome.controls), ())


def test_what_the_template_cannot_do_is_said() -> None:
    told = {name: " ".join(notes(load_setting(name).genome)) for name in setting_names()}
    assert "second model" in told["verified"]
    assert "stages" in told["staged"]
    assert "JSON object" in told["deliberate"]
    assert "</think>" in told["chain_of_thought"]
    assert "no target" in told["target_free"]
    assert told["few_shot"] == ""


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "s.duckdb")


def test_a_genome_of_the_store_and_the_same_in_a_file_give_one_prompt(store: str, tmp_path: Path) -> None:
    genome = Genome(load_setting("verified").genome.sections, Controls(verifier=True))
    with Store.open(store) as opened:
        played.keep_genomes(opened, [genome], setting="verified")
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(genome.as_json()), "utf-8")
    by_digest = export_prompt(store, genome.digest, form="chat", out=None)
    by_file = export_prompt(store, str(file), form="chat", out=str(tmp_path / "out" / "p.json"))
    assert json.loads(by_digest["content"]) == json.loads(Path(by_file["path"]).read_text("utf-8")) == as_chat(genome, ())
    assert by_digest["genome_digest"] == genome.digest


def test_what_cannot_be_exported_is_refused(store: str, tmp_path: Path) -> None:
    with Store.open(store):
        pass
    few = replace(load_setting("few_shot").genome, exemplars=("d1",))
    file = tmp_path / "few.json"
    file.write_text(json.dumps(few.as_json()), "utf-8")
    for genome, form, told in (
        ("0" * 32, "text", "no genome"), ("nowhere.json", "text", "cannot be read"), (str(file), "text", "examples"),
        (str(file), "xml", "no export form"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=told):
            export_prompt(store, genome, form=form, out=None)


def test_the_forms_are_the_ones_that_the_command_line_names() -> None:
    assert portable.FORMS == ("text", "chat")
