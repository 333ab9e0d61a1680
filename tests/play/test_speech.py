"""What is left of a reply: thoughts, labels, stage directions and echo are gone and counted, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy import readers
from understudy.prompt.speech import Reply, cleaned, is_farewell, only_thanks, repeats, spoken, thanks_loop, without_stop_tokens
from understudy.records import Dialogue

REDIAL = Path(__file__).resolve().parents[2].parent / "shared/data/redial"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("<think>they ask for a genre</think>drama", "drama"),
        ("<think>\nlong\nthought\n</think>\n\nSeeker: drama", "drama"),
        ("my template opened it</think> drama", "drama"),
        ("<thinking>a</thinking> dra<think>b</think>ma", "dra ma"),
        ("Thought: they ask.\nMessage: drama", "drama"),
        ("**Reasoning:** they ask.\n**Reply:** drama", "drama"),
        ("◁think▷ they ask ◁/think▷ drama", "drama"),
        ("[THINK]they ask[/THINK]drama", "drama"),
        ("[thinking] they ask [/thinking] drama", "drama"),
        ("<think>so</think><answer>drama</answer>", "drama"),
        ("<|channel|>analysis<|message|>They ask.<|end|><|start|>assistant<|channel|>final<|message|>drama<|return|>", "drama"),
        ("Thoughts on Orbit? I liked it", "Thoughts on Orbit? I liked it"),
        ("my thinking is that I want a drama", "my thinking is that I want a drama"),
    ],
)
def test_of_a_thought_and_a_speech_only_the_speech_is_kept(raw: str, said: str) -> None:
    assert cleaned(raw).text == said
    assert cleaned(raw).fault == ""


@pytest.mark.parametrize(
    "raw",
    [
        "<think>cut off at the length lim",
        "drama <think>and then",
        "Thought: only a thought",
        "<think>a</think> <think>b",
        "◁think▷ cut off",
        "[THINK]cut off",
        "<|channel|>analysis<|message|>They ask for",
    ],
)
def test_a_thought_that_is_not_finished_is_never_spoken(raw: str) -> None:
    assert cleaned(raw) == Reply("", "unfinished_thought")


@pytest.mark.parametrize(
    ("raw", "said", "stripped"),
    [
        ("Seeker: hi\nSeeker: there", "hi there", {"label": 2}),
        ("**Seeker:** hi", "hi", {"label": 1}),
        ("*smiles* hi (laughs softly) there [pauses for a moment]", "hi there", {"direction": 3}),
        ("[thinking] hm", "hm", {"direction": 1}),
        ("*Nods* yes", "yes", {"direction": 1}),
        ("_the seeker shrugs_ ok", "ok", {"direction": 1}),
        ("Thanks! [End of conversation]", "Thanks!", {"stop": 1}),
        ("How you talk: hi", "hi", {"echo": 1}),
        ("<recommender>Try it</recommender> hi &lt;/need&gt;", "Try it hi", {"echo": 3}),
        ("Write only your own next message to the other person. hi", "hi", {"echo": 1}),
        ("Here is my next message to that person: hi", "hi", {"echo": 1}),
        ("Here is the seeker's next message: hi", "hi", {"echo": 1}),
        ("Seeker's next message: hi", "hi", {"echo": 1}),
        ("```text\nhi\n```", "hi", {"echo": 2}),
        ("<output>hi</output>", "hi", {"echo": 2}),
        ("<|im_start|>hi<|im_end|>", "hi", {"echo": 2}),
        ("“hi”", "hi", {"quotes": 1}),
        ('Seeker: *smiles* "hi"', "hi", {"label": 1, "direction": 1, "quotes": 1}),
    ],
)
def test_what_is_stripped_is_counted_by_kind(raw: str, said: str, stripped: dict[str, int]) -> None:
    reply = cleaned(raw)
    assert (reply.text, dict(reply.stripped), reply.n_stripped) == (said, stripped, sum(stripped.values()))


@pytest.mark.parametrize(
    "text",
    [
        "I loved *Raising Arizona* and *Waves* (2019)",
        "the old one (1961) was better [I think]",
        "*really* not my thing (sorry)",
        "i <3 that movie, 10 > 9",
        "(500) Days of Summer?",
        "something with Smiles in it",
        "who is the user here? what a system: broken",
    ],
)
def test_titles_emphasis_and_asides_stay(text: str) -> None:
    assert cleaned(text) == Reply(text)


def test_a_mark_of_the_end_ends_and_a_title_does_not() -> None:
    assert cleaned("thanks [END]").ends
    assert not cleaned("The End of the Affair (1999)").ends
    assert cleaned("[END]") == Reply("", "", {"stop": 1}, ends=True)  # over, and nothing was said


@given(st.text(max_size=80), st.sampled_from(["", "Seeker: ", "*smiles* ", "<think>x</think>", "(pauses)", '"']))
def test_cleaning_is_done_when_it_is_done(text: str, before: str) -> None:
    once = cleaned(before + text)
    if not once.fault:
        again = cleaned(once.text)
        assert again.fault or again.text == once.text


@given(st.text(max_size=60))
def test_no_thought_survives(text: str) -> None:
    said = spoken(f"<think>SECRET {text.replace('<', '')}</think>fine")
    assert said is not None
    assert "SECRET" not in said


@pytest.mark.parametrize(
    ("text", "thanks"),
    [
        ("Thanks!", True), ("thank you so much for all the help", True), ("You're welcome! Enjoy", True), ("no thank you", False),
        ("thanks, what about Orbit?", False), ("great", False), ("thanks for Orbit", False), ("perfect, thanks again", True),
    ],
)  # fmt: skip
def test_what_is_nothing_but_thanks(text: str, thanks: bool) -> None:
    assert only_thanks(text) is thanks


def test_loops_need_two_turns_and_repetitions_four_words() -> None:
    assert not thanks_loop(["thanks"])
    assert thanks_loop(["hi", "thanks", "thank you"])
    assert not repeats(["no", "no"])
    assert repeats(["no", "no", "no."])
    assert repeats(["i want a drama", "I want a drama!"])
    assert repeats(["i want a drama", "ok", "I want a drama!"])
    assert not repeats(["i want a drama", "ok", "no", "I want a drama!"])


@pytest.mark.logs
def test_people_are_hardly_touched() -> None:
    """On ReDial: no label, direction or echo is seen in a human turn, and loops in fewer than .5 % of the dialogues."""
    if not REDIAL.exists():
        pytest.skip("the ReDial logs are not here")
    reader = readers.load("redial")
    n_turns = n_dialogues = n_touched = n_loops = 0
    for record in reader.read(reader.find(REDIAL), readers.Options()):
        if not isinstance(record, Dialogue):
            continue
        n_dialogues += 1
        own = [turn.text for turn in record.turns if turn.role == "seeker" and turn.text]
        n_turns += len(own)
        n_touched += sum(bool(cleaned(text).n_stripped) for text in own)
        n_loops += any(repeats(own[: i + 1]) or thanks_loop(own[: i + 1]) for i in range(len(own)))
    assert n_turns > 5000
    assert n_touched <= n_turns / 5000
    assert n_loops < n_dialogues / 200


STOPS = (
    "[END]", "[end]", "<END>", "</END>", "[[STOP]]", "{END}", "\\end", "\\giveup", "/quit", "/end", "TERMINATE", "###STOP###",
    "## END ##", "***DONE***", "<|stop|>", "[END OF CONVERSATION]", "[END_OF_DIALOGUE]", "END_CONVERSATION", "[GIVE UP]", "<exit>",
    "[Done]", "===END===", "<end_chat>",
)  # fmt: skip


@pytest.mark.parametrize("token", STOPS)
@pytest.mark.parametrize("form", ["{}", "Sounds good, thanks! {}", "Sounds good.\n{}", "Sounds good {}\n", "{} {}"])
def test_no_stop_token_enters_a_turn_and_each_ends_the_dialogue(token: str, form: str) -> None:
    reply = cleaned(form.replace("{}", token))
    assert reply.ends
    assert not reply.fault
    assert reply.text in ("", "Sounds good, thanks!", "Sounds good.", "Sounds good")
    assert reply.stripped["stop"] == form.count("{}")


@pytest.mark.parametrize("mark", ["</s>", "<eos>", "<end_of_turn>", "[EOS]", "<｜end▁of▁sentence｜>"])
def test_the_mark_of_the_end_of_a_message_is_removed_and_ends_no_dialogue(mark: str) -> None:
    assert cleaned(f"a comedy please{mark}") == Reply("a comedy please", "", {"stop": 1})


@pytest.mark.parametrize(
    "text",
    [
        "I liked The End (2013)", "stop, I have seen it", "I want to end with a comedy", "Have you seen Exit Wounds (2001)?", "I am done.",
        "either/end or so", "The Terminator and TERMINATOR 2", "no horror and/or gore", "I GIVE UP on horror", "is it <3 stars or >4?",
        "the bar/exit scene", "* good acting * and more", "# 1 pick", "I love STOP MAKING SENSE", "[laughs] ok",
    ],
)  # fmt: skip
def test_words_that_people_say_are_no_stop_tokens(text: str) -> None:
    reply = cleaned(text)
    assert not reply.ends
    assert "stop" not in reply.stripped


@pytest.mark.parametrize("token", STOPS)
def test_a_turn_is_read_without_its_stop_token(token: str) -> None:
    assert without_stop_tokens(token) == ""
    assert without_stop_tokens(f"no thanks {token}") == "no thanks"
    assert without_stop_tokens(f"... {token}") == ""
    assert without_stop_tokens(f"\N{THUMBS UP SIGN} {token}") == "\N{THUMBS UP SIGN}"


@pytest.mark.parametrize(
    "text",
    ["Goodbye", "bye!!", "Thanks for your help, bye", "you too, take care", "I have to go now, bye", "Have a great day :)", "see ya later"],
)
def test_a_farewell_says_nothing_else(text: str) -> None:
    assert is_farewell(text)


@pytest.mark.parametrize(
    "text",
    ["no, bye", "great, bye", "ok bye", "thanks", "I'll go with it", "Goodbye Lenin", "Bye Bye Birdie", "take care of me", ""],
)
def test_what_may_answer_a_suggestion_is_no_farewell(text: str) -> None:
    assert not is_farewell(text)
