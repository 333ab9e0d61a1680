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

from tests.publish import made
from tests.publish.made import release
from understudy.doors import catalogue
from understudy.doors import releases as shelf
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed, UnderstudyError
from understudy.exports import Released, messages
from understudy.keys import json_line, lines_of
from understudy.release import licences
from understudy.release.pulling import pull
from understudy.release.release import PlayedTables, Release, composed, frame_digest, manifest_text, marked
from understudy.release.selection import Wanted, fields_of
from understudy.release.verification import verified, verify
from understudy.release.verifying import verified_releases

# three tables in two parts, the items, the database, three texts, card, manifest and bill of materials
N_FILES = 3 * 2 + 1 + 1 + 3 + 3

@pytest.fixture(scope="module")
def shelved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two versions of a release, which is only read."""
    return made.on_shelf(tmp_path_factory.mktemp("shelf") / "r", versions=(1, 2))


@pytest.fixture
def on_shelf(shelved: Path, tmp_path: Path) -> Path:
    """The folder of two versions of a release, for one test."""
    return Path(copytree(shelved, tmp_path / "r"))


def digest_of(one: Release, version: int = 1) -> str:
    """The digest of a release over files whose bytes are given."""
    files: dict[str, shelf.ListedFile] = {name: {"bytes": 1, "sha256": "f" * 64} for name in (*one.parquet(), "messages.jsonl")}
    return str(json.loads(one.sealed(version, files)["manifest.json"])["digest"])


def test_the_digest_covers_content_and_lineage_but_no_name_or_version() -> None:
    assert release("one").content_digest == release("two").content_digest
    assert digest_of(release("one")) == digest_of(release("two"), version=2)
    for other in (release(seed=1), release(engine="other")):
        assert release().content_digest != other.content_digest
        assert digest_of(release()) != digest_of(other)


def test_an_example_is_one_whole_dialogue_with_the_seeker_as_user() -> None:
    rows = list(messages.rows(made.released()))
    assert [row["dialogue_id"] for row in rows] == ["d0", "d1", "d2", "d3"]
    assert [message["role"] for message in rows[0]["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    assert [message["content"] for message in rows[0]["messages"]] == [text for _, text, _, _ in made.SAID[0]]


def test_a_dialogue_without_turns_gives_no_example() -> None:
    said = made.released()
    some = Released(said.dialogues, said.turns.filter(pl.col("dialogue_id") == "d1"), said.items, said.examples)
    assert [row["dialogue_id"] for row in messages.rows(some)] == ["d1"]


def test_an_unknown_speaker_is_not_passed_over() -> None:
    said = made.released()
    with pytest.raises(pl.exceptions.PolarsError):
        list(messages.rows(Released(said.dialogues, said.turns.with_columns(role=pl.lit("narrator")), said.items, said.examples)))


def test_rows_have_one_digest_before_and_after_a_parquet_file(tmp_path: Path) -> None:
    for name, frame in release().tables.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
        assert frame_digest(pl.read_parquet(tmp_path / f"{name}.parquet")) == frame_digest(frame)
        assert frame_digest(frame.reverse()) != frame_digest(frame)


def test_pull_takes_the_newest_version_unless_told(on_shelf: Path, tmp_path: Path) -> None:
    assert pull(on_shelf).write(tmp_path / "a.jsonl")["version"] == 2
    assert pull(on_shelf, "small", version=1).write(tmp_path / "b.jsonl")["version"] == 1
    written = (tmp_path / "a.jsonl").read_text(encoding="utf-8")
    assert written == (tmp_path / "b.jsonl").read_text(encoding="utf-8")
    assert written == (on_shelf / "small" / "v2" / "messages.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["dialogue_id"] for line in lines_of(written)] == ["d0", "d1", "d2", "d3"]


WHERE: dict[str, tuple[str, ...]] = {"target": ("i1",)}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"name": "other"}, "no release called"), ({"version": 7}, "no version 7"),
        ({"wanted": Wanted("verse")}, "no export form 'verse'"), ({"wanted": Wanted(split="dev")}, "no split 'dev'"),
        ({"wanted": Wanted(where={"n_turns": ("many",)})}, "n_turns is a number"),
        ({"wanted": Wanted(split="validation", where=WHERE)}, "no dialogue of small version 2 has target i1"),
    ],
)  # fmt: skip
def test_what_cannot_be_pulled_is_bad_input(on_shelf: Path, tmp_path: Path, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        pull(on_shelf, **arguments).write(tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("pair", ["target", "target;drop=1", "text=hello", "=1"])
def test_a_filter_names_a_field_of_a_dialogue_and_is_no_sql(pair: str) -> None:
    with pytest.raises(BadInput, match="is not FIELD=VALUE"):
        fields_of([pair])


def test_a_filter_compares_its_value_as_a_value(on_shelf: Path) -> None:
    assert fields_of(["target=i1", "n_turns=5", "target=' or 1=1"]) == {"target": ("i1", "' or 1=1"), "n_turns": ("5",)}
    assert pull(on_shelf, wanted=Wanted(where=fields_of(["target=' or 1=1", "target=i1"]))).n_dialogues == 1
    with pytest.raises(BadInput, match="no dialogue"):
        pull(on_shelf, wanted=Wanted(where=fields_of(["target=' or 1=1"])))


def test_a_retracted_version_is_passed_over_and_needs_a_flag(on_shelf: Path, tmp_path: Path) -> None:
    catalogue.renew(on_shelf, {("small", 2): "wrong catalogue"})
    assert pull(on_shelf).manifest["version"] == 1
    with pytest.raises(BadInput, match="version 2 of small was retracted"):
        pull(on_shelf, version=2)
    fields = pull(on_shelf, version=2, retracted=True).write(tmp_path / "x")
    assert (fields["version"], fields["retracted"]) == (2, "wrong catalogue")
    catalogue.renew(on_shelf, {("small", 1): "as well"})
    with pytest.raises(BadInput, match="every version of small was retracted"):
        pull(on_shelf)
    assert [(one["version"], one["retracted"]) for one in catalogue.rows(on_shelf)] == [(1, "as well"), (2, "wrong catalogue")]
    # nothing of the release itself was touched
    assert verified(on_shelf / "small" / "v2").mismatches == ()


def test_a_catalogue_that_does_not_know_a_release_is_not_believed(on_shelf: Path) -> None:
    catalogue.renew(on_shelf, {("small", 1): "wrong"})
    (on_shelf / "small" / "v2").rename(on_shelf / "small" / "v3")
    assert [(one["version"], one["retracted"]) for one in catalogue.rows(on_shelf)] == [(1, "wrong"), (3, None)]
    (on_shelf / catalogue.FILE).write_bytes(b"no database")
    with pytest.raises(UnderstudyError, match="cannot read"):
        catalogue.rows(on_shelf)


def test_an_empty_shelf_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no release in"):
        pull(tmp_path / "nothing")


@pytest.mark.parametrize(
    "name", ["messages.jsonl", "turns-train.parquet", "manifest.json", "README.md", "release.duckdb", "croissant.json"]
)
def test_a_changed_file_is_refused(on_shelf: Path, name: str) -> None:
    path = on_shelf / "small" / "v2" / name
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content.replace(b"CC-BY-4.0", b"CC0-1.0  ") if name == "manifest.json" else content + b" ")
    with pytest.raises(UnderstudyError, match="v2"):
        verify(on_shelf / "small" / "v2")


def differs(folder: Path) -> bool:
    """Whether a folder is found to be another than was published, by its files alone."""
    try:
        return bool(verified(folder, rows=False).mismatches)
    except UnderstudyError:
        return True


def test_a_flipped_byte_is_found_wherever_it_is(on_shelf: Path) -> None:
    folder = on_shelf / "small" / "v2"
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        path.chmod(0o644)
        n = 40 if path.name == "manifest.json" else 5
        for at in sorted({round(step * (len(content) - 1) / n) for step in range(n + 1)}):
            for other in (content[at] ^ 1, content[at] ^ 0x20, 0x0A):
                path.write_bytes(content[:at] + bytes([other]) + content[at + 1 :])
                assert differs(folder) == (other != content[at]), (path.name, at, other)
        path.write_bytes(content)
    assert verified(folder).mismatches == ()


def test_white_space_of_a_manifest_cannot_be_changed(on_shelf: Path) -> None:
    path = on_shelf / "small" / "v2" / "manifest.json"
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content.replace(b"  ", b"\t ", 1))
    assert reasons(path.parent) == {"manifest.json": "is not written as it was published"}


def test_a_missing_file_is_refused(on_shelf: Path) -> None:
    (on_shelf / "small" / "v2" / "turns-train.parquet").unlink()
    with pytest.raises(UnderstudyError, match=r"turns-train\.parquet"):
        verify(on_shelf / "small" / "v2")


def edited(folder: Path, **files: bytes) -> None:
    """Writes files of a release and lists them in its manifest with their new size and hash, as a forger would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, content in {name[::-1].replace("_", ".", 1)[::-1]: content for name, content in files.items()}.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(content)
        manifest["files"][name] = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(manifest_text(manifest), encoding="utf-8")


