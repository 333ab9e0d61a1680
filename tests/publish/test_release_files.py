"""Releases as values and files: digests cover content alone, a changed file is refused, licences are the strictest."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.doors import releases as shelf
from understudy.doors.bill import BILL
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed, UnderstudyError
from understudy.exports import messages
from understudy.keys import json_line, lines_of
from understudy.release import licences
from understudy.release.pulling import pull
from understudy.release.release import Release, composed, frame_digest, marked
from understudy.release.verification import verified, verify
from understudy.release.verifying import verified_releases

LINEAGE: dict[str, Any] = {
    "dataset": "small", "batch": "one", "setting": "few_shot", "genome_digest": "g", "model": "m", "recommender": "r", "seed": 0,
    "sources": [{"source_sha256": "f" * 64, "licence": "CC-BY-4.0"}], "code_version": "0",
}  # fmt: skip
TURNS = pl.DataFrame(
    {
        "dialogue_id": ["a", "a", "a", "b", "b"],
        "turn_index": [0, 1, 2, 0, 1],
        "role": ["seeker", "recommender", "seeker", "seeker", "recommender"],
        "text": ["hi, “quotes” & <tags>", "Harbour of Glass (1999)?", "näh", "hello", "line\nbreak"],
        "item_ids": [[], ["i1"], [], [], []],
        "ranked_ids": [[], ["i1"], [], [], []],
    }
)
DIALOGUES = pl.DataFrame(
    {
        "dialogue_id": ["a", "b"], "scenario_id": ["s1", "s2"], "source_dialogue_id": ["h1", "h2"], "target": ["i1", None],
        "replicate": [0, 0], "engine": ["x", "x"], "n_turns": [3, 2],
    }
)  # fmt: skip


def release(name: str = "small", *, engine: str = "some-model", **lineage: Any) -> Release:
    figures = {
        "objectives": {"positive_bias": {"value": 0.1, "ci": [0.0, 0.2], "n": 9}},
        "leakage": {"title": {"value": None, "reason": "none played"}},
        "floors": {"positive_bias": {"value": 0.05, "ci": [0.02, 0.09], "n": 40}},
    }
    return composed(name, DIALOGUES, TURNS, engine=engine, lineage={**LINEAGE, **lineage}, verdicts=[], figures=figures)


@pytest.fixture(scope="module")
def shelved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two versions of a release, which is only read."""
    folder, made = tmp_path_factory.mktemp("shelf"), release()
    with Store.open(folder / "any.duckdb") as store:
        for version in (1, 2):
            shelf.put(staged(made, folder / "r", version, store), version)
    return folder / "r"


@pytest.fixture
def on_shelf(shelved: Path, tmp_path: Path) -> Path:
    """The folder of two versions of a release, for one test."""
    return Path(copytree(shelved, tmp_path / "r"))


def staged(made: Release, releases: Path, version: int, store: Store) -> Path:
    """The folder of a release before it is put in its place."""
    folder = shelf.stage(releases / made.name, made.content_digest, texts={**made.texts(), BILL: "{}"}, tables=made.tables(), store=store)
    return shelf.seal(folder, made.sealed(version, shelf.listed(folder)))


def digest_of(made: Release, version: int = 1) -> str:
    """The digest of a release over files whose bytes are given."""
    return str(json.loads(made.sealed(version, {"turns.parquet": {"bytes": 1, "sha256": "f" * 64}})["manifest.json"])["digest"])


def test_the_digest_covers_content_and_lineage_but_no_name_or_version() -> None:
    assert release("one").content_digest == release("two").content_digest
    assert digest_of(release("one")) == digest_of(release("two"), version=2)
    for other in (release(seed=1), release(engine="other")):
        assert release().content_digest != other.content_digest
        assert digest_of(release()) != digest_of(other)


def test_an_example_is_one_whole_dialogue_with_the_seeker_as_user() -> None:
    rows = list(messages.rows(DIALOGUES, TURNS))
    assert [row["dialogue_id"] for row in rows] == ["a", "b"]
    assert [message["role"] for message in rows[0]["messages"]] == ["user", "assistant", "user"]
    assert [message["content"] for message in rows[0]["messages"]] == TURNS["text"].to_list()[:3]


