"""What of a file is speech: control tokens and fixed turns are reported and can be taken out, other languages are not measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from understudy.errors import BadInput
from understudy.flows.cli.app import app
from understudy.readers import Options
from understudy.readers._field_map import FieldMap

FILMS = ("a quiet one about the sea", "an old drama with my family", "a long comedy for tonight", "something with ships and storms")
N = 40
CHINESE = ("我想看一部关于大海的安静电影", "今天晚上想和家人看一部老的剧情片", "有没有适合今晚的长篇喜剧电影", "我喜欢有船和暴风雨的故事片")


def chats(wishes: tuple[str, ...], *, last: str = "") -> list[dict[str, Any]]:
    return [
        {
            "id": f"c{n}",
            "messages": [
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": f"Then try number {n}"},
                {"role": "user", "content": f"{wishes[n % 4]}, {wishes[(n * 3 + 1) % 4]} {n}"},
                {"role": "assistant", "content": f"Or {n + 1}"},
                *([{"role": "user", "content": last}] if last else []),
            ],
        }
        for n in range(N)
    ]


def test_every_turn_that_many_dialogues_hold_is_a_finding_beside_the_humans_share(world: Any) -> None:
    found = world.audit(world.wrote("tokens.jsonl", chats(FILMS, last=r"\end")))
    often = [(one["text"], one["speaker"], one["n"]) for one in found["frequent_turns"]]
    assert often == [("Hello", "seeker", N), (r"\end", "seeker", N)]
    told = [one for one in found["findings"] if one["kind"] == "frequent_turn"]
    assert {one["simulated"]["value"] for one in told} == {1.0}
    assert all(one["human"]["n"] > 0 for one in told)
    assert found["n_turns"] == 3 * N
    assert found["languages"] == {"en": 1.0}


def test_turns_are_taken_out_and_counted_and_files_accounted_for_in_any_layout(world: Any, tmp_path: Path) -> None:
    said = [{"t": [one["content"] for one in chat["messages"]]} for chat in chats(FILMS, last=r"\end")]
    (tmp_path / "a.json").write_text(json.dumps(said))
    (tmp_path / "notes.txt").write_text("about it")
    layout = Options(fields=FieldMap(turns=("t",)))
    found = world.audit(tmp_path, reader="fields", layout=layout, drop=(r"\\end", "Hello", "never"))
    assert (found["n_files"], found["files_read"], found["files_skipped"]) == (2, 1, {"not in this format": 1})
    assert found["dropped_turns"] == {r"\\end": N, "Hello": N, "never": 0}
    assert (found["n_dialogues"], found["n_turns"]) == (N, N)
    assert found["frequent_turns"] == []
    assert not [one for one in found["findings"] if one["kind"] == "frequent_turn"]


def test_a_pattern_that_is_none_is_said_before_anything_is_read(world: Any) -> None:
    path = world.wrote("a.jsonl", chats(FILMS))
    words = ["audit", "--store", str(world.store), "--dataset", "sample", "--simulated", str(path), "--reader", "messages"]
    done = CliRunner().invoke(app, [*words, "--drop-turn", "(", "--json"])
    assert done.exit_code == 2
    assert "'('" in json.loads(done.stdout)["error"]["message"]


def test_a_file_in_a_language_that_no_instrument_reads_is_not_measured_as_english(world: Any) -> None:
    found = world.audit(world.wrote("chinese.jsonl", chats(CHINESE)), drop=("Hello",))
    assert found["languages"] == {"zh": 1.0}
    for name in ("positive_bias", "diversity_gap", "behavioural_distance"):
        assert found["objectives"][name]["value"] is None
        assert found["objectives"][name]["reason"].startswith("language: ")
    assert found["doses"]["acceptance"]["reason"].startswith("language: ")
    assert found["reported"]["act_accept"]["simulated"]["reason"].startswith("language: ")
    assert found["reported"]["act_accept"]["human"]["value"] is not None
    assert found["leakage"]["copying"]["value"] == 0
    assert found["leakage"]["title"]["reason"].startswith("language: ")
    assert not [one for one in found["findings"] if one["kind"] in ("positive_bias", "diversity_gap", "behavioural_distance")]


def test_the_human_turns_with_which_a_played_dialogue_begins_are_not_the_simulators(world: Any, tmp_path: Path) -> None:
    context = ["hi there", "What would you like?", "a comedy that I liked"]
    roles = ("user", "assistant")
    for n in range(20):
        played = [*context, f"Try number {n}", f"No, {FILMS[n % 4]} {n}"]
        messages = [{"role": roles[at % 2], "content": text} for at, text in enumerate(played)]
        record = {"dialog_id": f"x{n}", "turn_id": 3, "context": context, "resp": "", "rec": [], "simulator_dialog": {"context": messages}}
        (tmp_path / f"x{n}_3.json").write_text(json.dumps(record))
    found = world.audit(tmp_path, reader="ievalm")
    assert found["n_dialogues"] == 20
    assert found["reported"]["words_per_turn"]["simulated"]["n"] == found["n_turns"] == 20


@pytest.mark.parametrize("speakers", [("Ann", "Bob")])
def test_speakers_that_nobody_knows_are_listed(speakers: tuple[str, str], world: Any) -> None:
    record = {"messages": [{"role": who, "content": "hi"} for who in speakers]}
    with pytest.raises(BadInput, match="it is not known who 'Ann', 'Bob' is"):
        world.audit(world.wrote("strangers.jsonl", [record]))
