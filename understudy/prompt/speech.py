"""From a model's reply to the seeker's turn: thoughts, labels, stage directions and template echo are removed and counted.

Also reads in a conversation whether it is over: a goodbye, a loop of thanks, a repetition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from unicodedata import category

VERSION = 5
STRIPPED = ("label", "direction", "echo", "quotes", "stop")

_THOUGHT = r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflect(?:ion)?|scratchpad)"
_THOUGHT_BLOCK = re.compile(rf"<({_THOUGHT})>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THOUGHT_CLOSE = re.compile(rf"</{_THOUGHT}>", re.IGNORECASE)
_THOUGHT_OPEN = re.compile(rf"<{_THOUGHT}>", re.IGNORECASE)
# marks that chat templates of other models put around a thought, as the tags above
_OTHER_MARK = re.compile(rf"◁(/?)({_THOUGHT})▷|\[(/?)((?-i:THINK))\]", re.IGNORECASE)
_BRACKETED = re.compile(rf"\[({_THOUGHT})\][^\[\]]*\[/\1\]", re.IGNORECASE)
# a reply in channels: what is said to the other side stands in the last one
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]*<\|message\|>(.*?)(?=<\|(?:end|return|start|channel)\|>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_LINE = re.compile(rf"\s*(?:\*\*)?{_THOUGHT}(?:\*\*)?\s*:", re.IGNORECASE)
_SPEECH_LINE = re.compile(
    r"^\s*(?:\*\*)?(?:(?:final |my |the )?(?:message|reply|response|answer|speech)|seeker|user)(?:\*\*)?\s*:(?:\*\*)?",
    re.IGNORECASE | re.MULTILINE,
)

_LABEL = re.compile(r"^[ \t]*(?:\*\*)?(?:seeker|user|customer|me)(?:\*\*:|:\*\*|[ \t]*:)[ \t]*", re.IGNORECASE | re.MULTILINE)
_FLIPPED = re.compile(r"(?:^|\n)\s*(?:\*\*)?(?:recommender|assistant|system|them)(?:\*\*)?\s*:", re.IGNORECASE)
# a recommender's own phrases; 0.05 % of the seeker turns in the ReDial logs hold one
_SPOKEN_AS_RECOMMENDER = re.compile(
    r"\bas (?:an? (?:ai|artificial intelligence|(?:ai |language |large language )+model|assistant)|(?:a|your) recommender)\b"
    r"|\b(?:how|what) (?:can|may) i (?:help|assist|do for)(?: you)?\b|\b(?:help|assist) you (?:to )?(?:find|choose|pick)\b"
    r"|\bi(?:'m| am|'ll be|'d be)(?: \w+){0,3} (?:here|going|happy|glad|ready|pleased) to (?:help|assist|recommend|suggest)\b"
    r"|\bglad you found the right\b|\bi(?:'ll| will) (?:keep|continue) (?:creating|writing|generating)\b"
    r"|\bi(?:'m| am) (?:a |an |your )(?:\w+ )?(?:recommender|chat ?bot|assistant)\b"
    r"|\bbased on (?:your|the user's|their|the) (?:\w+ )?preferences\b|\brecommend (?:it|them|this|that|you)(?: \w+)? (?:to|for) you\b"
    r"|^\W*you would (?:like|enjoy|love) to (?:watch|see|try)\b"
    r"|^\W*(?:i(?:'d| would)? (?:highly |also )?(?:recommend|suggest)|(?:may|can|might) i (?:recommend|suggest))\b"
    # further on only with a title after it: people do say "I would recommend it"
    r"|(?:[.!?]|\byes,?)\s+i(?:'d| would)? (?:highly |also |definitely )?(?:recommend|suggest) (?-i:[\"“'‘]?[A-Z0-9])",
    re.IGNORECASE,
)

# fences of the template and what a chat template puts around a message, however they were escaped
_TAG = re.compile(
    r"(?:<|&lt;)/?(?:recommender|seeker|need|example|draft|fault|dialogue|brief|schema|reply|error"
    r"|answer|response|message|speech|utterance|output)(?:>|&gt;)"
    r"|^[ \t]*```[a-z]*[ \t]*$|<\|[a-z_]{1,24}\|>|\[/?INST\]|<</?SYS>>",
    re.IGNORECASE | re.MULTILINE,
)
# parts of the template with which a reply may begin a line, and what models announce a message with
_ECHO = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]*)?(?:what you want|how much you tell|how you react|how you talk|when you stop|how others talked)[ \t]*:[ \t]*"
    r"|write only your own next message to the other person\."
    r"|^[ \t]*(?:here(?: is|'s) )?(?:(?:the )?seeker's|(?:my|your)(?: own)?|the) next message"
    r"(?: to (?:that|the other) person)?(?: is)?[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_END_MARK = re.compile(
    r"[\[(*](?:the )?(?:end(?: of (?:the |this )?(?:conversation|chat|dialogue))?"
    r"|(?:conversation|chat|dialogue) (?:ends?|is over))[.!]?[\])*]",
    re.IGNORECASE,
)
# tokens by which simulators say that the conversation is over: `[END]`, `<END>`, `###STOP###`, `\\end`, `\\giveup`, `TERMINATE`.
# Words between marks, words after a slash, one word in capitals that nobody says, and a capital word on the last line alone
_OVER = (
    r"(?:end|stop|done|exit|quit|finish(?:ed)?|complete[d]?|terminate[d]?|give[ _-]?up|bye"
    r"|(?:end|stop|exit|quit|finish|terminate)[ _-]?(?:of[ _-]?)?(?:the[ _-]?)?(?:chat|conversation|dialog(?:ue)?|session|call))"
)
_STOP_TOKEN = re.compile(
    rf"(?i:(?:\[{{1,2}}|<{{1,2}}\|?/?|\{{{{1,2}}|#{{2,}}|\*{{3,}}|={{3,}})\s*{_OVER}\s*[.!]?\s*(?:\]{{1,2}}|\|?/?>{{1,2}}|\}}{{1,2}}|#{{2,}}|\*{{3,}}|={{3,}}))"
    rf"|(?<!\S)(?i:[\\/]{_OVER})(?!\w|[\\/{{(])"
    r"|\bTERMINATE[D]?\b|\b(?:END|STOP|EXIT|QUIT|FINISH|TERMINATE)_(?:OF_)?(?:CHAT|CONVERSATION|DIALOGU?E?|SESSION|CALL)\b"
    r"|^[ \t]*(?:END|STOP|DONE|EXIT|QUIT|GIVE ?UP)[.!]*\s*\Z",
    re.MULTILINE,
)
# marks of the end of a message: what models write where their chat template is not known to the server; they end no conversation
_MESSAGE_ENDS = re.compile(
    r"</?s>|<(?:eos|bos|end_of_turn|start_of_turn|end_of_utterance)>|\[(?:EOS|BOS)\]|<｜[^<>｜]{1,40}｜>", re.IGNORECASE
)
_GESTURE = (
    r"(?:beam|blush|chuckl|clap|cough|cring|exhal|frown|gasp|giggl|glanc|grin|groan|gulp|hesitat|inhal|laugh|lean|mumbl|mutter|nod"
    r"|paus|ponder|scratch|shrug|sigh|smil|smirk|snicker|snort|squint|think|tilt|typ|wait|whisper|wink|yawn)(?:e?s|ing)"
    r"|(?:rolls|rolling) (?:my|his|her|their) eyes|(?:rais|shak|clear|scratch)(?:es|ing) (?:my|his|her|their|an?) \w+"
    r"|(?:a )?(?:long |short |brief )?(?:pause|beat|sigh|silence)"
)
# titles stand between asterisks and brackets too: a direction starts in lower case or is nothing but the gesture
_DIRECTION = re.compile(
    rf"(?P<open>[*_(\[])(?:(?:the seeker |the user |i |[a-z]+ly )?(?:{_GESTURE})(?: [a-z][^*_()\[\]\n]{{0,60}})?"
    r"|(?:Chuckles|Giggles|Laughs|Nods|Pauses|Shrugs|Sighs|Smiles|Thinks|Thinking)(?: [a-z][^*_()\[\]\n]{0,60})?)[.!…]*[*_)\]]"
)

_REMOVED = (
    ("stop", _STOP_TOKEN), ("echo", _TAG), ("stop", _MESSAGE_ENDS), ("echo", _ECHO), ("direction", _END_MARK), ("direction", _DIRECTION),
    ("label", _LABEL),
)  # fmt: skip

_GOODBYE = re.compile(
    r"\b(?:good ?bye|bye(?:[- ]bye)?|take care|see (?:you|ya)|have a (?:good|great|nice|lovely) (?:one|day|night|evening|time))\b",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\b(?:thanks|thank (?:you|u)|thx|ty|cheers|welcome|my pleasure|appreciate (?:it|that|you))\b", re.IGNORECASE)
_ALL_THANKS = re.compile(
    r"(?:\W*(?:thanks|thank (?:you|u)|thx|ty|cheers|(?:you'?re |you are |so |very |most )*welcome|my pleasure|(?:i )?(?:really )?appreciate"
    r" (?:it|that|you|your help)|so much|very much|a lot|a bunch|again|too|as well|and|for (?:all )?(?:the|your|that|those)(?: \w+)?"
    r" (?:help|suggestions?|recommendations?|tips?|time)|for (?:helping|everything)|no problem|any ?time|enjoy(?: it)?|have fun|you"
    r"|ok|okay|great|perfect|awesome|sure|oh|will do|glad (?:i could|to) help))+\W*",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_FEW_WORDS = 4
# a turn that leaves the conversation and says nothing else: of a suggestion before it nothing is said. "No", "great" and "ok" are no part
# of it, since they may answer the suggestion
_LEAVING = (
    r"(?:good ?bye|bye(?:[- ]bye)?|good ?night|farewell|take care|see (?:you|ya)(?: (?:later|soon|around|next time))?"
    r"|talk to you (?:later|soon)|have an? (?:very )?(?:good|great|nice|lovely|wonderful) (?:one|day|night|evening|time|weekend)"
    r"|i(?:'?ve| have)?(?: really)? (?:got|have|need|gotta) (?:to )?(?:go|leave|run)(?: now)?|you too|(?:the )?same to you)"
)
_BESIDE_LEAVING = (
    r"(?:thanks|thank (?:you|u)|thx|ty|so much|very much|a lot|again|and|now|then|so|well|for (?:all )?(?:the|your) "
    r"(?:help|time|suggestions?|recommendations?)|for (?:helping|everything))"
)
_ONLY_FAREWELL = re.compile(rf"\W*(?:{_BESIDE_LEAVING}\b\W*)*{_LEAVING}\b\W*(?:(?:{_LEAVING}|{_BESIDE_LEAVING})\b\W*)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the seeker says, or why the reply cannot be used. `stripped`: kind → how many pieces were taken out.

    `ends`: the reply says in a mark or a token of its own that the conversation is over; then `text` may be empty.
    `is_cut`: the limit on its tokens has cut it.
    """

    text: str
    fault: str = ""
    stripped: Mapping[str, int] = field(default_factory=dict)
    ends: bool = False
    is_cut: bool = False

    @property
    def n_stripped(self) -> int:
        """Pieces taken out; thoughts, which were asked for, are not among them."""
        return sum(self.stripped.values())


