"""An audit recovers what was done to humans, says what it cannot see, and takes no file for human logs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import commands
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.studies.audit.sources import audited_files
from understudy.tasks.studies.audit import AuditOptions, audit_files

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "readers"
KINDS = ("acceptance", "titles", "copied", "repeated", "length")
# what a fault moves besides its own measure: said in docs/audit.md
BESIDES = {"copied": {"repeated"}}


@pytest.mark.parametrize("kind", KINDS)
def test_the_dose_is_recovered_within_its_interval(kind: str, world: Any) -> None:
    told = world.dose(kind, 0.3)
    found = world.audit(told["path"], n_halvings=2)
    share = told["n_changed"] / told["n_units"]
    low, high = found["doses"][kind]["ci"]
    assert low <= share <= high, found["doses"][kind]
    assert abs(found["doses"][kind]["value"] - share) < 0.06
    assert found["n_paired"] == found["n_dialogues"] == told["n_dialogues"]
    assert found["setting"]["kind"] == "replayed"
    assert found["objectives"]["positive_bias"]["floor"]["n"] == 2
    assert any(one["about"].startswith(_about(kind)) for one in found["findings"]), found["findings"]
    for other in set(KINDS) - {kind} - BESIDES.get(kind, set()):
        # made-up humans say many things twice and alike, and a changed turn is one of these less
        assert found["doses"][other]["value"] < 0.06, (other, found["doses"][other])


def _about(kind: str) -> tuple[str, ...]:
    return {
        "acceptance": ("positive_bias",),
        "titles": ("data_leakage.title",),
        "copied": ("data_leakage.copying",),
        "repeated": ("doses.repeated", "diversity_gap"),
        "length": ("behavioural_distance.tokens",),
    }[kind]


def test_humans_themselves_are_no_fault(world: Any) -> None:
    found = world.audit(world.dose("titles", 0)["path"], n_halvings=1)
    assert {name: one["value"] for name, one in found["doses"].items()} == dict.fromkeys(KINDS, 0.0)
    assert found["objectives"]["positive_bias"]["value"] == 0
    assert found["findings"] == []


def test_the_same_file_twice_gives_the_same_json(world: Any) -> None:
    path = world.wrote("few.jsonl", human(world))
    one, other = (json.dumps(world.audit(path, n_halvings=1), sort_keys=True) for _ in range(2))
    assert one == other


def test_nothing_of_a_file_is_kept(world: Any) -> None:
    path = EXAMPLES / "messages" / "chats.jsonl"
    with Store.open(world.store) as store:
        before = store.rows("ingest/dataset_digest", dataset="sample"), store.rows("ingest/datasets")
    world.audit(path)
    with Store.open(world.store) as store:
        assert (store.rows("ingest/dataset_digest", dataset="sample"), store.rows("ingest/datasets")) == before


@pytest.mark.parametrize("reader", ["messages", "inspired", "opendialkg", "iard", "dialoguekit", "crslab", "uss", "ccpe"])
def test_a_file_of_every_format_is_measured(reader: str, world: Any) -> None:
    found = world.audit(EXAMPLES / reader, reader=reader)
    assert found["n_dialogues"] > 0
    assert found["leakage"]["short_turns"]["value"] is not None
    assert found["setting"]["kind"] == "differs"
    assert "setting differs" in found["objectives"]["diversity_gap"]["note"]
    assert found["objectives"]["positive_bias"]["value"] is None
    for field in ("objectives", "leakage", "diagnostics", "doses"):
        for name, one in found[field].items():
            assert one["value"] is not None or one["reason"], (field, name)


def test_a_page_is_drawn_of_a_few_dialogues(world: Any, tmp_path: Path) -> None:
    page = tmp_path / "folder" / "page.html"
    assert world.audit(EXAMPLES / "uss", reader="uss", html=str(page))["html"] == str(page)
    assert page.read_text("utf-8").endswith("</html>\n")


def test_a_file_of_redial_is_measured(world: Any) -> None:
    found = world.audit(ROOT / "examples" / "sample" / "test_data.jsonl", reader="redial", n_halvings=2)
    # nothing of the file says how many reactions its floor should be of: it is a report's, not that of a single one
    assert found["objectives"]["positive_bias"]["floor"]["value"] < 0.2
    assert found["n_dialogues"] == 80
    assert found["n_paired"] == 0
    assert "metadata" in found["objectives"]["positive_bias"]["reason"]


@pytest.mark.parametrize("reader", ["movielens", "amazon"])
def test_ratings_are_no_dialogues(reader: str, world: Any) -> None:
    with pytest.raises(BadInput, match="no dialogue that can be measured"):
        world.audit(EXAMPLES / reader, reader=reader)


def test_the_wrong_reader_names_the_right_one(world: Any) -> None:
    with pytest.raises(BadInput) as caught:
        world.audit(EXAMPLES / "messages" / "chats.jsonl", reader="redial")
    assert "messages" in caught.value.hint


def test_an_unknown_split_names_those_that_are_there(world: Any) -> None:
    with pytest.raises(BadInput, match="no split") as caught:
        world.audit(EXAMPLES / "uss", reader="uss", split="nowhere")
    assert "test, open" in caught.value.hint


def human(world: Any, *, n: int = 30) -> list[dict[str, Any]]:
    path = Path(world.dose("titles", 0, name="humans.jsonl")["path"])
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()][:n]


def test_pairs_are_told_by_metadata_by_id_or_not_at_all(world: Any) -> None:
    records = human(world)
    sources = [one["metadata"]["source_dialogue_id"] for one in records]
    by_scenario = [{**one, "metadata": {"scenario": one["metadata"].get("scenario")}} for one in records]
    by_id = [{**one, "dialogue_id": source, "metadata": {}} for one, source in zip(records, sources, strict=True)]
    n_scenarios = sum("scenario" in one["metadata"] for one in records)
    assert 0 < n_scenarios < len(records)
    assert world.audit(world.wrote("scenario.jsonl", by_scenario))["n_paired"] == n_scenarios
    assert world.audit(world.wrote("id.jsonl", by_id))["n_paired"] == 0
    assert world.audit(world.wrote("id.jsonl", by_id), by_id=True)["n_paired"] == len(records)


def test_one_turn_of_a_human_dialogue_is_measured_alone(world: Any) -> None:
    records = []
    for one in human(world, n=60):
        place = max(index for index, message in enumerate(one["messages"]) if message["role"] == "user")
        said = [*one["messages"][:place], {"role": "user", "content": "That sounds great, I will watch it tonight."}]
        records.append({**one, "messages": said, "metadata": {**one["metadata"], "turn_index": place}})
    found = world.audit(world.wrote("replays.jsonl", records))
    assert found["setting"]["kind"] == "replayed"
    assert found["figures"]["tokens_per_turn"]["simulated"]["value"] == 8
    assert found["doses"]["acceptance"]["simulated"]["value"] == 1
    assert found["leakage"]["title"]["value"] is None


def test_another_recommenders_turns_make_no_reactions(world: Any) -> None:
    records = human(world)
    for message in (message for one in records for message in one["messages"] if message["role"] == "assistant"):
        message["content"] = "What about something else?"
    found = world.audit(world.wrote("other.jsonl", records))
    assert found["n_paired"] == len(records)
    assert found["objectives"]["positive_bias"]["value"] is None
    assert "not those of the human recommender" in found["objectives"]["positive_bias"]["reason"]
    assert found["setting"]["kind"] == "differs"
    same = world.audit(world.folder / "other.jsonl", same_setting=True)
    assert same["setting"]["kind"] == "same"
    assert "note" not in same["objectives"]["diversity_gap"]
    assert "turns" in found["objectives"]["behavioural_distance"]["left_out"]
    assert "turns" not in same["objectives"]["behavioural_distance"]["left_out"]


def test_two_simulations_of_one_human_stay_two_dialogues(world: Any) -> None:
    records = human(world)
    again = [{"role": "user", "content": "Thank you so much for all of your help today, goodbye now."}]
    twice = [*records, *({**one, "dialogue_id": f"again-{at}", "messages": one["messages"] + again} for at, one in enumerate(records))]
    found = world.audit(world.wrote("twice.jsonl", twice))
    assert found["n_duplicates"] == 0
    assert found["objectives"]["behavioural_distance"]["n"] == 2 * len(records)
    assert found["doses"]["repeated"]["simulated"]["value"] > 0.3


def test_the_page_escapes_what_others_wrote_and_fetches_nothing(world: Any, tmp_path: Path) -> None:
    bad = '<script>alert("x")</script><img src=http://example.org/a.png>'
    records = human(world)
    for at, one in enumerate(records):
        one["dialogue_id"] = f"{bad}{at}"
        for message in one["messages"]:
            message["content"] = f"{bad} and here I say six words more"
    page = tmp_path / "page.html"
    found = world.audit(world.wrote("bad.jsonl", records), html=str(page))
    text = page.read_text("utf-8")
    assert found["worst"]
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "<img" not in text
    assert 'src="' not in text
    assert 'href="http' not in text


def test_an_empty_or_broken_file_is_bad_input(world: Any, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    nobody = world.wrote("nobody.jsonl", [{"messages": [{"role": "shopper", "content": "hi"}]}])
    for path in (empty, nobody, tmp_path / "nothing.jsonl"):
        with pytest.raises(BadInput):
            world.audit(path)
    with pytest.raises(BadInput, match="shopper"):
        world.audit(nobody)
    assert world.audit(nobody, layout=Options({"shopper": "seeker"}))["n_dialogues"] == 1


def test_an_unknown_data_set_is_bad_input(world: Any, tmp_path: Path) -> None:
    copy = shutil.copy(world.store, tmp_path / "copy.duckdb")
    with pytest.raises(BadInput, match="nothing"):
        audit_files(str(copy), "nothing", files=audited_files([str(EXAMPLES / "uss")], ["uss"]), options=AuditOptions())


def test_the_command_line_answers_in_json_and_with_two_for_a_wrong_reader(world: Any, tmp_path: Path) -> None:
    copy = shutil.copy(world.store, tmp_path / "copy.duckdb")
    words = ["audit", "--dataset", "sample", "--simulated", str(EXAMPLES / "uss"), "--reader", "ccpe", "--store", copy, "--json"]
    done = commands.run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "uss" in json.loads(done.stdout)["error"]["hint"]
