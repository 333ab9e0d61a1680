"""The command `replicate` on the sample and made-up ratings, with a scripted provider on loopback behind the real gateway."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.probes import loopback
from tests.probes.replication import made_up
from tests.stored import on
from understudy.doors import textual_gradients
from understudy.flows.cli.app import app
from understudy.studies.replicate import page
from understudy.tasks.ingest.logs import ingest_logs

N_USERS, N_FILMS = 50, 60


@pytest.fixture(scope="module")
def store(profiled_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sample, and 50 people who gave 30 of 60 films their stars."""
    folder = tmp_path_factory.mktemp("ratings")
    path = str(shutil.copy(profiled_sample, folder / "s.duckdb"))
    made_up.write_ratings(folder, n_users=N_USERS, n_films=N_FILMS)
    on(path, ingest_logs, "movielens", [str(folder)], dataset="ml")
    return path


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A provider that names titles, answers yes or no by the request's seed, and rewrites a section where it is the critic."""

    def says(messages: list[dict[str, str]], seed: int) -> str | None:
        told = messages[-1]["content"]
        if any("IMPROVED_VARIABLE" in one["content"] for one in messages):
            return f"<IMPROVED_VARIABLE>Which titles do you feel like number {seed}?</IMPROVED_VARIABLE>" if seed % 2 else "no tags"
        if "Average rating: " in told:
            return "yes" if float(told.split("Average rating: ")[1].split()[0]) > 3.5 else "no"
        if "Which titles do you feel" in told:
            return "\n".join(made_up.ITEMS[(seed + at) % N_FILMS].label for at in range(3))
        if "Do you like this title" in told:
            return "yes" if seed % 3 else "no"
        if '"fault"' in told:
            section = re.search(r'<section name="(\w+)">', told)
            text = f"Answer as number {seed} would, plainly and in few words."
            return json.dumps({"fault": "vague", "section": section[1] if section else "role", "text": text})
        return f"no, I did not like it, something else? {seed}"

    with loopback.provider(says) as found:
        yield found


def told(store: str, address: str, *more: str) -> dict[str, Any]:
    """The fields of the command."""
    model = ["--model", "openai/planted", "--api-base", address, "--price", "1,1"]
    done = CliRunner().invoke(app, ["replicate", "--dataset", "sample", "--ratings", "ml", "--store", store, *model, *more, "--json"])
    assert done.stdout, done.output
    fields: dict[str, Any] = json.loads(done.stdout)
    fields["exit"] = done.exit_code
    return fields


GRID = ("--settings", "icl", "--tasks", "ItemsTalk,BinPref,BinPref-leaky", "--users", "15")


@pytest.mark.integration
def test_the_grid_is_played_once_and_a_later_run_goes_on_with_it(store: str, address: str, tmp_path: Path) -> None:
    first = told(store, address, *GRID, "--out", str(tmp_path / "one"))
    assert (first["exit"], first["ok"], first["engine"]) == (0, True, "planted")
    places = {one["task"]: one["n_places"] for one in first["cells"]}
    assert places == {"ItemsTalk": 15, "BinPref": 30, "BinPref-leaky": 30}
    assert first["n_model_calls"] == sum(places.values()) == first["estimate"]["n_calls"]["value"]
    known = {(row["task"], row["figure"]): row for row in first["rows"]}
    entropy = known["ItemsTalk", "item_entropy"]
    assert entropy["unit"] == "bits"
    assert entropy["ci"][0] <= entropy["value"] <= entropy["ci"][1]
    assert entropy["human"]["n"] == entropy["n"] == 15
    assert known["BinPref-leaky", "pearson_r"]["value"] > known["BinPref", "pearson_r"]["value"] + 0.3
    (label,) = first["pairs"]
    assert (label["kind"], label["value"]["value"]) == ("label", known["BinPref-leaky", "pearson_r"]["value"])
    assert label["other"]["value"] == known["BinPref", "pearson_r"]["value"]
    assert label["difference"]["ci"][0] > 0
    assert not any("replies" in one for one in first["cells"])
    again = told(store, address, *GRID, "--out", str(tmp_path / "two"))
    assert again["n_model_calls"] == 0
    assert again["rows"] == first["rows"]
    names = ("replicate.md", "replicate.html", "replicate.json")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(names)
    table = (tmp_path / "one" / "replicate.md").read_text()
    assert all(title in table for _, _, title in page.COLUMNS[:2])
    assert "How much of the correlation is the label" in table
    assert "<svg" in (tmp_path / "one" / "replicate.html").read_text()
    # another grid of the same experiment stands in the same table
    wider = told(store, address, "--settings", "plain", "--tasks", "ItemsTalk", "--users", "15", "--out", str(tmp_path / "three"))
    assert {(one["setting"], one["task"]) for one in wider["cells"]} >= {("plain", "ItemsTalk"), ("icl", "BinPref")}
    assert wider["n_model_calls"] == 15


