"""Each form of a release is read by who reads such forms, in an environment that has nothing of understudy (`make integration`)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.publish.hub import running_hub
from tests.publish.made import SAID, on_shelf
from understudy.doors.hub_upload import HubPlace, uploaded
from understudy.plugins import load
from understudy.release.pulling import pull
from understudy.release.selection import Wanted

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-consumers" / "bin" / "python"
SEEN = [[(role, text) for role, text, _, _ in said] for said in SAID]
Reads = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release."""
    return on_shelf(tmp_path_factory.mktemp("consumers") / "r") / "small" / "v1"


@pytest.fixture
def reads(tmp_path: Path) -> Reads:
    """What a consumer reads, without network, cache or settings of the caller."""
    assert PYTHON.exists(), "run `make integration`, which installs the consumers"

    def read(name: str, path: object, **environment: str) -> Any:
        variables = {"HF_HOME": str(tmp_path / "hf"), "HOME": str(tmp_path), "PATH": os.environ["PATH"], **environment}
        words = [str(PYTHON), "-P", str(ROOT / "tests" / "consumers" / "reading.py"), name, str(path)]
        done = subprocess.run(words, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        # only a line feed ends a line here: what is read holds other ends of lines as well
        return json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])

    return read


def written(folder: Path, out: Path, form: str, **wanted: Any) -> Path:
    """The release in a form, as a file."""
    target = out / f"{form}.{load('exports', form).SUFFIX}"
    pull(folder.parents[1], wanted=Wanted(form, **wanted)).write(target)
    return target


def test_the_folder_loads_as_a_data_set_with_its_configurations_and_parts(folder: Path, reads: Reads) -> None:
    found = reads("load_dataset", folder, HF_HUB_OFFLINE="1")
    assert found["default"] == {"train": 3, "validation": 1}
    assert set(found["configs"]) == {"examples", "dialogues", "turns", "items"}
    turns = [row for rows in found["configs"]["turns"].values() for row in rows]
    said = sorted((row["dialogue_id"], row["turn_index"], row["role"], row["text"]) for row in turns)
    assert said == [(f"d{n}", at, role, text) for n, talk in enumerate(SEEN) for at, (role, text) in enumerate(talk)]
    assert found["configs"]["examples"]["train"][0]["messages"][0] == {"role": "user", "content": SEEN[0][0][1]}
    parts = [{row["seeker"] for row in rows} for rows in found["configs"]["dialogues"].values()]
    assert not parts[0] & parts[1]


def test_croissant_is_valid_and_its_records_can_be_read(folder: Path, reads: Reads) -> None:
    found = reads("croissant", folder / "croissant.json")
    assert found["errors"] == []
    # the time is no part of a release
    assert [one for one in found["warnings"] if "datePublished" not in one] == []
    counts = {name: one["n"] for name, one in found["records"].items()}
    assert counts["turns-train"] + counts["turns-validation"] == sum(map(len, SEEN))
    assert counts["items"] == 3
    first = found["records"]["turns-train"]["first"]
    assert SEEN[0][0][1] in first.values()


def test_dialoguekit_reads_dialogues_speakers_and_annotations(folder: Path, tmp_path: Path, reads: Reads) -> None:
    found = {one["id"]: one for one in reads("dialoguekit", written(folder, tmp_path, "dialoguekit"))}
    people = {"seeker": "USER", "recommender": "AGENT"}
    assert [[speaker, text] for speaker, text, _ in found["d0"]["said"]] == [[people[role], text] for role, text in SEEN[0]]
    assert [marks for _, _, marks in found["d0"]["said"]] == [[], [], [["reaction", "reject"]], [], [["reaction", "accept"]]]
    assert len({one["user"] for one in found.values()}) == 3


def test_crslab_converts_conversations(folder: Path, tmp_path: Path, reads: Reads) -> None:
    found = reads("crslab", written(folder, tmp_path, "crslab", split="train"))
    assert [one["conv_id"] for one in found] == ["d0", "d2", "d3"]
    assert [turn["role"] for turn in found[0]["turns"]] == ["Seeker", "Recommender", "Seeker", "Recommender", "Seeker"]
    assert [len(turn["movie"]) for turn in found[0]["turns"]] == [0, 1, 0, 1, 0]
    assert found[0]["turns"][0]["words"] == SEEN[0][0][1]


def test_a_chat_template_renders_every_message(folder: Path, tmp_path: Path, reads: Reads) -> None:
    people = {"seeker": "user", "recommender": "assistant"}
    rendered = ["".join(f"<|{people[role]}|>{text}<|end|>" for role, text in talk) for talk in SEEN]
    assert reads("chat_template", written(folder, tmp_path, "messages")) == rendered


@pytest.mark.parametrize("form", ["messages", "sharegpt", "preference", "rows"])
def test_datasets_reads_lines_of_json(folder: Path, tmp_path: Path, reads: Reads, form: str) -> None:
    path = written(folder, tmp_path, form)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    found = reads("json_lines", path)
    name = {"sharegpt": "conversations", "preference": "prompt", "rows": "text"}.get(form, "messages")
    assert [row[name] for row in found] == [line[name] for line in lines]


@pytest.mark.parametrize("consumer", ["pandas", "polars", "duckdb"])
def test_data_frames_read_the_same_rows(folder: Path, tmp_path: Path, reads: Reads, consumer: str) -> None:
    told = [(f"d{n}", text) for n, talk in enumerate(SEEN) for _, text in talk]
    rows = reads(consumer, written(folder, tmp_path, "rows"))
    assert [(row["dialogue_id"], row["text"]) for row in rows] == told
    examples = reads(consumer, written(folder, tmp_path, "parquet"))
    assert sorted(message["content"] for row in examples for message in row["messages"]) == sorted(text for _, text in told)


def test_a_release_on_a_hub_is_loaded_by_its_name(folder: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", hub.token)
        uploaded(folder, HubPlace("team/seekers"), tag="v1", message="small version 1")
        assert reads("hub", f"{hub.address} team/seekers") == {"train": 3, "validation": 1}


def test_pull_answers_a_dataset_where_the_library_is_there(folder: Path, tmp_path: Path) -> None:
    words = (
        "import sys; sys.path.append(sys.argv[1]); import understudy; found = understudy.pull(to='datasets', releases=sys.argv[2]); "
        "print(type(found).__module__.partition('.')[0], found.num_rows, found[0]['messages'][0]['role'])"
    )
    site = next((ROOT / ".venv-consumers" / "lib").glob("python3.*/site-packages"))
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    words_of = [str(ROOT / ".venv" / "bin" / "python"), "-c", words, str(site), str(folder.parents[1])]
    done = subprocess.run(words_of, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.stdout.split() == ["datasets", "4", "user"], done.stderr[-2000:]