def reasons(folder: Path) -> dict[str, str]:
    return {one["file"]: one["reason"] for one in verified(folder).mismatches}


def test_a_release_as_it_was_published_has_no_mismatch_and_no_note(on_shelf: Path) -> None:
    found = verified(on_shelf / "small" / "v2")
    assert (found.mismatches, found.notes, found.n_files) == ((), (), N_FILES)
    digests = [verified(on_shelf / "small" / f"v{version}").manifest["digest"] for version in (1, 2)]
    # DuckDB wrote other bytes and the cards name other versions
    assert digests[0] == digests[1]


def test_a_card_and_a_database_changed_together_with_their_hashes_are_found(on_shelf: Path) -> None:
    folder = on_shelf / "small" / "v2"
    card = (folder / "README.md").read_bytes()
    tables = release().tables
    with Store.open(folder.parent / "any.duckdb") as store:
        store.export(folder.parent / "forged.duckdb", {**tables, "turns": tables["turns"].with_columns(text=pl.lit("forged"))})
    edited(folder, README_md=card.replace(b"CC-BY-4.0", b"CC0-1.0"), release_duckdb=(folder.parent / "forged.duckdb").read_bytes())
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


@pytest.mark.parametrize(
    "name", ["README.md", "messages.jsonl", "turns-train.parquet", "sbom.cdx.json", "schema.json", "croissant.json"]
)
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
    (folder / "manifest.json").write_text(manifest_text({**manifest, "files": {}}), encoding="utf-8")
    assert set(reasons(folder)) == {*manifest["files"]}
    assert set(reasons(folder).values()) <= {"is not listed in the manifest", "is not part of the release"}


