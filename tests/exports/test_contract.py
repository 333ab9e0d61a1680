"""Every form of the folder keeps the same promises: a new file is held to them on arrival."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.publish.made import ITEMS, SAID, TRAPS, on_shelf, release, released
from understudy.errors import BadInput
from understudy.exports import ExportOptions
from understudy.plugins import load, names
from understudy.release.pulling import pull
from understudy.release.selection import Wanted, fields_of

FORMS = names("exports")
N = len(SAID)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one release."""
    return on_shelf(tmp_path_factory.mktemp("forms") / "r")


def pulled(shelf: Path, out: Path, form: str, *where: str, split: str | None = None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What `pull` answered, and the examples in the file."""
    fields = pull(shelf, wanted=Wanted(form, split, fields_of(where))).write(out)
    return dict(fields), read(out, load("exports", form).SUFFIX)


def read(path: Path, suffix: str) -> list[dict[str, Any]]:
    """The examples of a file by what its suffix says."""
    if suffix == "parquet":
        return pl.read_parquet(path).to_dicts()
    text = path.read_text(encoding="utf-8")
    return list(json.loads(text)) if suffix == "json" else [json.loads(line) for line in text.split("\n") if line]


def texts(value: Any) -> list[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in texts(one)]


def test_the_forms_are_those_that_are_promised() -> None:
    assert {"messages", "redial", "crslab", "dialoguekit", "preference", "sharegpt", "parquet", "rows"} <= set(FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_says_what_it_is(form: str) -> None:
    module = load("exports", form)
    assert module.__doc__
    assert isinstance(module.VERSION, int)
    assert module.SUFFIX in ("jsonl", "json", "parquet")
    assert isinstance(module.VIEWS, bool)
    assert hasattr(module, "rows") != hasattr(module, "frame")


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_counted_is_the_same_again_and_has_a_part_and_a_filter(shelf: Path, tmp_path: Path, form: str) -> None:
    fields, examples = pulled(shelf, tmp_path / "a", form)
    assert (fields["n_examples"], fields["n_dialogues"]) == (len(examples), N)
    assert examples
    pulled(shelf, tmp_path / "b", form)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    train, validation = (pulled(shelf, tmp_path / split, form, split=split) for split in ("train", "validation"))
    assert (train[0]["n_dialogues"], validation[0]["n_dialogues"]) == (3, 1)
    assert sorted(json.dumps(one) for one in [*train[1], *validation[1]]) == sorted(json.dumps(one) for one in examples)
    one, _ = pulled(shelf, tmp_path / "c", form, "dialogue_id=d0")
    assert (one["n_dialogues"], one["where"]) == (1, {"dialogue_id": ["d0"]})
    assert one["n_examples"] > 0


@pytest.mark.parametrize("form", FORMS)
def test_text_stays_text(shelf: Path, tmp_path: Path, form: str) -> None:
    """Formulas, paths, SQL, markup and ends of lines come out as they went in, save what the form itself cannot hold."""
    _, examples = pulled(shelf, tmp_path / "x", form)
    said = texts(examples)
    if form == "crslab":  # words without white space
        said = [" ".join(one["text"]) for example in examples for one in example["dialog"]]
    wanted = [text for dialogue in SAID for _, text, _, _ in dialogue]
    if form == "preference":
        wanted = list(TRAPS[:1])
    changed = {text: " ".join(text.split()) for text in wanted} if form == "crslab" else {}
    if form == "redial":
        changed |= {"Harbour of Glass (1999)?": "@1?", "Then ../Up (2009), perhaps": "Then @3, perhaps", "=cmd|' /C calc'!A1": "@2"}
        changed[TRAPS[4]] = "@ 12 is no film"
    assert {changed.get(text, text) for text in wanted} <= set(said)


@pytest.mark.parametrize("form", [form for form in FORMS if load("exports", form).SUFFIX != "json" and form != "redial"])
def test_a_form_that_a_table_can_hold_is_one(shelf: Path, form: str) -> None:
    frame = pull(shelf, wanted=Wanted(form)).frame()
    assert frame.height > 0
    assert not any(kind == pl.Object for kind in frame.dtypes)


@pytest.mark.parametrize("form", ["redial", "crslab", "dialoguekit"])
def test_a_form_that_no_table_can_hold_says_so(shelf: Path, form: str) -> None:
    with pytest.raises(BadInput, match=f"{form} is no table"):
        pull(shelf, wanted=Wanted(form)).frame()


@pytest.mark.parametrize("form", FORMS)
def test_only_forms_with_a_view_can_be_turned_round(shelf: Path, form: str) -> None:
    wanted = Wanted(form, options=ExportOptions(seeker_view=True))
    if not load("exports", form).VIEWS:
        with pytest.raises(BadInput, match="no seeker's view"):
            pull(shelf, wanted=wanted)
        return
    plain, turned = (texts(pull(shelf, wanted=one).frame().to_dicts()) for one in (Wanted(form), wanted))
    exchanged = {"user": "assistant", "assistant": "user", "human": "gpt", "gpt": "human"}
    assert [exchanged.get(text, text) for text in plain if text in exchanged] == [text for text in turned if text in exchanged]


def test_a_pair_is_a_rejected_recommendation_and_the_next_accepted_one() -> None:
    (pair,) = load("exports", "preference").rows(released())
    assert [one["content"] for one in pair["prompt"]] == [TRAPS[0]]
    assert pair["chosen"] == [{"role": "assistant", "content": "Then ../Up (2009), perhaps"}]
    assert pair["rejected"] == [{"role": "assistant", "content": "Harbour of Glass (1999)?"}]
    assert (pair["rejected_turn"], pair["chosen_turn"]) == (1, 3)


def test_redial_numbers_items_that_have_no_number_and_keeps_those_that_have() -> None:
    made = release()
    tables = {**made.tables, "items": ITEMS.with_columns(item_id=pl.Series(["17", "i2", "i3"]))}
    renamed = pl.col("item_ids").list.eval(pl.element().replace("i1", "17"))
    first = next(load("exports", "redial").rows(type(released())(
        tables["dialogues"].lazy(), tables["turns"].with_columns(renamed).lazy(), tables["items"].lazy(), tables["examples"].lazy()
    )))  # fmt: skip
    assert first["movieMentions"] == {"17": "Harbour of Glass (1999)", "20": "../Up (2009)"}
    assert [one["text"] for one in first["messages"]][1] == "@17?"
    assert first["initiatorQuestions"]["17"] == {"suggested": 1, "seen": 2, "liked": 2}


@pytest.mark.parametrize("form", ["messages", "redial", "crslab", "dialoguekit", "sharegpt"])
def test_a_reader_of_this_project_reads_the_dialogues_back(shelf: Path, tmp_path: Path, form: str) -> None:
    from understudy.readers import Options
    from understudy.records import Dialogue

    name = {"sharegpt": "messages"}.get(form, form)
    suffix = load("exports", form).SUFFIX
    pulled(shelf, tmp_path / f"train_data.{suffix}", form)
    reader = load("readers", name)
    read = (one for one in reader.read(reader.find(tmp_path), Options()) if isinstance(one, Dialogue))
    # CRSLab's ids are told apart by their file
    found = {one.dialogue_id.removeprefix("train-"): one for one in read}
    assert sorted(found) == [f"d{n}" for n in range(N)]
    for n, said in enumerate(SAID):
        assert [turn.role for turn in found[f"d{n}"].turns] == [role for role, _, _, _ in said]
