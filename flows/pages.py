"""What a command shows a person: short tables, the next step, and the warnings that belong to the figures."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Column, Table

Fields = dict[str, Any]
_COLOURS = {"better": "green", "worse": "red", "inconclusive": "yellow", "not_measured": "dim"}
_N_REASONS = 8
REHEARSAL_NOTE = (
    "engine: rehearsal. It is not a language model: these figures show that the pipeline works, "
    "they say nothing about any LLM."
)


def ingest(console: Console, fields: Fields) -> None:
    """Counts of what was read, and why records were turned away."""
    console.print(
        f"{fields['dataset']}: {fields['n_dialogues']} dialogues new, {fields['n_duplicates']} there already, "
        f"{fields['n_attached']} attached, {fields['n_rejects']} rejected; {fields['n_turns']} turns, {fields['n_messages']} messages"
    )
    for reason, n in fields["rejects_by_reason"].items():
        console.print(f"  rejected {n}: {reason}", markup=False)


def profile(console: Console, fields: Fields) -> None:
    """Splits, strata and the human floors."""
    table = Table("split", "dialogues", "seekers", "shared targets", title="Splits", title_justify="left")
    for name, split in fields["splits"].items():
        table.add_row(name, *(str(split[column]) for column in ("n_dialogues", "n_seekers", "n_shared_targets")))
    console.print(table)
    strata = Table("stratum", "contexts", title="Reaction contexts", title_justify="left")
    for name, n in fields["strata"].items():
        strata.add_row(name, str(n))
    console.print(strata)
    anchors = Table("anchor", "human", "floor", title="Human anchors (floors of the parts: --json)", title_justify="left")
    for name, anchor in fields["anchors"].items():
        if "." not in name:
            anchors.add_row(name, figure(anchor), figure(anchor.get("floor")))
    console.print(anchors)
    instruments = Table("instrument", "kind", "fitted on", "macro-F1", title="Instruments", title_justify="left")
    for name, one in fields["instruments"].items():
        instruments.add_row(name, one.get("kind", ""), ", ".join(one["fitted_on"]) or "nothing", figure(one.get("macro_f1")))
    console.print(instruments)
    console.print(f"drawn: {fields['pictures']['page']}", soft_wrap=True)


def optimize(console: Console, fields: Fields) -> None:
    """How the search ended and where the pick lies."""
    console.print(
        f"run {fields['run']}: {fields['n_evaluations']} evaluations, {fields['n_dialogues']} dialogues, "
        f"{fields['n_model_calls']} model calls; stopped: {fields['stopped']}"
    )
    console.print(f"hypervolume {fields['hypervolume']}; the pick is {fields['pick']['genome_digest']} in {fields['pick']['file']}")
    critic = fields["critic"]
    console.print(f"critic {critic}, {fields['n_critic_tokens']} tokens" if critic else "no critic: its operators are off")
    sure = fields["pick"]["p_dominates_seed"]
    if not fields["pick"]["dominates_seed"]:
        console.print("The pick does not dominate the seed on every objective.")
    elif sure is not None:
        console.print(f"The pick dominates the seed in {sure:.0%} of the resamples.")


def simulate(console: Console, fields: Fields) -> None:
    """What was played, how it ended, what was mended in the replies, and what it cost now."""
    console.print(
        f"batch {fields['batch']}: {fields['n_dialogues']} dialogues, {fields['n_missing']} missing; "
        f"{fields['n_model_calls']} model calls, {fields['tokens']} tokens, {money(fields['usd'])}"
    )
    for status, reasons in fields["ends"].items():
        for reason, n in sorted(reasons.items(), key=lambda one: -one[1])[:_N_REASONS]:
            console.print(f"  {status} {n}: {reason}", markup=False)
    mended = (counted(fields[name]) for name in ("n_stripped", "n_redone", "n_unchecked"))
    console.print("  in the seeker's replies {} pieces taken out, {} drafts redone, {} checks unreadable".format(*mended))


def validate(console: Console, fields: Fields) -> None:
    """Every bound, and every other expectation that failed; those that passed are counted."""
    table = Table("suite", "what", "observed", "95 %", "bound", "verdict", title="Gates", title_justify="left")
    shown = [verdict for verdict in fields["verdicts"] if verdict["bound"] is not None or not verdict["passed"]]
    for verdict in shown:
        passed = "[green]passed[/]" if verdict["passed"] else "[red]failed[/]"
        interval = "" if verdict["ci"] is None or verdict["ci"][0] is None else f"{verdict['ci'][0]:.3f} to {verdict['ci'][1]:.3f}"
        what = verdict.get("subject") or verdict["expectation"]
        table.add_row(verdict["suite"], what, number(verdict["observed"]), interval, number(verdict["bound"]), passed)
    console.print(table)
    console.print(f"{len(fields['verdicts']) - len(shown)} more expectations on rows and evidence passed")
    console.print(f"{fields['n_quarantined']} dialogues in quarantine")


def publish(console: Console, fields: Fields) -> None:
    """Where the release lies."""
    release = fields["release"]
    console.print(f"released [bold]{release['name']}[/] version {release['version']}: {release['path']}")


def pull(console: Console, fields: Fields) -> None:
    """Where the training file lies."""
    console.print(f"{fields['n_examples']} examples as {fields['form']}: {fields['path']}")


def nightly(console: Console, fields: Fields) -> None:
    """The night: objectives before and after, the gates, the release."""
    console.print(objectives_table(fields["objectives"]))
    critic = fields["critic"]
    console.print(f"critic {critic}, {fields['n_critic_tokens']} tokens" if critic else "no critic: its operators are off")
    sure = fields["pick"]["p_dominates_seed"]
    if not fields["pick"]["dominates_seed"]:
        console.print("The pick does not dominate the seed on every objective.")
    elif sure is not None:
        console.print(f"The pick dominates the seed in {sure:.0%} of the resamples.")
    if fields["engine"] == "rehearsal":
        console.print(f"[dim]{REHEARSAL_NOTE}[/]")
    validate(console, fields)
    if fields["release"]:
        publish(console, fields)


def status(console: Console, fields: Fields) -> None:
    """Rows, ledger, releases."""
    table = Table("table", "rows", title="Store", title_justify="left")
    for name, n in fields["tables"].items():
        if n:
            table.add_row(name, str(n))
    console.print(table)
    ledger = fields["ledger"]
    console.print(f"ledger: {ledger['n']} completions, {ledger['tokens']} tokens, {money(ledger['usd'])}, {ledger['n_unknown']} unknown")
    for release in fields["releases"]:
        note = f" RETRACTED: {release['retracted']}" if release["retracted"] else ""
        console.print(f"release {release['name']} v{release['version']}: {release['n_dialogues']} dialogues, {release['path']}{note}")
    console.print(f"test split opened {fields['n_test_uses']} times; digest {fields['store_digest']}")


def objectives_table(objectives: Fields) -> Table:
    """Seed, optimized and human floor per objective, with the difference, its interval and the outcome."""
    table = Table(
        Column("objective", no_wrap=True), "seed", "optimized", "humans", "floor", "difference", "n", "outcome",
        title="Before and after (lower is better)", title_justify="left",
    )  # fmt: skip
    for name, row in objectives.items():
        colour = _COLOURS[row["outcome"]]
        outcome = row["outcome"].replace("_", " ")
        n = str(row["n"])
        cells = (figure(row[column]) for column in ("seed", "optimized", "human"))
        table.add_row(name, *cells, number(row["floor"]), figure(row["difference"]), n, f"[{colour}]{outcome}[/]")
    return table


def figure(value: Fields | None) -> str:
    """A figure with its interval, or that it was not measured."""
    if value is None:
        return ""
    if value["value"] is None:
        return "not measured"
    interval = value.get("ci")
    if not interval or interval[0] is None:
        return f"{value['value']:.3f}"
    return f"{value['value']:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def number(value: float | None) -> str:
    """Three decimals, or that it was not measured."""
    return "not measured" if value is None else f"{value:.3f}"


def counted(n: int | None) -> str:
    """A count, or that nobody counted then."""
    return "not counted" if n is None else str(n)


def money(usd: float | None) -> str:
    """An amount, or that the price is not known."""
    return "price unknown" if usd is None else f"{usd:.4f} USD"
