"""What is said of a release for a stranger: what it is, how it was made, what it is for and not for. Card and Croissant say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.completion import engines_in
from understudy.report.figures import REHEARSAL_WARNING

Manifest = Mapping[str, Any]
SOFTWARE = "understudy"
_SPDX = "https://spdx.org/licenses/{name}.html"


def is_rehearsed(manifest: Manifest) -> bool:
    """Whether rehearsal played any of it; several engines are joined by `+`."""
    return "rehearsal" in engines_in([manifest["engine"]])


def summary(manifest: Manifest) -> str:
    """What the release is, in two sentences."""
    lineage = manifest["lineage"]
    what = (
        f"{manifest['n_dialogues']} synthetic dialogues between a simulated seeker and the recommender `{lineage['recommender']}`, "
        f"made from the human dialogues of the data set `{lineage['dataset']}`."
    )
    return f"{what} {REHEARSAL_WARNING}" if is_rehearsed(manifest) else what


def how_made(manifest: Manifest) -> str:
    """How the dialogues came about."""
    lineage = manifest["lineage"]
    return (
        f"The seekers were played by `{manifest['engine']}` with the prompt `{lineage['genome_digest']}` of the setting "
        f"`{lineage['setting']}`, whose text stands below under Prompt. Each was given the information need of one human "
        f"dialogue and talked freely with the recommender `{lineage['recommender']}`. What broke a rule on rows was left out, and the "
        "batch as a whole was held against the gates below before it was published."
    )


def uses(manifest: Manifest) -> str:
    """What the release is for."""
    if is_rehearsed(manifest):
        return "To try a pipeline that reads such releases. It is no training set."
    return "To train and to test conversational recommender systems, and to study simulated seekers, beside human dialogues."


def misuses(manifest: Manifest) -> tuple[str, ...]:
    """What the release must not be used for."""
    rehearsed = ("training any model: rehearsal is a program with templates, and no language model",) if is_rehearsed(manifest) else ()
    return (
        *rehearsed,
        "claims about what people want or do: no turn of a seeker in it was said by a person",
        "reporting the quality of a recommender to its users as if people had judged it",
        "finding out who took part in the human dialogues of its sources",
    )


def limits(manifest: Manifest) -> str:
    """What is known to be missing or wrong."""
    make = manifest["make"]
    largest, repeated = make["largest_seeker_share"], make["repeated_turns"]["seeker"]["share"]
    told = [
        f"It rests on {make['n_scenarios']} distinct scenarios of {make['n_seekers']} human seekers.",
        "The largest share of one seeker is not measured." if largest is None else f"The most frequent seeker stands for {largest:.1%}.",
        "How often seekers repeat themselves is not measured."
        if repeated is None
        else f"{repeated:.1%} of the seekers' turns have the same words as another one of the release.",
        "The distances to humans that were measured stand under Figures. What no objective measures may differ more.",
    ]
    if not manifest["splits"]["validation"]["n_dialogues"]:
        told.append("No seeker of it falls into the part `validation`, so it has none.")
    return " ".join(told)


def biases(manifest: Manifest) -> str:
    """The bias that is measured, and that of the sources."""
    bias = manifest["figures"].get("objectives", {}).get("positive_bias", {})
    value = bias.get("value")
    measured = "not measured" if value is None else f"{value:.3f}"
    return (
        f"Positive bias (how much more readily than people the seekers accept recommendations, 0 to 1): {measured}. Language, tastes and "
        "items are those of the people and of the catalogue of the sources, of whom nothing else is known."
    )


def personal() -> str:
    """Of personal data."""
    return (
        "Personal data that was found in the sources was masked when they were read. The seekers' words are a model's. The release "
        "names the human dialogue that a scenario was cut from, and not who took part in it."
    )


def maintenance() -> str:
    """How the release is kept."""
    return "A version is never changed. A later one has the next number, and one that is found to be wrong is retracted with the reason."


def citation(manifest: Manifest) -> str:
    """The BibTeX entry of the release."""
    key = f"{manifest['name']}_v{manifest['version']}".replace("-", "_").replace(".", "_")
    return (
        f"@misc{{{key}, title = {{{manifest['name']}, version {manifest['version']}}}, author = {{{{{SOFTWARE}}}}}, "
        f"howpublished = {{Synthetic dialogues, digest {manifest['digest'][:16]}}}, "
        f"note = {{made with {SOFTWARE} {manifest['lineage']['code_version']}}}}}"
    )


def keywords(manifest: Manifest) -> list[str]:
    """What a search finds the release by."""
    rehearsed = ["rehearsal"] if is_rehearsed(manifest) else []
    return ["conversational-recommendation", "user-simulation", "synthetic", *rehearsed]


def licence_url(licence: str) -> str:
    """Where the text of the licence stands; `unknown` where the sources state none."""
    return licence if licence == "unknown" else _SPDX.format(name=licence)