@pytest.mark.integration
def test_a_task_whose_replies_cannot_be_read_stands_in_the_table_of_a_later_run(store: str, tmp_path: Path) -> None:
    def says(messages: list[dict[str, str]], seed: int) -> str:
        return "yes" if "Do you like this title" in messages[-1]["content"] and seed % 2 else "no"

    with loopback.provider(says) as address:
        asked = ("--settings", "plain", "--users", "15", "--seed", "11", "--out", str(tmp_path))
        first = told(store, address, *asked, "--tasks", "ItemsTalk")
        later = told(store, address, *asked, "--tasks", "BinPref")
    (cell,) = first["cells"]
    assert (cell["outcome"], cell["n_invalid"]) == ("not_measured", 15)
    assert [one for one in later["cells"] if one["task"] == "ItemsTalk"] == [cell]
    assert later["n_model_calls"] == 30
    table = (tmp_path / "replicate.md").read_text()
    assert "15 of 15 replies could not be read" in table
    row = next(line for line in table.splitlines() if line.startswith("| plain | none | "))
    assert row.split(" | ")[2].startswith("not measured / ")


@pytest.mark.integration
def test_progress_is_told_with_what_was_spent(store: str, address: str, tmp_path: Path) -> None:
    model = ["--model", "openai/planted", "--api-base", address, "--price", "1,1"]
    words = ["replicate", "--dataset", "sample", "--ratings", "ml", "--store", store, *model, "--settings", "rag", "--tasks", "BinPref"]
    done = CliRunner().invoke(app, [*words, "--users", "15", "--out", str(tmp_path)])
    told = [line for line in done.stderr.splitlines() if line.startswith("played ")]
    assert len(told) >= 9
    assert told[-1].startswith("played 30 of 30 so far; 30 calls, ")


@pytest.mark.integration
def test_a_template_is_searched_for_within_its_calls_and_reported_on_other_users(store: str, address: str, tmp_path: Path) -> None:
    asked = ("--settings", "plain", "--tasks", "ItemsTalk", "--users", "15", "--optimizers", "ours", "--template-calls", "120")
    fields = told(store, address, *asked, "--out", str(tmp_path))
    (template,) = fields["templates"]
    assert (template["reason"], template["name"]) == ("", "ItemsTalk")
    assert template["n_calls"] <= 120
    assert template["n_generations"] >= 1
    assert template["n_candidates"] >= 2
    cell = next(one for one in fields["cells"] if one["optimizer"] == "ours")
    assert (cell["template"], cell["calls_per_user"]) == (template["genome_digest"], 1)
    assert set(template["objectives"]) == {"ItemsTalk:item_entropy", "ItemsTalk:unknown_titles"}
    assert told(store, address, *asked, "--out", str(tmp_path))["n_model_calls"] == 0


@pytest.mark.integration
def test_a_template_is_searched_for_though_the_replies_to_its_seed_cannot_be_read(store: str, tmp_path: Path) -> None:
    """What the seed lacks is left out and named; a prompt whose replies can be read is then better than one that has none."""

    def says(messages: list[dict[str, str]], seed: int) -> str:
        whole = "\n".join(one["content"] for one in messages)
        if '"fault"' in whole:
            section = re.search(r'<section name="(\w+)">', whole)
            return json.dumps({"fault": "vague", "section": section[1] if section else "role", "text": f"Write titles with years, {seed}."})
        if "Write titles with years" not in whole:
            return "I cannot say."
        return "\n".join(made_up.ITEMS[(seed + at) % N_FILMS].label for at in range(3))

    with loopback.provider(says) as address:
        asked = ("--settings", "plain", "--tasks", "ItemsTalk", "--users", "15", "--optimizers", "ours", "--template-calls", "150")
        fields = told(store, address, *asked, "--seed", "12", "--out", str(tmp_path))
    (template,) = fields["templates"]
    assert template["reason"] == ""
    assert set(template["left_out"]) == {"ItemsTalk:item_entropy", "ItemsTalk:unknown_titles", "ItemsTalk:repeats_history"}
    (sides,) = template["objectives"].values()
    assert list(template["objectives"]) == ["ItemsTalk:unread"]
    assert (sides["seed"]["value"], sides["pick"]["value"]) == (1.0, 0.0)
    assert template["genome_digest"] != template["seed_digest"]
    assert "so the search went on without them: ItemsTalk" in (tmp_path / "replicate.md").read_text()
    cell = next(one for one in fields["cells"] if one["optimizer"] == "ours")
    assert (cell["outcome"], cell["n_invalid"]) == ("measured", 0)