def has_stop_token(text: str) -> bool:
    """Whether a turn holds a token that ends the conversation or the message, which nobody says."""
    return bool(_STOP_TOKEN.search(text) or _MESSAGE_ENDS.search(text))


def without_stop_tokens(text: str) -> str:
    """A turn without such tokens; empty where no letter, digit or picture is left beside them."""
    left = _MESSAGE_ENDS.sub(" ", _STOP_TOKEN.sub(" ", text))
    if left == text:
        return text
    return " ".join(left.split()) if any(one.isalnum() or category(one) == "So" for one in left) else ""


def is_farewell(text: str) -> bool:
    """Whether a turn leaves the conversation, with thanks or without, and says nothing else."""
    return bool(_ONLY_FAREWELL.fullmatch(text.replace("’", "'")))


def cleaned(text: str) -> Reply:
    """The speech in a reply; of one that only says that the conversation is over, none.

    Faults: `role_flip`; `empty`, or `echo` where only marks of the prompt were there; `unfinished_thought` where there is thought and
    no speech after it. What else a reply can be is found by its words (faults.py).
    """
    said = spoken(text)
    if said is None:
        return Reply("", "unfinished_thought")
    stripped = dict.fromkeys(STRIPPED, 0)
    ends = bool(_END_MARK.search(said) or _STOP_TOKEN.search(said))
    before = None
    # what was taken out may have hidden something of the same kind around it
    while said != before:
        before = said
        said = _pass(said, stripped)
    counted = {kind: n for kind, n in stripped.items() if n}
    if _FLIPPED.search(said) or _SPOKEN_AS_RECOMMENDER.search(said):
        return Reply("", "role_flip", counted)
    if not any(character.isalnum() for character in said):
        silent = Reply("", "", counted, ends=True)
        return silent if ends else Reply("", "echo" if "echo" in counted else "empty", counted)
    return Reply(" ".join(said.split()), "", counted, ends)