def test_all_releases_of_a_folder_are_verified_and_each_mismatch_names_its_release(on_shelf: Path) -> None:
    found = verified_releases(on_shelf, None, version=None, expected=None)
    assert [(one["name"], one["version"]) for one in found["releases"]] == [("small", 1), ("small", 2)]
    assert (found["n_files"], found["mismatches"], found["notes"]) == (2 * N_FILES, [], [])
    digest = found["releases"][0]["digest"]
    assert verified_releases(on_shelf, "small", version=1, expected=digest)["mismatches"] == []
    (on_shelf / "small" / "v2" / "README.md").unlink()
    with pytest.raises(GateFailed, match=r"small v2: README\.md is missing") as failed:
        verified_releases(on_shelf, None, version=None, expected=None)
    assert {"release": "small", "version": 2, "file": "README.md", "reason": "is missing"} in failed.value.fields["mismatches"]
    with pytest.raises(GateFailed, match="ffff was expected"):
        verified_releases(on_shelf, "small", version=1, expected="ffff")
    for name, version in (("other", None), ("small", 7)):
        with pytest.raises(BadInput, match="there is no"):
            verified_releases(on_shelf, name, version=version, expected=None)
    with pytest.raises(BadInput, match="there are 2 releases"):
        verified_releases(on_shelf, None, version=None, expected=digest)


