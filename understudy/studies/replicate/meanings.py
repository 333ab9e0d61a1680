"""What each figure of the experiment is, and where it is good: for the report, and for the page of the documentation."""

from __future__ import annotations

from collections.abc import Mapping

NEAR = "near the humans'"
MEANINGS: Mapping[str, tuple[str, str]] = {
    "item_entropy": ("Shannon entropy in bits of all titles named", NEAR),
    "pearson_r": (
        "r between the shares of yes and the mean ratings over titles; the humans' is what three raters of one half reach against the "
        "other half's mean", "higher, up to the humans'",
    ),
    "aspect_entropy": ("entropy in bits of noun phrases, by TextBlob's `PatternTagger`, whose lexicon is in its wheel", NEAR),
    "aspect_entropy_textblob": ("the paper's own noun phrases; not measured: their corpora are downloaded and in no package", NEAR),
    "sentiment_entropy": (
        "entropy in bits of sentences above .1, below −.1 and between, by TextBlob's polarity lexicon; at most 1.585", NEAR,
    ),
    "ttr": ("different words / words over all requests, titles masked, both texts of a place cut to the shorter one", NEAR),
    "word_diversity": ("1 − mean cosine of the GloVe 50d vectors of the different words used, texts cut alike", NEAR),
    "sentence_diversity": ("1 − mean cosine of the all-MiniLM-L6-v2 vectors of the texts", NEAR),
    "score": (
        "a judge model's 0 to 10, the mean of its three criteria; it reads the human texts in the same way and is not told who wrote them. "
        "`--judge-model` names it, without which the model judges itself; rehearsal cannot judge", NEAR,
    ),
    "score_rejection": ("its criterion: how clearly the reply turns the suggestion down", NEAR),
    "score_reason": ("its criterion: how well the reason follows from the taste", NEAR),
    "score_request": ("its criterion: how well the reply asks for something else without a title", NEAR),
    "rejects": ("share of answers that turn the suggestion down, by the reaction instrument", NEAR),
    "grounded": ("share of answers that speak of a genre, person or era of the taste", NEAR),
    "asks_anew": ("share of answers that ask for something else", NEAR),
    "names_title": ("share of texts that name a title", NEAR),
    "length": ("characters of a reply", NEAR),
    "too_long": ("share of replies longer than asked", NEAR),
    "persona_words": (
        "share of the words of the person (name, age, pickiness, ethnicity) that the reply repeats; the humans' is 0 or nearly 0", "0",
    ),
    "unknown_titles": ("share of titles that are in no catalogue", "0"),
    "repeats_history": ("share of titles that are in the part of the history that may be shown", "0"),
    "yes_share": ("share of yes, beside the share of ratings above 3.5", NEAR),
}  # fmt: skip