def test_a_dialogue_without_turns_gives_no_example() -> None:
    assert [row["dialogue_id"] for row in messages.rows(DIALOGUES, TURNS.filter(pl.col("dialogue_id") == "b"))] == ["b"]


def test_an_unknown_speaker_is_not_passed_over() -> None:
    with pytest.raises(pl.exceptions.PolarsError):
        list(messages.rows(DIALOGUES, TURNS.with_columns(role=pl.lit("narrator"))))


def test_rows_have_one_digest_before_and_after_a_parquet_file(tmp_path: Path) -> None:
    TURNS.write_parquet(tmp_path / "t.parquet")
    assert frame_digest(pl.read_parquet(tmp_path / "t.parquet")) == frame_digest(TURNS)
    assert frame_digest(TURNS.reverse()) != frame_digest(TURNS)


def test_pull_takes_the_newest_version_unless_told(on_shelf: Path, tmp_path: Path) -> None:
    assert pull(on_shelf, out=tmp_path / "a.jsonl")["version"] == 2
    assert pull(on_shelf, "small", version=1, out=tmp_path / "b.jsonl")["version"] == 1
    assert (tmp_path / "a.jsonl").read_text() == (tmp_path / "b.jsonl").read_text()
    assert [json.loads(line)["dialogue_id"] for line in (tmp_path / "a.jsonl").read_text().splitlines()] == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [({"name": "other"}, "no release called"), ({"version": 7}, "no version 7"), ({"form": "verse"}, "no export form 'verse'")],
)
def test_what_cannot_be_pulled_is_bad_input(on_shelf: Path, tmp_path: Path, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        pull(on_shelf, out=tmp_path / "x", **arguments)
    assert not (tmp_path / "x").exists()


def test_an_empty_shelf_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no release in"):
        pull(tmp_path / "nothing", out=tmp_path / "x")


@pytest.mark.parametrize("name", ["messages.jsonl", "turns.parquet", "manifest.json", "CARD.md", "release.duckdb"])
def test_a_changed_file_is_refused(on_shelf: Path, name: str) -> None:
    path = on_shelf / "small" / "v2" / name
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content.replace(b"CC-BY-4.0", b"CC0-1.0  ") if name == "manifest.json" else content + b" ")
    with pytest.raises(UnderstudyError, match="v2"):
        verify(on_shelf / "small" / "v2")


def test_a_missing_file_is_refused(on_shelf: Path) -> None:
    (on_shelf / "small" / "v2" / "turns.parquet").unlink()
    with pytest.raises(UnderstudyError, match=r"turns\.parquet"):
        verify(on_shelf / "small" / "v2")