def test_missing_and_further_files_are_mismatches(on_shelf: Path) -> None:
    folder = on_shelf / "small" / "v2"
    (folder / "turns-train.parquet").unlink()
    (folder / "more.parquet").write_bytes(b"more")
    (folder / "sub").mkdir()
    (folder / "link").symlink_to(folder / "README.md")
    found = reasons(folder)
    assert (found["turns-train.parquet"], found["more.parquet"]) == ("is missing", "is not part of the release")
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
    (folder / "manifest.json").write_text(manifest_text({**manifest, "format": 4}), encoding="utf-8")
    with pytest.raises(UnderstudyError, match="of format 4; this version reads formats up to 3"):
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
    said = made.spoken()
    dialogues = pl.concat([said.dialogues[:1].with_columns(dialogue_id=pl.lit(one), seeker_id=pl.lit(one)) for one in ids])
    turns = pl.concat([said.turns[:2].with_columns(dialogue_id=pl.lit(one), text=pl.lit(one)) for one in ids])
    spoken = PlayedTables(dialogues, turns, said.items)
    many = composed("small", spoken, engine="some-model", lineage=made.LINEAGE, verdicts=[], figures=made.FIGURES)
    assert verified(made.on_shelf(tmp_path / "r", made=many) / "small" / "v1").mismatches == ()
    assert pull(tmp_path / "r").write(tmp_path / "out.jsonl")["n_examples"] == len(ids)
    lines = lines_of((tmp_path / "out.jsonl").read_bytes().decode())
    assert sorted(json.loads(line)["dialogue_id"] for line in lines) == sorted(ids)


def test_a_release_is_never_replaced(on_shelf: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path / "any.duckdb") as store:
        folder = made.staged(release(), on_shelf, 2, store)
    with pytest.raises(UnderstudyError, match="never replaced"):
        shelf.put(folder, 2)


def test_the_card_says_what_was_not_measured_and_marks_rehearsal(tmp_path: Path) -> None:
    (folder,) = made.on_shelf(tmp_path / "r", made=release(engine="rehearsal")).glob("*/v1")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "---\n\n# small-rehearsal, version 1\n\n**engine: rehearsal. It is not a language model." in card
    assert "aligned with humans" not in card.lower()
    assert "| leakage | title | not measured: none played |" in card
    assert "| objectives | positive_bias | 0.100 [0.000, 0.200], n = 9 | 0.050 [0.020, 0.090] |" in card


def test_what_rehearsal_played_cannot_be_called_a_training_set() -> None:
    for name in ("training-set", "my-Training"):
        with pytest.raises(BadInput, match="is no training set"):
            marked(name, "gpt+rehearsal")
        assert marked(name, "gpt") == name


def test_a_source_without_a_licence_needs_a_reason_that_the_card_tells(tmp_path: Path) -> None:
    nobody = [{"source_sha256": "f" * 64, "licence": "unknown"}, {"source_sha256": "e" * 64, "licence": "CC-BY-NC-4.0"}]
    with pytest.raises(GateFailed, match="'unknown'"):
        release(sources=nobody)
    made_anyway = release(sources=nobody, waiver="the authors <b>agreed</b> by letter")
    (folder,) = made.on_shelf(tmp_path / "r", made=made_anyway).glob("*/v1")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert made_anyway.content["licence"] == "unknown"
    assert "**A source states no licence.**" in card
    assert "agreed" in card
    assert "<b>" not in card
    assert "license: unknown\n" in card
    # a reason stands for no licence; it does not overrule one that forbids a release
    with pytest.raises(GateFailed, match="CC-BY-ND"):
        release(sources=[*nobody, {"source_sha256": "d" * 64, "licence": "CC-BY-ND-4.0"}], waiver="why not")
    with pytest.raises(GateFailed, match="cannot be combined"):
        release(sources=[*nobody, {"source_sha256": "d" * 64, "licence": "CC-BY-SA-4.0"}], waiver="why not")
    # where every source states one, the reason is not needed and not told
    assert release(waiver="needless").content_digest == release().content_digest


def test_the_licence_of_each_model_stands_in_the_card() -> None:
    local = [{"name": "tiny", "licence": "apache-2.0"}, {"name": "mute", "licence": ""}]
    told = licences.of_models(["rehearsal", "tiny.Q4@abc", "hosted-1"], local)
    assert {one["model"]: one["licence"] for one in told} == {
        "hosted-1": None, "mute": None, "rehearsal": "Apache-2.0", "tiny": "apache-2.0",
    }  # fmt: skip
    assert all(one["terms"] for one in told)


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