def spoken(text: str) -> str | None:
    """What is left of a reply without its thoughts; None where a thought was not finished or nothing marks the speech after it."""
    rest = after_thoughts(text)
    if rest is None or not _THOUGHT_LINE.match(rest):
        return rest
    marks = list(_SPEECH_LINE.finditer(rest))
    return rest[marks[-1].end() :] if marks else None


def after_thoughts(text: str) -> str | None:
    """A reply without the thoughts that it holds between tags or in a channel of its own; None where one was not finished."""
    if "<|channel|>" in text.casefold():
        said = [words for channel, words in _CHANNEL.findall(text) if channel.casefold() == "final"]
        return said[-1] if said else None
    marked = _OTHER_MARK.sub(lambda mark: f"<{mark[1] or mark[3] or ''}think>", _BRACKETED.sub(" ", text))
    rest = _THOUGHT_BLOCK.sub(" ", marked)
    closed = list(_THOUGHT_CLOSE.finditer(rest))
    if closed:  # the model's own chat template may have opened the thought
        rest = rest[closed[-1].end() :]
    return None if _THOUGHT_OPEN.search(rest) else rest


def says_goodbye(text: str) -> bool:
    """Whether a turn closes the conversation."""
    return bool(_GOODBYE.search(text))


def only_thanks(text: str) -> bool:
    """Whether a turn does nothing but thank, or answer thanks."""
    return bool(_THANKS.search(text) and _ALL_THANKS.fullmatch(text))


def thanks_loop(own: Sequence[str]) -> bool:
    """Whether a speaker's last two turns do nothing but thank."""
    return len(own) >= 2 and all(only_thanks(text) for text in own[-2:])


def repeats(own: Sequence[str]) -> bool:
    """Whether a speaker's last turn says what one of the two before it said in four words or more, or both of them said.

    People do say "no" twice: a few words count from the third time on.
    """
    last, *before = (_WORD.findall(text.casefold()) for text in own[: -4 : -1])
    if len(last) >= _FEW_WORDS:
        return last in before
    return len(before) == 2 and all(last == words for words in before)


def _pass(said: str, stripped: dict[str, int]) -> str:
    for kind, pattern in _REMOVED:
        said, n = pattern.subn(" " if kind in ("direction", "stop") else "", said)
        stripped[kind] += n
    said = said.strip()
    if len(said) > 1 and said[0] == said[-1] and said[0] in "\"“”":
        said = said[1:-1].strip()
        stripped["quotes"] += 1
    if len(said) > 1 and (said[0], said[-1]) == ("“", "”"):
        said = said[1:-1].strip()
        stripped["quotes"] += 1
    return said
