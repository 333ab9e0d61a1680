"""Gates on real rows: a clean batch passes, each fault stops it with a verdict that names bound and miss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tasks.validate import require_passed, validate_batch, verdict_page
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed

Tables = dict[str, list[dict[str, Any]]]
validate = validate_batch.fn


def failed(fields: dict[str, Any]) -> dict[str, str]:
    return {f"{v['suite']}/{v['expectation']}": v["detail"] for v in fields["verdicts"] if not v["passed"]}


def test_a_clean_batch_passes_every_suite(make_store: Callable[..., str]) -> None:
    fields = validate(make_store(), "b1")
    assert failed(fields) == {}
    assert fields["passed"]
    assert fields["n_quarantined"] == 0
    suites = {verdict["suite"] for verdict in fields["verdicts"]}
    assert suites == {
        "human_dialogues", "synthetic_dialogues", "synthetic_turns", "leakage", "bias", "diversity", "alignment", "release"
    }  # fmt: skip
    title = next(v for v in fields["verdicts"] if (v["suite"], v["expectation"]) == ("leakage", "title"))
    assert (title["observed"], title["ci"], title["bound"], title["n"]) == (0.0, [0.0, 0.0188], 0.05, 200)


def test_validating_twice_gives_the_same_fields_and_rows(make_store: Callable[..., str]) -> None:
    path = make_store(leaking=("d03",))
    first = validate(path, "b1")
    with Store.open(path) as store:
        before = store.digest()
    assert validate(path, "b1") == first
    with Store.open(path) as store:
        assert store.digest() == before


@pytest.mark.parametrize(
    ("name", "value", "gate", "told"),
    [
        ("leakage.title", {"value": 0.04, "ci": [0.02, 0.08], "n": 200}, "leakage/title", "upper end 0.080 is 0.030 above the most allowed, 0.050"),
        ("leakage.attributes", {"value": 0.03, "ci": [0.0, 0.06], "n": 200}, "leakage/attributes", "0.040 above"),
        ("leakage.copying", {"value": 0.1, "ci": [0.0, 0.2], "n": 900}, "leakage/copying", "most allowed, 0.030"),
        ("leakage.split", {"value": 0.01, "ci": [0.0, 0.02], "n": 200}, "leakage/split", "0.010 above"),
        ("objectives.positive_bias", {"value": 0.16, "ci": [0.1, 0.2], "n": 600}, "bias/positive_bias", "value 0.160 is 0.010 above"),
        ("diagnostics.over_acceptance", {"value": 0.2, "ci": [0.1, 0.3], "n": 600}, "bias/over_acceptance", "0.050 above"),
        ("diagnostics.decoy_acceptance", {"value": 0.2, "ci": [0.1, 0.3], "n": 150}, "bias/decoy_acceptance", "most allowed, 0.100"),
        ("objectives.diversity_gap", {"value": 0.6, "ci": [0.5, 0.7], "n": 80}, "diversity/diversity_gap", "0.150 above"),
        ("objectives.behavioural_distance", {"value": 0.6, "ci": [0.5, 0.7], "n": 80}, "alignment/behavioural_distance", "0.350 above"),
        ("diagnostics.invalid", {"value": 0.03, "ci": [0.0, 0.1], "n": 800}, "release/invalid", "0.010 above"),
        ("diagnostics.role_flips", {"value": 0.02, "ci": [0.0, 0.1], "n": 800}, "release/role_flips", "0.010 above"),
    ],
)  # fmt: skip
def test_a_figure_beyond_its_bound_fails_its_gate_alone(
    make_store: Callable[..., str], figure: Callable[..., None], name: str, value: dict[str, Any], gate: str, told: str
) -> None:
    fields = validate(make_store(lambda tables: figure(tables, name, value)), "b1")
    assert list(failed(fields)) == [gate]
    assert told in failed(fields)[gate]


def test_what_was_not_measured_fails_with_its_reason(make_store: Callable[..., str], figure: Callable[..., None]) -> None:
    value = {"value": None, "reason": "no replay was played"}
    fields = validate(make_store(lambda tables: figure(tables, "objectives.diversity_gap", value)), "b1")
    assert failed(fields)["diversity/diversity_gap"] == "not measured: no replay was played"
    assert not fields["passed"]


def test_a_clean_rate_on_too_few_dialogues_fails_as_not_measured(make_store: Callable[..., str], figure: Callable[..., None]) -> None:
    value = {"value": 0.0, "ci": [0.0, 0.019], "n": 189}
    fields = validate(make_store(lambda tables: figure(tables, "leakage.title", value)), "b1")
    assert failed(fields)["leakage/title"] == "not measured: n is 189, at least 190 are needed"


def test_an_underpowered_stratum_is_left_out_and_gates_nothing(make_store: Callable[..., str], figure: Callable[..., None]) -> None:
    value = {"value": None, "reason": "underpowered: 31 contexts, a report needs 150", "n": 31}
    fields = validate(make_store(lambda tables: figure(tables, "diagnostics.disliked_acceptance", value)), "b1")
    decoy = next(v for v in fields["verdicts"] if v["expectation"] == "decoy_acceptance")
    assert fields["passed"]
    assert decoy["detail"].startswith("left out: underpowered")
    assert decoy["bound"] is None


def test_a_bound_without_its_human_floor_fails(make_store: Callable[..., str]) -> None:
    def forget(tables: Tables) -> None:
        tables["profile.anchors"] = [row for row in tables["profile.anchors"] if row["name"] != "positive_bias"]

    fields = validate(make_store(forget), "b1")
    assert "no bound: anchors.positive_bias.floor_hi is not measured" in failed(fields)["bias/positive_bias"]


def test_failing_dialogues_go_to_quarantine_with_their_reasons(make_store: Callable[..., str]) -> None:
    def spoil(tables: Tables) -> None:
        tables["play.dialogues"][0] |= {"status": "invalid", "reason": "role_flip"}
        tables["play.dialogues"][1] |= {"status": "missing", "reason": "timeout"}
        tables["play.turns"][2 * 3]["text"] = "  "
        tables["play.turns"][3 * 3 + 1]["ranked_ids"] = ["i1", "unheard of"]
        tables["play.turns"] = [turn for turn in tables["play.turns"] if (turn["play_key"], turn["turn_index"]) != ("d04", 1)]

    path = make_store(spoil, leaking=("d05",))
    fields = validate(path, "b1")
    with Store.open(path) as store:
        found = {row["play_key"]: row["reasons"] for row in store.rows("validate/quarantine", batch_key="b1")}
    assert found == {
        "d00": ["invalid reply", "role flip"],
        "d01": ["missing reply"],
        "d02": ["empty text"],
        "d03": ["unknown item"],
        "d04": ["speakers do not alternate", "turns are not in order", "turns lost"],
        "d05": ["title given away"],
    }
    assert fields["n_quarantined"] == 6
    assert fields["quarantined_by_reason"]["title given away"] == 1
    # the share in quarantine, 6 of 40, is what the release gate allows at most
    assert fields["passed"]
    assert fields["worst"][0]["dialogue"] == "d04"


def test_a_batch_of_leaking_dialogues_fails_although_quarantine_holds_them(make_store: Callable[..., str]) -> None:
    fields = validate(make_store(leaking=tuple(f"d{i:02}" for i in range(40))), "b1")
    assert {"synthetic_dialogues/rows", "release/dialogues", "release/quarantined"} <= set(failed(fields))
    with pytest.raises(GateFailed, match="release/quarantined: value 1.000 is 0.850 above") as raised:
        require_passed(fields)
    assert raised.value.fields["n_quarantined"] == 40
    assert "title given away" in verdict_page(fields)


def test_lineage_that_crosses_a_split_fails(make_store: Callable[..., str]) -> None:
    def cross(tables: Tables) -> None:
        tables["play.dialogues"][0]["dialogue_id"] = "h55"
        tables["play.genomes"][0]["genome"] = '{"sections": {}, "exemplars": ["h0", "h30"]}'

    assert set(failed(validate(make_store(cross), "b1"))) == {"release/foreign_scenarios", "release/foreign_exemplars"}


def test_a_seeker_in_two_splits_and_an_unknown_licence_fail(make_store: Callable[..., str]) -> None:
    def spoil(tables: Tables) -> None:
        tables["profile.splits"][59]["seeker_id"] = "s10"
        tables["ingest.sources"][0]["licence"] = "who knows"

    assert set(failed(validate(make_store(spoil), "b1"))) == {"human_dialogues/seeker_in_one_split", "release/unlicensed_sources"}


def test_a_batch_that_is_not_there_is_bad_input(make_store: Callable[..., str]) -> None:
    with pytest.raises(BadInput, match="there is no batch b9"):
        validate(make_store(), "b9")