def edited(folder: Path, **files: bytes) -> None:
    """Writes files of a release and lists them in its manifest with their new size and hash, as a forger would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, content in {name[::-1].replace("_", ".", 1)[::-1]: content for name, content in files.items()}.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(content)
        manifest["files"][name] = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def reasons(folder: Path) -> dict[str, str]:
    return {one["file"]: one["reason"] for one in verified(folder).mismatches}


def test_a_release_as_it_was_published_has_no_mismatch_and_no_note(on_shelf: Path) -> None:
    found = verified(on_shelf / "small" / "v2")
    assert (found.mismatches, found.notes, found.n_files) == ((), (), 8)
    digests = [verified(on_shelf / "small" / f"v{version}").manifest["digest"] for version in (1, 2)]
    # DuckDB wrote other bytes and the cards name other versions
    assert digests[0] == digests[1]


def test_a_card_and_a_database_changed_together_with_their_hashes_are_found(on_shelf: Path) -> None:
    folder = on_shelf / "small" / "v2"
    card = (folder / "CARD.md").read_bytes()
    with Store.open(folder.parent / "any.duckdb") as store:
        store.export(folder.parent / "forged.duckdb", {**release().tables(), "turns": TURNS.with_columns(text=pl.lit("forged"))})
    edited(folder, CARD_md=card.replace(b"CC-BY-4.0", b"CC0-1.0"), release_duckdb=(folder.parent / "forged.duckdb").read_bytes())
    assert reasons(folder) == {
        "manifest.json": "has a digest that is not that of its content and of the files beside it",
        "release.duckdb": "holds other rows than were published",
    }
    with pytest.raises(UnderstudyError, match=r"release\.duckdb holds other rows"):
        verify(folder)


@pytest.mark.parametrize("extra", ["create table notes as select 1 as one", "create view peek as select 1 as one"])
def test_a_database_that_holds_more_than_the_tables_is_found(on_shelf: Path, extra: str) -> None:
    folder = on_shelf / "small" / "v2"
    copy = folder.parent / "copy.duckdb"
    copy.write_bytes((folder / "release.duckdb").read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute(extra)
    edited(folder, release_duckdb=copy.read_bytes())
    assert set(reasons(folder)) == {"release.duckdb"}


@pytest.mark.parametrize("name", ["CARD.md", "messages.jsonl", "turns.parquet", "sbom.cdx.json"])
def test_one_byte_more_in_a_file_that_is_listed_with_its_new_hash_is_found(on_shelf: Path, name: str) -> None:
    folder = on_shelf / "small" / "v2"
    content = (folder / name).read_bytes()
    forged = content[:-5] + bytes([content[-5] ^ 1]) + content[-4:] if name.endswith(".parquet") else content + b"\n"
    edited(folder, **{name.replace(".", "_"): forged})
    assert "manifest.json" in reasons(folder)


def test_a_manifest_that_lists_nothing_does_not_verify(on_shelf: Path) -> None:
    folder = on_shelf / "small" / "v2"
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(json.dumps({**manifest, "files": {}}))
    assert set(reasons(folder)) == {*manifest["files"]}
    assert set(reasons(folder).values()) <= {"is not listed in the manifest", "is not part of the release"}


def test_all_releases_of_a_folder_are_verified_and_each_mismatch_names_its_release(on_shelf: Path) -> None:
    found = verified_releases(on_shelf, None, version=None, expected=None)
    assert [(one["name"], one["version"]) for one in found["releases"]] == [("small", 1), ("small", 2)]
    assert (found["n_files"], found["mismatches"], found["notes"]) == (16, [], [])
    digest = found["releases"][0]["digest"]
    assert verified_releases(on_shelf, "small", version=1, expected=digest)["mismatches"] == []
    (on_shelf / "small" / "v2" / "CARD.md").unlink()
    with pytest.raises(GateFailed, match=r"small v2: CARD\.md is missing") as failed:
        verified_releases(on_shelf, None, version=None, expected=None)
    assert {"release": "small", "version": 2, "file": "CARD.md", "reason": "is missing"} in failed.value.fields["mismatches"]
    with pytest.raises(GateFailed, match="ffff was expected"):
        verified_releases(on_shelf, "small", version=1, expected="ffff")
    for name, version in (("other", None), ("small", 7)):
        with pytest.raises(BadInput, match="there is no"):
            verified_releases(on_shelf, name, version=version, expected=None)
    with pytest.raises(BadInput, match="there are 2 releases"):
        verified_releases(on_shelf, None, version=None, expected=digest)


def test_missing_and_further_files_are_mismatches(on_shelf: Path) -> None:
    folder = on_shelf / "small" / "v2"
    (folder / "turns.parquet").unlink()
    (folder / "more.parquet").write_bytes(b"more")
    (folder / "sub").mkdir()
    (folder / "link").symlink_to(folder / "CARD.md")
    found = reasons(folder)
    assert (found["turns.parquet"], found["more.parquet"]) == ("is missing", "is not part of the release")
    assert found["sub"] == found["link"] == "is no plain file, and a release has no other"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {}}', "no json"])
def test_what_is_no_manifest_is_a_mismatch(on_shelf: Path, text: str) -> None:
    folder = on_shelf / "small" / "v2"
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(text)
    assert reasons(folder)["manifest.json"].startswith("cannot be read")


def test_a_manifest_of_a_newer_format_is_not_judged(on_shelf: Path) -> None:
    folder = on_shelf / "small" / "v2"
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 3}))
    with pytest.raises(UnderstudyError, match="of format 3; this version reads formats up to 2"):
        verified(folder)


LINE_LIKE = "\n\r\v\f\x00\x1c\x1d\x1e\x7f\x85\u2028\u2029"


@given(st.lists(st.text(st.sampled_from(LINE_LIKE + 'a"\\')), min_size=1, max_size=4))
def test_whatever_ends_a_line_elsewhere_stays_inside_a_line_of_json(texts: list[str]) -> None:
    lines = [json_line({"id": text, "content": [text]}) for text in texts]
    whole = "".join(f"{line}\n" for line in lines)
    assert [json.loads(line)["id"] for line in lines_of(whole)] == texts
    # any reader agrees on where a line ends, whichever rule it has
    assert whole.splitlines() == lines


def test_a_release_with_line_ends_in_its_ids_and_texts_verifies_and_is_pulled_whole(tmp_path: Path) -> None:
    ids = [f"d{letter}{number}" for number, letter in enumerate(LINE_LIKE)]
    dialogues = pl.concat([DIALOGUES[:1].with_columns(dialogue_id=pl.lit(one), scenario_id=pl.lit(one)) for one in ids])
    turns = pl.concat([TURNS[:2].with_columns(dialogue_id=pl.lit(one), text=pl.lit(one)) for one in ids])
    made = composed("small", dialogues, turns, engine="some-model", lineage=LINEAGE, verdicts=[], figures={})
    with Store.open(tmp_path / "any.duckdb") as store:
        assert verified(shelf.put(staged(made, tmp_path / "r", 1, store), 1)).mismatches == ()
    assert pull(tmp_path / "r", out=tmp_path / "out.jsonl")["n_examples"] == len(ids)
    lines = lines_of((tmp_path / "out.jsonl").read_bytes().decode())
    assert sorted(json.loads(line)["dialogue_id"] for line in lines) == sorted(ids)


def test_a_release_is_never_replaced(on_shelf: Path, tmp_path: Path) -> None:
    made = release()
    with Store.open(tmp_path / "any.duckdb") as store:
        folder = staged(made, on_shelf, 2, store)
    with pytest.raises(UnderstudyError, match="never replaced"):
        shelf.put(folder, 2)


def test_the_card_says_what_was_not_measured_and_marks_rehearsal() -> None:
    card = release(engine="rehearsal").sealed(1, {})["CARD.md"]
    assert card.startswith("# small-rehearsal, version 1\n\n**engine: rehearsal. It is not a language model.")
    assert "aligned with humans" not in card.lower()
    assert "| leakage | title | not measured: none played |" in card
    assert "| objectives | positive_bias | 0.100 [0.000, 0.200], n = 9 | 0.050 [0.020, 0.090] |" in card


def test_a_name_is_marked_once() -> None:
    assert marked(marked("a", "rehearsal"), "rehearsal") == "a-rehearsal"
    assert marked("a", "gpt") == "a"
    assert marked("a", "gpt+rehearsal") == "a-rehearsal"


@given(st.lists(st.sampled_from(licences.FREEST_FIRST), min_size=1))
def test_the_strictest_licence_is_one_of_the_given_and_none_is_stricter(given_licences: list[str]) -> None:
    try:
        found = licences.strictest(given_licences)
    except GateFailed:
        assert "CC-BY-SA-4.0" in given_licences
        return
    assert found in given_licences
    assert all(licences.FREEST_FIRST.index(one) <= licences.FREEST_FIRST.index(found) for one in given_licences)


@pytest.mark.parametrize("given_licences", [[], ["who knows"], ["MIT", "CC-BY-ND-4.0"], [""]])
def test_without_a_known_licence_there_is_no_release(given_licences: list[str]) -> None:
    with pytest.raises(GateFailed):
        licences.strictest(given_licences)
