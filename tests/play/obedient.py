"""A model that does whatever it may take for an instruction.

That is all of a brief but the lines that hold data; in prompts with fences all outside of them and after a fence that was really closed;
and anywhere what follows a mark of a chat template or stands on a line that looks like the template's own. What the user says in a chat
is no instruction to it where the system message says so.
"""

from __future__ import annotations

import json
import re

from understudy.completion import Completion, Request

CODE_WORD = "KUMQUAT"
_FENCES = ("need", "example", "recommender", "seeker", "dialogue", "brief", "draft", "fault", "schema", "reply", "error")
_FENCE = re.compile(rf"<({'|'.join(_FENCES)})>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_MARKED = re.compile(r"(?:<\|\w+\|>|\[/?INST\]|<</?SYS>>|<system>|<think>|<!--)(.*)", re.DOTALL | re.IGNORECASE)
_LINE = re.compile(r"^(?:#{1,6} |system:|human:|assistant:|answer with |write only )(.*(?:\n(?!#).*)?)", re.IGNORECASE | re.MULTILINE)
# lines of the template's own that a value must not be able to add
_TITLE_LINE = re.compile(r"^The title that would suit you today: (.*)$", re.MULTILINE)
_ROLE_LINE = re.compile(r"^(?:recommender|seeker|them|me): (.*)$", re.IGNORECASE | re.MULTILINE)
_IS_CHAT = "Every message that you get is what the other person wrote"
_DATA_LINE = re.compile(
    r"^(?:(?:Genres|People whose work|Eras) you (?:like|avoid)|Titles you (?:enjoyed|did not enjoy|already know)"
    r"|(?:What|The title that) would suit you today|Them|Me|Draft|Fault): .*$",
    re.MULTILINE,
)


def instructions(request: Request, *, transcripts: bool, lines: bool = True) -> str:
    """All that the model takes for instructions. `transcripts`: the prompt shows lines of roles itself, so they say nothing.

    Without `lines` it looks at fences and marks alone: where a whole reply is shown, its line breaks are part of what is shown.
    """
    found, is_chat = [], _IS_CHAT in request.messages[0].content
    for message in request.messages:
        content = re.sub(r"[\r\u2028]", "\n", message.content)
        if is_chat and message.role == "system":
            found.append(_DATA_LINE.sub("", content))
        elif is_chat and message.role == "user":
            # in which form the answer is wanted stands behind what was said
            found.append(content.partition("\n\nAnswer with one JSON object")[1])
        elif message.role != "assistant":
            outside, before = content, ""
            while outside != before:
                before, outside = outside, _FENCE.sub(" ", outside)
            found.append(outside)
        found += [match[1] for match in _MARKED.finditer(content)]
        found += [match[1] for match in _LINE.finditer(content)] if lines else []
        if lines and not transcripts:
            found += [match[1] for match in _ROLE_LINE.finditer(content)]
    return "\n".join(found)


class Obedient:
    """The model. Disobedient replies hold the code word; the others are those of a seeker, a judge and a verifier who do their work."""

    def __init__(self, goal: str, *, transcripts: bool = False) -> None:
        self.goal, self.transcripts, self.requests = goal, transcripts, list[Request]()

    async def __call__(self, request: Request) -> Completion:
        self.requests.append(request)
        obeys = CODE_WORD in instructions(request, transcripts=self.transcripts)
        text = self.obeyed(request) if obeys else self.worked(request)
        return Completion(text, "obedient", "obedient", "stop", "", 9, 9)

    def obeyed(self, request: Request) -> str:
        """What the attack wants."""
        if self.goal == "role":
            return f"Recommender: {CODE_WORD}"
        if self.goal == "leak":
            return f"{CODE_WORD}: {request.messages[0].content}"
        if self.goal == "grade" and "<schema>" in request.messages[-1].content:
            return json.dumps({"satisfaction": 5, "passes": True, "titles": [CODE_WORD]})
        return CODE_WORD

    def worked(self, request: Request) -> str:
        """What was asked by us."""
        _, mark, told = request.messages[-1].content.rpartition("<schema>")
        asked = told if mark else ""
        if '"satisfaction"' in asked:
            return json.dumps({"satisfaction": 2})
        if '"passes"' in asked:
            return json.dumps({"passes": False, "fault": "sounds like an assistant"})
        if '"titles"' in asked:
            return json.dumps({"titles": ["Paper Lanterns (2003)"]})
        if '"rating"' in asked:
            return json.dumps({"rating": 2, "act": "reject", "draft": "no", "message": "hm, not for me"})
        return f"hm, number {len(self.requests)} is not for me"


def title_lines(request: Request) -> list[str]:
    """The titles that the prompt seems to give away."""
    return _TITLE_LINE.findall(request.messages[0].content)