@pytest.mark.integration
def test_a_cap_ends_it_and_what_was_answered_is_kept(store: str, address: str, tmp_path: Path) -> None:
    asked = ("--settings", "plain", "--tasks", "BinPref", "--users", "15", "--seed", "7", "--out", str(tmp_path))
    capped = told(store, address, *asked, "--calls", "12")
    assert (capped["exit"], capped["ok"]) == (5, False)
    # the cap holds over all processes that work on the experiment
    assert told(store, address, *asked, "--calls", "12")["exit"] == 5
    done = told(store, address, *asked)
    assert done["exit"] == 0
    assert done["n_model_calls"] == 30 - 12
    assert done["spent"]["n_calls"] == 30


@pytest.mark.integration
def test_what_cannot_be_measured_says_why(store: str, address: str, tmp_path: Path) -> None:
    rehearsal = CliRunner().invoke(
        app, ["replicate", "--dataset", "sample", "--ratings", "ml", "--store", store, *GRID, "--out", str(tmp_path), "--json"]
    )
    fields = json.loads(rehearsal.stdout)
    assert (rehearsal.exit_code, fields["n_model_calls"]) == (0, 0)
    assert all(row["value"] is None and "not a language model" in row["reason"] for row in fields["rows"])
    assert any(row["human"]["value"] is not None for row in fields["rows"])
    assert "the humans' side alone" in (tmp_path / "replicate.md").read_text()
    instance = ("--settings", "plain", "--tasks", "ItemsTalk", "--users", "15", "--optimizers", "textgrad_instance", "--out", str(tmp_path))
    by_instance = [row for row in told(store, address, *instance)["rows"] if row["optimizer"] == "textgrad_instance"]
    assert by_instance
    if not textual_gradients.is_installed():
        assert all("install-peers" in row["reason"] for row in by_instance)
    bad = told(store, address, "--settings", "cot")
    assert (bad["exit"], "there is no 'cot'" in bad["error"]["message"]) == (2, True)
    nobody = told(store, address, "--ratings", "sample")
    assert nobody["exit"] == 2
    assert "movielens" in nobody["error"]["hint"]


def test_the_estimate_alone_asks_nobody(store: str) -> None:
    asked = ["replicate", "--dataset", "sample", "--ratings", "ml", "--store", store, *GRID, "--model", "openai/x"]
    done = CliRunner().invoke(app, [*asked, "--only-estimate", "--json"])
    fields = json.loads(done.stdout)
    assert done.exit_code == 0
    assert fields["estimate"]["n_calls"]["value"] == 75


@pytest.mark.integration
@pytest.mark.skipif(not textual_gradients.is_installed(), reason="TextGrad is in the environment of the peers")
def test_a_prompt_is_tuned_for_every_reply_and_paid_for_once(store: str, address: str, tmp_path: Path) -> None:
    # a seed of its own: what other tests asked would be served from the ledger
    grid = ("--settings", "icl", "--tasks", "ItemsTalk", "--users", "12", "--optimizers", "none,textgrad_instance", "--seed", "3")
    asked = (*grid, "--out", str(tmp_path))
    fields = told(store, address, *asked)
    by_prompt = {(one["optimizer"], one["setting"]): one for one in fields["cells"]}
    cell = by_prompt["textgrad_instance", "icl"]
    assert (cell["outcome"], cell["n_places"], cell["tuning_calls"]) == ("measured", 12, 0)
    assert (cell["n_calls"], fields["n_model_calls"], cell["calls_per_user"]) == (12 * 16, 12 * 17, 16)
    # over the same users, so that the two entropies are of equally many titles
    pairs = {row["figure"]: row for row in fields["pairs"]}
    assert {(row["kind"], row["users"]) for row in pairs.values()} == {("tuning", 12)}
    assert pairs["item_entropy"]["difference"]["n"] == 12
    assert 0 < cell["n_failed_steps"] < 36
    assert fields["estimate"]["n_calls"]["value"] == 12 * 17
    assert told(store, address, *asked)["n_model_calls"] == 0
