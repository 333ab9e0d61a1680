"""Operators keep genomes valid whatever they are given, and draw from nothing but their generator."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.keys import rng_of
from understudy.prompt.genome import MAX_EXEMPLARS, SECTIONS, Controls, Genome
from understudy.prompt.template import render
from understudy.records import Item, Need
from understudy.search import operators
from understudy.search.operators import OPERATORS, Pool, breed, sentences

IDS = tuple(f"e{i}" for i in range(8))
NEED = Need(genres=("drama",), seen=("The Glass Harbour (1987)",))
TARGET = Item("7", "Paper Lanterns", 1999, ("comedy",))
SENTENCES = st.lists(st.from_regex(r"[A-Z][a-z ]{0,20}[a-z][.!?]", fullmatch=True), min_size=1, max_size=4)

controls = st.builds(
    Controls,
    temperature=st.integers(0, 15).map(lambda tenths: tenths / 10),
    patience=st.integers(1, 8),
    visibility=st.sampled_from(["hidden", "attributes", "title"]),
    persona=st.sampled_from(["none", "brief", "full"]),
)
genomes = st.builds(
    Genome,
    st.fixed_dictionaries({name: SENTENCES.map(" ".join) for name in SECTIONS}),
    controls,
    st.lists(st.sampled_from(IDS), max_size=MAX_EXEMPLARS, unique=True).map(tuple),
)


@settings(max_examples=30)
@given(st.tuples(genomes, genomes), st.lists(genomes, max_size=2), st.sampled_from(sorted(OPERATORS)), st.integers(0, 2**31))
def test_every_operator_keeps_a_genome_valid_and_is_repeatable(
    parents: tuple[Genome, Genome], prompts: list[Genome], name: str, seed: int
) -> None:
    pool = Pool(tuple(prompts), IDS)
    child = OPERATORS[name][0](parents, pool=pool, rng=rng_of(seed))
    assert child == OPERATORS[name][0](parents, pool=pool, rng=rng_of(seed))
    if child is None:
        return
    assert tuple(child.sections) == SECTIONS
    assert all(text.strip() for text in child.sections.values())
    assert set(child.exemplars) <= set(IDS)
    assert Genome.from_json(child.as_json()) == child
    prompt = render(child, NEED, [], exemplars=[], target=TARGET)[0].content
    assert prompt.count("\n\nWhat you want: ") == 1
    assert NEED.seen[0] in prompt


@settings(max_examples=25)
@given(st.tuples(genomes, genomes), st.integers(0, 2**31), st.integers(1, 4))
def test_a_child_differs_from_its_first_parent_and_names_its_operators(parents: tuple[Genome, Genome], seed: int, n: int) -> None:
    child = breed(parents, pool=Pool((), IDS), rng=rng_of(seed), n_steps=n)
    if child is not None:
        assert child.genome.digest != parents[0].digest
        assert 1 <= len(child.operator.split("+")) <= n
        assert set(child.operator.split("+")) <= set(OPERATORS)


def genome(word: str, exemplars: tuple[str, ...] = ()) -> Genome:
    return Genome({name: f"{word} {name}. Always {word}." for name in SECTIONS}, Controls(), exemplars)


def test_crossover_takes_whole_sections_from_the_other_parent() -> None:
    one, other = genome("red"), genome("blue")
    child = operators.crossover((one, other), pool=Pool(), rng=rng_of(1))
    assert child is not None
    taken = [name for name in SECTIONS if child.sections[name] == other.sections[name]]
    kept = [name for name in SECTIONS if child.sections[name] == one.sections[name]]
    assert 1 <= len(taken) <= 3
    assert len(taken) + len(kept) == len(SECTIONS)


def test_two_equal_parents_draw_on_the_pool_prompts() -> None:
    one, prompt = genome("red"), genome("green")
    assert operators.crossover((one, one), pool=Pool(), rng=rng_of(1)) is None
    child = operators.crossover((one, one), pool=Pool((prompt,)), rng=rng_of(1))
    assert child is not None
    assert any("green" in text for text in child.sections.values())


def test_transplant_moves_one_sentence_and_prune_removes_one() -> None:
    one, other = genome("red"), genome("blue")
    child = operators.transplant((one, other), pool=Pool(), rng=rng_of(2))
    assert child is not None
    assert sum("blue" in sentence for text in child.sections.values() for sentence in sentences(text)) == 1
    pruned = operators.prune((one, one), pool=Pool(), rng=rng_of(2))
    assert pruned is not None
    assert sum(len(sentences(text)) for text in pruned.sections.values()) == 2 * len(SECTIONS) - 1


def test_exemplar_operators_add_drop_and_swap_within_the_limits() -> None:
    full, empty, pool = genome("red", IDS[:MAX_EXEMPLARS]), genome("red"), Pool((), IDS)
    rng = rng_of(3)
    assert operators.add_exemplar((full, full), pool=pool, rng=rng) is None
    assert operators.drop_exemplar((empty, empty), pool=pool, rng=rng) is None
    assert operators.swap_exemplar((empty, empty), pool=pool, rng=rng) is None
    added = operators.add_exemplar((empty, empty), pool=pool, rng=rng)
    dropped = operators.drop_exemplar((full, full), pool=pool, rng=rng)
    swapped = operators.swap_exemplar((full, full), pool=pool, rng=rng)
    assert added is not None
    assert dropped is not None
    assert swapped is not None
    assert (len(added.exemplars), len(dropped.exemplars), len(swapped.exemplars)) == (1, 4, 5)
    assert len(set(swapped.exemplars) & set(full.exemplars)) == 4


def test_sentences_joined_by_a_space_are_the_section_again() -> None:
    text = "Say no. Why not? Ask back! And then"
    assert sentences(text) == ["Say no.", "Why not?", "Ask back!", "And then"]
    assert " ".join(sentences(text)) == text


def test_the_chances_of_the_operators_add_up() -> None:
    assert abs(sum(chance for _, chance in OPERATORS.values()) - 1) < 1e-9
