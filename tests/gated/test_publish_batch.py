"""Publishing: only what passed, whole or not at all, once, and the same again however often it is asked."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter, FlowRunFilterName, FlowRunFilterStartTime

from tests.stored import on
from understudy.doors import releases as shelf
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed
from understudy.flows import stages
from understudy.release import division
from understudy.release.pulling import pull
from understudy.release.verification import verify
from understudy.tasks.publish import batch as publishing
from understudy.tasks.publish.batch import publish_batch
from understudy.tasks.publish.listing import listed_releases
from understudy.tasks.publish.retracting import retract_release
from understudy.tasks.validate.batch import validate_batch

Tables = dict[str, list[dict[str, Any]]]


def validate(path: Path, batch_key: str) -> Any:
    return on(path, validate_batch, batch_key)


def publish(path: Path, batch_key: str, **options: Any) -> Any:
    return on(path, publish_batch, batch_key, **options)
pytestmark = pytest.mark.usefixtures("quick_suites")


def rehearsed(tables: Tables) -> None:
    for table in ("simulate.batches", "play.dialogues"):
        for row in tables[table]:
            row["engine"] = "rehearsal"


LOCAL = {
    "model": f"local/tiny.Q4_K_M@{'ab' * 32}", "name": "tiny", "quantization": "Q4_K_M", "weights_sha256": "ab" * 32,
    "source": "hf:o/r/f.gguf", "revision": "c0ffee", "licence": "apache-2.0",
    "served_by": "xllamacpp 1", "reproducible": "by the same calls",
}  # fmt: skip


def played_by_local_weights(tables: Tables) -> None:
    tables["simulate.batches"] = [{**row, "local_models": json.dumps([LOCAL])} for row in tables["simulate.batches"]]


def second_batch(tables: Tables) -> None:
    tables["simulate.batches"].append({**tables["simulate.batches"][0], "batch_key": "b2", "batch": "two"})
    tables["simulate.members"] += [{**row, "batch_key": "b2"} for row in tables["simulate.members"]]


@pytest.fixture
def published(judged_store: str, tmp_path: Path) -> tuple[str, Path, dict[str, Any]]:
    """A store whose batch is published, the shelf, and what `publish` answered."""
    folder = tmp_path / "releases"
    return judged_store, folder, publish(judged_store, "b1", name="small", releases_dir=str(folder))


def test_a_release_has_all_its_files_read_only_and_verifies(published: tuple[str, Path, dict[str, Any]]) -> None:
    _, folder, fields = published
    release = Path(fields["release"]["path"])
    assert release == folder / "small" / "v1"
    assert {path.name for path in release.iterdir()} == {
        "release.duckdb", *(f"{table}-{split}.parquet" for table in ("dialogues", "turns", "examples") for split in division.SPLITS),
        "items.parquet", "messages.jsonl", "schema.json", "croissant.json", "manifest.json", "README.md", "sbom.cdx.json",
    }  # fmt: skip
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o444 for path in release.iterdir())
    assert verify(release)["digest"] == fields["release"]["digest"]
    assert (fields["n_dialogues"], fields["n_examples"], fields["licence"]) == (149, 149, "CC0-1.0")


@pytest.mark.usefixtures("prefect_server")
def test_a_release_is_a_page_of_the_run_that_published_it(judged_store: str, tmp_path: Path) -> None:
    began = datetime.now(UTC)
    fields = stages.publish("one", "small", releases=str(tmp_path / "releases"), store=Path(judged_store))
    since = FlowRunFilter(start_time=FlowRunFilterStartTime(after_=began), name=FlowRunFilterName(any_=["publish one as small"]))
    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(flow_run_filter=since)
        (page,) = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["release"])), flow_run_filter=since)
    assert run.state is not None
    assert run.state.is_completed()
    assert page.description == f"{fields['release']['name']} version {fields['release']['version']}"


def test_a_dialogue_in_quarantine_is_in_no_file(published: tuple[str, Path, dict[str, Any]]) -> None:
    release = Path(published[2]["release"]["path"])
    assert "d07" not in pl.read_parquet(release / "turns-*.parquet")["dialogue_id"].to_list()
    # the title itself is that of the target, which is an item of the release
    said = "i want to see The Amber Lantern"
    assert said not in (release / "messages.jsonl").read_text()
    assert said.encode() not in (release / "release.duckdb").read_bytes()


def test_the_manifest_tells_where_the_release_comes_from(published: tuple[str, Path, dict[str, Any]]) -> None:
    manifest = json.loads((Path(published[2]["release"]["path"]) / "manifest.json").read_text())
    lineage = manifest["lineage"]
    assert lineage["sources"] == [{"source_sha256": "f" * 64, "reader": "redial", "reader_version": 1, "licence": "CC0-1.0"}]
    assert (lineage["genome_digest"], lineage["model"], lineage["batch"], lineage["seed"]) == ("g", "m", "one", 0)
    assert all(verdict["passed"] or not verdict["applies"] for verdict in manifest["verdicts"])
    assert manifest["figures"]["floors"]["positive_bias"] == {"value": 0.05, "ci": [0.0, 0.05], "n": 40}
    assert not any("made_at" in name or "time" in name for name in (*manifest, *lineage))


def test_manifest_and_card_name_the_instruments_and_why_acceptance_is_uncorrected(published: tuple[str, Path, dict[str, Any]]) -> None:
    folder = Path(published[2]["release"]["path"])
    figures = json.loads((folder / "manifest.json").read_text())["figures"]
    assert {name: one["kind"] for name, one in figures["instruments"].items()} == {"reaction": "lexicon", "act": "lexicon"}
    card = (folder / "README.md").read_text()
    assert f"| reaction | lexicon | `{figures['instruments']['reaction']['digest']}` | en | not measured |" in card
    assert figures["corrected"]["registers"]["simulated"]["reason"] == "uncorrected: no labelled turns of some-model"
    assert "positive_bias is as it was read, not corrected for what the reaction instrument misreads: " in card


def test_the_manifest_says_what_was_done_to_replies_and_null_where_nobody_counted(published: tuple[str, Path, dict[str, Any]]) -> None:
    manifest = json.loads((Path(published[2]["release"]["path"]) / "manifest.json").read_text())
    counts = dict.fromkeys(("n_stripped", "n_redone", "n_unchecked", "n_normalised", "n_recounted", "n_prompts_cut"))
    assert manifest["lineage"]["replies"] == {**counts, "n_cut": 0}


def test_publishing_again_is_a_no_op(published: tuple[str, Path, dict[str, Any]]) -> None:
    path, folder, fields = published
    with Store.open(path) as store:
        before, counts = store.digest(), store.counts()
    assert publish(path, "b1", name="small", releases_dir=str(folder)) == fields
    with Store.open(path) as store:
        assert (store.digest(), store.counts()) == (before, counts)
    assert list(shelf.versions(folder, "small")) == [1]


def test_two_stores_that_did_the_same_work_give_the_same_digests(make_store: Callable[..., str], tmp_path: Path) -> None:
    found = []
    for turn in ("first", "second"):
        path = make_store()
        validate(path, "b1")
        fields = publish(path, "b1", name="small", releases_dir=str(tmp_path / turn))
        with Store.open(path) as store:
            found.append((fields["release"]["digest"], store.digest()))
        Path(path).unlink()
    assert found[0] == found[1]


def test_another_batch_becomes_the_next_version(make_store: Callable[..., str], tmp_path: Path) -> None:
    path = make_store(second_batch)
    for batch in ("b1", "b2"):
        validate(path, batch)
        fields = publish(path, batch, name="small", releases_dir=str(tmp_path / "releases"))
    assert fields["release"]["version"] == 2
    assert len(set(shelf.versions(tmp_path / "releases", "small").values())) == 2


def test_a_batch_that_failed_a_gate_is_not_published(
    make_store: Callable[..., str], figure: Callable[..., None], tmp_path: Path
) -> None:
    leaky = {"value": 0.9, "ci": [0.85, 0.94], "n": 200}
    path = make_store(lambda tables: figure(tables, "leakage.title", leaky))
    validate(path, "b1")
    with pytest.raises(GateFailed, match="leakage/title"):
        publish(path, "b1", name="small", releases_dir=str(tmp_path / "releases"))
    assert not (tmp_path / "releases").exists()
    with Store.open(path) as store:
        assert store.counts()["publish.releases"] == 0


def test_a_batch_that_was_not_judged_is_not_published(make_store: Callable[..., str], tmp_path: Path) -> None:
    with pytest.raises(GateFailed, match="has not been validated"):
        publish(make_store(), "b1", name="small", releases_dir=str(tmp_path / "releases"))


@pytest.mark.parametrize("step", ["put", "keep"])
def test_a_run_killed_between_files_and_rows_is_repaired_by_running_again(
    judged_store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path, folder = judged_store, tmp_path / "releases"

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(*((shelf, "put") if step == "put" else (publishing, "_keep")), killed)
        with pytest.raises(KeyboardInterrupt):
            publish(path, "b1", name="small", releases_dir=str(folder))
    with Store.open(path) as store:
        assert store.counts()["publish.releases"] == 0
    assert (folder / "small" / "v1").exists() == (step == "keep")
    fields = publish(path, "b1", name="small", releases_dir=str(folder))
    assert fields["release"]["version"] == 1
    assert [entry.name for entry in (folder / "small").iterdir()] == ["v1"]
    with Store.open(path) as store:
        counts = store.counts()
    tables = ("releases", "dialogues", "turns", "examples", "items")
    assert [counts[f"publish.{table}"] for table in tables] == [1, 149, 447, 149, 2]


def test_files_that_were_lost_come_back_under_their_version(published: tuple[str, Path, dict[str, Any]]) -> None:
    path, folder, fields = published
    (folder / "small" / "v1").rename(folder / "elsewhere")
    assert publish(path, "b1", name="small", releases_dir=str(folder)) == fields
    assert verify(folder / "small" / "v1")["digest"] == fields["release"]["digest"]


def test_a_release_played_by_rehearsal_says_so_in_name_and_card(make_store: Callable[..., str], tmp_path: Path) -> None:
    path = make_store(rehearsed)
    validate(path, "b1")
    fields = publish(path, "b1", name="small", releases_dir=str(tmp_path))
    assert fields["release"]["name"] == "small-rehearsal"
    card = (Path(fields["release"]["path"]) / "README.md").read_text()
    assert "It is not a language model" in card
    assert "aligned with humans" not in card.lower()


def test_a_release_names_the_local_weights_that_played_it_whatever_is_served_later(make_store: Callable[..., str], tmp_path: Path) -> None:
    path = make_store(played_by_local_weights)
    validate(path, "b1")
    fields = publish(path, "b1", name="small", releases_dir=str(tmp_path))
    folder = Path(fields["release"]["path"])
    assert json.loads((folder / "manifest.json").read_text())["lineage"]["local_models"] == [LOCAL]
    assert f"| tiny | Q4_K_M | `{'ab' * 32}` | hf:o/r/f.gguf at c0ffee |" in (folder / "README.md").read_text()
    facts = {name: value for name, value in LOCAL.items() if name != "reproducible"}
    with Store.open(path) as store:
        store.add("play.local_models", [{"served_key": "k", **facts, "n_slots": 4, "prefix_cache": True}])
    assert publish(path, "b1", name="small", releases_dir=str(tmp_path))["release"] == fields["release"]


def test_pull_reads_files_while_a_writer_has_the_store_open(published: tuple[str, Path, dict[str, Any]], tmp_path: Path) -> None:
    path, folder, fields = published
    with Store.open(path):
        pulled = pull(folder).write(tmp_path / "train.jsonl")
    lines = [json.loads(line) for line in Path(pulled["path"]).read_text().splitlines()]
    assert (pulled["n_examples"], pulled["digest"], pulled["form"]) == (149, fields["release"]["digest"], "messages")
    assert [message["role"] for message in lines[0]["messages"]] == ["user", "assistant", "user"]
    assert lines[0]["metadata"]["scenario"] == "sc0"


def test_a_batch_that_is_not_there_and_a_name_that_is_a_path_are_bad_input(judged_store: str, tmp_path: Path) -> None:
    path = judged_store
    with pytest.raises(BadInput, match="no batch b9"):
        publish(path, "b9", name="small", releases_dir=str(tmp_path))
    with pytest.raises(BadInput, match="cannot be the name"):
        publish(path, "b1", name="../small", releases_dir=str(tmp_path))


def without_licence(tables: Tables) -> None:
    for table in ("ingest.sources", "ingest.dialogues", "profile.profiles"):
        for row in tables[table]:
            row["licence"] = "unknown"


def test_a_batch_of_a_source_without_a_licence_is_published_for_a_reason_alone(make_store: Callable[..., str], tmp_path: Path) -> None:
    path = make_store(without_licence)
    failed = [one for one in validate(path, "b1")["verdicts"] if one["outcome"] == "failed"]
    # the humans' own table says the same of every dialogue
    assert {(one["suite"], one["expectation"]) for one in failed} >= {("release", "unlicensed_sources")}
    with pytest.raises(GateFailed, match="release/unlicensed_sources"):
        publish(path, "b1", name="small", releases_dir=str(tmp_path / "releases"))
    fields = publish(path, "b1", name="small", releases_dir=str(tmp_path / "releases"), waiver="agreed by letter")
    assert fields["licence"] == "unknown"
    card = (Path(fields["release"]["path"]) / "README.md").read_text(encoding="utf-8")
    assert "agreed by letter" in card
    assert "| release | unlicensed_sources | 1.000 | ≤ 0.000 | 1 | failed |" in card


def test_a_release_is_in_the_catalogue_and_its_retraction_stays(published: tuple[str, Path, dict[str, Any]]) -> None:
    path, folder, fields = published
    (row,) = listed_releases(folder)["releases"]
    assert (row["name"], row["version"], row["digest"], row["state"]) == ("small", 1, fields["release"]["digest"], "published")
    with Store.open(path) as store:
        first = retract_release(store, "small", why="wrong titles", version=None, releases_dir=folder)
        again = retract_release(store, "small", why="another reason", version=1, releases_dir=folder)
        for wrong in ({"name": "other"}, {"name": "small", "version": 7}):
            with pytest.raises(BadInput, match="no release is called"):
                retract_release(store, **{"why": "x", "version": None, "releases_dir": folder, **wrong})
        with pytest.raises(BadInput, match="--why is empty"):
            retract_release(store, "small", why=" ", version=None, releases_dir=folder)
    assert (first["n_new"], again["n_new"]) == (1, 0)
    assert again["retracted"] == first["retracted"] == [{"name": "small", "version": 1, "reason": "wrong titles"}]
    with pytest.raises(BadInput, match="was retracted"):
        pull(folder)
    # publishing the same batch again changes nothing of it
    assert publish(path, "b1", name="small", releases_dir=str(folder)) == fields
    assert listed_releases(folder)["releases"][0]["retracted"] == "wrong titles"
    assert verify(Path(fields["release"]["path"]))["digest"] == fields["release"]["digest"]
