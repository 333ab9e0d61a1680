"""The bundled sample: made by its generator, marked as a sample, large enough for the demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.sample import generate

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "sample"
DATA = ("train_data.jsonl", "test_data.jsonl", "movies.json", "LICENCE")


def test_the_committed_files_are_those_of_the_generator(tmp_path: Path) -> None:
    generate.write(tmp_path)
    for name in DATA:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), f"{name}: run examples/sample/generate.py"


def test_another_seed_gives_another_sample(tmp_path: Path) -> None:
    generate.write(tmp_path, seed=1)
    assert (tmp_path / "train_data.jsonl").read_bytes() != (FOLDER / "train_data.jsonl").read_bytes()


def test_the_sample_says_what_it_is_and_stays_small() -> None:
    assert (FOLDER / "README.md").read_text().startswith("# SAMPLE, NOT HUMAN")
    assert (FOLDER / "LICENCE").read_text() == "CC0-1.0\n"
    assert sum((FOLDER / name).stat().st_size for name in DATA) < 2_000_000


@pytest.mark.parametrize("name", ["train_data.jsonl", "test_data.jsonl"])
def test_the_sample_is_plain_ascii_lines(name: str) -> None:
    assert (FOLDER / name).read_bytes().isascii()
