"""What an audit says of one file: the figures of papers, severities on one scale, what is unknown, splits and duplicates."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.prompt.speech import has_stop_token
from understudy.records import Measured
from understudy.report.tabular import csv_table, latex_text
from understudy.studies.audit import findings
from understudy.studies.audit.findings import LEAST, Finding
from understudy.studies.audit.reported import NO_GENRES


def chats(name: str, replies: list[str], *, n: int = 40, **facts: Any) -> list[dict[str, Any]]:
    """Dialogues of our own in which a recommender suggests one item after the other, and the seeker replies in this order."""
    talks = []
    for at in range(n):
        said = [{"role": "user", "content": f"Hello, I look for a thing number {at}."}]
        for place, reply in enumerate(replies):
            said.append({"role": "assistant", "content": f'How about "Stone {at} {place} Falling"?'})
            said.append({"role": "user", "content": f"{reply} {at}" if reply[-1] != "]" else reply})
        talks.append({"dialogue_id": f"{name}-{at}", "messages": said, "metadata": facts})
    return talks


def reported(world: Any, name: str, replies: list[str], **facts: Any) -> dict[str, Any]:
    return world.audit(world.wrote(f"{name}.jsonl", chats(name, replies, **facts)))["reported"]


@pytest.mark.parametrize(
    ("name", "replies", "expected"),
    [
        ("refusals", ["No thanks, not for me.", "I hated that one."], {"negative_reactions": 1.0}),
        ("ends", ["Who plays in it?", "[END]"], {"stop_tokens": 1.0}),
        (
            "acceptances",
            ["That sounds great, I will watch it.", "Sounds good, I will watch that.", "Who plays in it?"],
            {"acceptance_any": 2 / 3},
        ),
        ("questions", ["Who plays in it?", "Is it long?"], {"questions": 2 / 3}),
    ],
)
def test_a_planted_habit_is_reported_with_its_humans(name: str, replies: list[str], expected: dict[str, float], world: Any) -> None:
    found = reported(world, name, replies)
    for figure, value in expected.items():
        assert found[figure]["simulated"]["value"] == pytest.approx(value)
        low, high = found[figure]["difference"]["ci"]
        assert 0 < low <= found[figure]["difference"]["value"] <= high, (figure, found[figure])
    for one in found.values():
        assert set(one) == {"simulated", "human", "difference", "what", "humans"}
        assert one["humans"] == "all"
    assert found["turns_per_dialogue"]["simulated"]["value"] == 1 + len(replies)
    shares = [one["simulated"]["value"] for name, one in found.items() if name.startswith("act_")]
    assert sum(shares) == pytest.approx(1)


def test_humans_beside_themselves_differ_in_no_reported_figure(world: Any) -> None:
    found = world.audit(world.dose("titles", 0, name="same.jsonl")["path"])
    for name, one in found["reported"].items():
        assert one["humans"] == "paired"
        assert one["simulated"]["value"] == one["human"]["value"], name
        assert one["difference"]["value"] in (None, 0), name


@pytest.mark.parametrize("text", ["[END]", "ok bye \\end", "<end>", "###STOP###", "TERMINATE", "thanks </s>", "well \\giveup"])
def test_stop_tokens_are_seen_and_words_are_not(text: str) -> None:
    seen = [has_stop_token(one) for one in (text, "Stop. I want the end of the world movie!", "The End (1978) is what I like")]
    assert seen == [True, False, False]


def test_leakage_without_targets_is_partial_and_a_title_alone_is_a_target(world: Any) -> None:
    without = world.audit(world.wrote("no-target.jsonl", chats("no-target", ["That sounds great."])))
    leaks = without["objectives"]["data_leakage"]
    assert leaks["value"] is None
    assert "title" in leaks["reason"]
    assert leaks["partial"]["over"] == ["copying", "short_turns"] or leaks["partial"]["over"] == ["short_turns"]
    named = chats("named", ["I want Voyage of the Lonely Lantern."], target="Voyage of the Lonely Lantern (1931)")
    found = world.audit(world.wrote("named.jsonl", named))
    assert found["n_targets"] == found["n_targets_outside"] == 40
    assert found["leakage"]["title"]["value"] == 1
    assert found["leakage"]["attributes"]["value"] is None
    assert "title" in found["objectives"]["data_leakage"]["partial"]["over"]


def test_duplicates_are_dropped_counted_and_told(world: Any) -> None:
    once = chats("once", ["That sounds great."])
    again = [{**one, "dialogue_id": f"again-{at}"} for at, one in enumerate(once[:8])]
    found = world.audit(world.wrote("copies.jsonl", [*once, *again]))
    assert (found["n_dialogues"], found["n_duplicates"]) == (40, 8)
    told = next(one for one in found["findings"] if one["kind"] == "duplicates")
    assert told["simulated"]["value"] == pytest.approx(8 / 48)


def test_a_severity_is_a_ratio_of_distances_or_none_at_all() -> None:
    nothing = Measured(None)
    root = Finding("behavioural_distance.acts", "", Measured(0.32, 0.30, 0.34, 60), 0.10, "floor", nothing, nothing)
    assert root.as_json()["severity"] == pytest.approx(3.2)
    assert root.as_json()["severity_ci"] == pytest.approx([3.0, 3.4])
    none = Finding("diversity_gap.openings", "", Measured(1.77, 1.5, 2.0, 60), LEAST / 10, "floor", nothing, nothing)
    assert none.as_json()["severity"] is None
    assert none.as_json()["difference"]["ci"] == [1.5, 2.0]
    assert none.rank > root.rank


def test_every_severity_is_its_difference_over_its_limit(world: Any) -> None:
    found = world.audit(world.dose("repeated", 0.4, name="repeats.jsonl")["path"], n_halvings=2)
    parts = found["objectives"]["behavioural_distance"]
    assert found["findings"]
    for one in found["findings"]:
        if one["severity"] is not None:
            assert one["severity"] == pytest.approx(one["difference"]["value"] / one["limit"])
        if one["kind"] == "behavioural_distance":
            # the root that the objective is made of, and not the squared distance that is tested
            assert one["difference"]["value"] == parts["parts"][one["about"].split(".")[1]]["value"]
        if one["about"] in ("diversity_gap.distinct_2", "diversity_gap.self_similarity"):
            signed = found["objectives"]["diversity_gap"]["signed"][one["about"].split(".")[1]]["value"]
            assert (one["simulated"]["value"] > one["human"]["value"]) == (signed > 0)


def test_the_test_split_is_paired_and_each_file_counted_once(world: Any) -> None:
    with Store.open(world.store) as store:
        ids = store.rows("profile/members", profile_key="p", split="test")
    records = [json.loads(line) for line in Path(world.dose("titles", 0, name="all.jsonl")["path"]).read_text("utf-8").splitlines()]
    mine = [{**one, "metadata": {"source_dialogue_id": row["dialogue_id"]}} for one, row in zip(records, ids, strict=False)]
    path = world.wrote("of-test.jsonl", mine)
    found = world.audit(path, split="test")
    assert found["n_paired"] == found["n_dialogues"] == len(mine)
    assert found["split"] == "test"
    assert world.audit(path, split="test")["n_test_uses"] == found["n_test_uses"] == 1


def test_all_open_humans_stand_beside_an_unpaired_file(world: Any) -> None:
    with Store.open(world.store) as store:
        n = sum(len(store.rows("profile/members", profile_key="p", split=split)) for split in ("exemplar", "search", "select"))
    found = world.audit(world.wrote("open.jsonl", chats("open", ["That sounds great."])), split="open")
    assert found["n_human_dialogues"] == found["reported"]["turns_per_dialogue"]["human"]["n"] == n


def test_text_is_data_in_latex_and_csv() -> None:
    assert latex_text("\\input{x}%\x00\n$a_b$") == r"\textbackslash{}input\{x\}\% \$a\_b\$"
    assert csv_table(("a", "b", "c"), [("=1+1", -0.5, None), ('x"y', "@x", "- y")]) == 'a,b,c\r\n\'=1+1,-0.5,\r\n"x""y",\'@x,\'- y\r\n'


def test_a_leak_is_a_finding_where_it_is_surely_above_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "caps", lambda _: dict.fromkeys(findings._LEAKS, 0.05))

    def told(low: float) -> int:
        leakage = dict.fromkeys(findings._LEAKS, Measured(0.08, low, 0.13, 200))
        audit: Any = SimpleNamespace(evaluation=SimpleNamespace(leakage=leakage), figures={})
        reference: Any = None
        return len(list(findings._leaks(audit, reference)))

    assert (told(0.049), told(0.051)) == (0, len(findings._LEAKS))


def test_a_catalogue_of_titles_alone_says_why_wishes_are_not_seen(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.studies.audit.reported._tells_wishes", lambda _: False)
    found = reported(world, "titles-alone.jsonl", ["a comedy please"])["first_turn_disclosure"]
    assert (found["simulated"]["value"], found["simulated"]["reason"]) == (None, NO_GENRES)
