"""A running CRS on loopback, in every form there is: what it gets, what becomes of its answers, and what its faults come to."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from understudy.completion import MissingReply
from understudy.errors import BadInput
from understudy.recommenders import Recommendation, http
from understudy.recommenders._crs import PRESETS

KEY = "swordfish-4711-planted"
Work = Callable[[http.Running], Any]


def saying(*utterances: str) -> Work:
    async def work(crs: http.Running) -> list[Recommendation]:
        session = crs.start(5)
        return [await session.reply(utterance) for utterance in utterances]

    return work


def said(text: str, **more: Any) -> str:
    return json.dumps({"response": text, **more})


def test_ievalm_gets_what_was_said_before_and_its_state_comes_back_in_the_cookie(with_crs: Any, serve: Any, reply: Any) -> None:
    asked: list[Any] = []

    def crs(request: Any) -> Any:
        asked.append(request)
        turn = int(request.headers.get("cookie", "session=0").partition("=")[2])
        return reply(said(f"Turn {turn}: how about Orbit (2015)?"), headers={"set-cookie": f"session={turn + 1}; HttpOnly; Path=/"})

    replies = with_crs(f"ievalm:{serve(crs)}", saying("hello", "a drama"))
    assert [(one.method, one.path) for one in asked] == [("POST", "/receive_message")] * 2
    assert asked[0].json == {"context": [], "message": "hello"}
    assert asked[1].json == {"context": ["hello", "Turn 0: how about Orbit (2015)?"], "message": "a drama"}
    assert [one.text.split(":")[0] for one in replies] == ["Turn 0", "Turn 1"]
    assert replies[1].named_ids == ("5",)
    assert (replies[1].ranked_ids, replies[1].act) == ((), "recommend")


def test_two_sessions_share_no_cookie(with_crs: Any, serve: Any, reply: Any) -> None:
    seen: list[str] = []

    def crs(request: Any) -> Any:
        seen.append(request.headers.get("cookie", ""))
        return reply(said("Tell me more."), headers={"set-cookie": f"session={request.json['message']}"})

    async def both(running: http.Running) -> None:
        one, other = running.start(1), running.start(2)
        for session, name in ((one, "a"), (other, "b"), (one, "c"), (other, "d")):
            await session.reply(name)

    with_crs(f"ievalm:{serve(crs)}/receive_message", both)
    assert seen == ["", "", "session=a", "session=b"]


def test_openai_gets_a_chat_a_seed_and_the_key_of_the_environment(
    with_crs: Any, serve: Any, reply: Any, file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def crs(request: Any) -> Any:
        asked.append(request)
        return reply(json.dumps({"choices": [{"message": {"content": "What do you like?"}}]}))

    monkeypatch.setenv("CRS_KEY", KEY)
    written = file(f'preset = "openai"\nurl = "{serve(crs)}/v1"\nmodel = "movies-1"\nsystem = "You recommend."\nkey_env = "CRS_KEY"\n')
    replies = with_crs(written, saying("hello", "a drama"))
    assert asked[0].path == "/v1/chat/completions"
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert asked[1].json == {
        "model": "movies-1",
        "seed": 5,
        "messages": [
            {"role": "system", "content": "You recommend."},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "What do you like?"},
            {"role": "user", "content": "a drama"},
        ],
    }
    assert replies[0].act == "ask"
    assert KEY not in json.dumps(http.options(written, model="none"))


def test_a_key_that_is_not_set_is_told_before_anything_is_asked(with_crs: Any, file: Any) -> None:
    with pytest.raises(BadInput, match="NO_SUCH_KEY is not set"):
        with_crs(file('preset = "openai"\nurl = "http://127.0.0.1:9"\nkey_env = "NO_SUCH_KEY"\n'), saying("hello"))


class Agent:
    """A Socket.IO server as DialogueKit's platform is one: Engine.IO 4 over long polling, a greeting, acknowledged events."""

    def __init__(self, reply: Any, *, closes: bool = False) -> None:
        self.reply, self.closes = reply, closes
        self.queues: dict[str, list[str]] = {}
        self.heard: list[Any] = []
        self.pongs = 0
        self.lock = threading.Lock()

    def __call__(self, request: Any) -> Any:
        with self.lock:
            sid = request.path.partition("&sid=")[2]
            if not sid:
                sid = f"s{len(self.queues)}"
                self.queues[sid] = []
                return self.reply("0" + json.dumps({"sid": sid, "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000}))
            if request.method == "GET":
                # the greeting comes at once, what is said later message by message
                n = 1 if self.heard else 3
                waiting, self.queues[sid] = self.queues[sid][:n], self.queues[sid][n:]
                return self.reply("\x1e".join(waiting or ["6"]))
            for packet in request.body.decode().split("\x1e"):
                self.queues[sid].extend(self.answers(packet))
            return self.reply("ok")

    def answers(self, packet: str) -> list[str]:
        if packet == "3":
            self.pongs += 1
            return []
        if packet == "40":
            return [event("Welcome! I am the agent."), '40{"sid":"x"}', "2"]
        number, _, body = packet[2:].partition("[")
        self.heard.append(json.loads("[" + body))
        if self.closes:
            return ["1"]
        text = self.heard[-1][1]["message"]
        if text == "thanks":
            return [event("It was nice talking.", "EXIT"), f"43{number}[]"]
        return [event("Let me think."), event("How about Orbit (2015)?"), f"43{number}[]"]


def event(text: str, intent: str | None = None) -> str:
    acts = [{"intent": intent, "annotations": []}] if intent else None
    return "42" + json.dumps(["message", {"sender": "agent", "message": {"text": text, "dialogue_acts": acts}}])


def test_dialoguekit_is_spoken_to_over_long_polling(with_crs: Any, serve: Any, reply: Any) -> None:
    agent = Agent(reply)
    replies = with_crs(f"dialoguekit:{serve(agent)}", saying("hello", "thanks"))
    assert agent.heard == [["message", {"message": "hello"}], ["message", {"message": "thanks"}]]
    assert replies[0].text == "Let me think. How about Orbit (2015)?", "the greeting is no answer, both messages are one"
    assert replies[0].named_ids == ("5",)
    assert (replies[1].text, replies[1].act) == ("It was nice talking.", "goodbye")
    assert agent.pongs == 1


def test_a_socket_that_is_closed_is_a_missing_reply(with_crs: Any, serve: Any, reply: Any) -> None:
    with pytest.raises(MissingReply, match=r"ended the Socket.IO session"):
        with_crs(f"dialoguekit:{serve(Agent(reply, closes=True))}", saying("hello"))
    with pytest.raises(MissingReply, match=r"does not open a Socket.IO session"):
        with_crs(f"dialoguekit:{serve(lambda _: reply('<html>'))}", saying("hello"))


OWN = """
url = "{url}"
path = "/chat"
text = "out.0.say"
ranked = "items.*.title"
acts = "out.*.act"
opening = "/start"

[request]
sender = {{id = "$session"}}
parts = ["$message", "as it is"]
"""


def test_paths_of_one_s_own_find_text_ranking_and_act(with_crs: Any, serve: Any, reply: Any, file: Any) -> None:
    asked: list[Any] = []

    def crs(request: Any) -> Any:
        asked.append(request.json)
        ranking = [{"title": name} for name in ("The Cellar Door (2010)", "Salt Harbor", "5", "Never Made (1999)", "orbit", 7, None)]
        return reply(json.dumps({"out": [{"say": "Here you are.", "act": "offer"}, {"act": "BYE"}], "items": ranking}))

    (one,) = with_crs(file(OWN.format(url=serve(crs))), saying("a horror"))
    assert [value["parts"] for value in asked] == [["/start", "as it is"], ["a horror", "as it is"]]
    assert asked[0]["sender"] == asked[1]["sender"] != {"id": "$session"}
    assert one.ranked_ids == ("4", "1", "5"), "by title, by a close spelling, by id; each once"
    assert one.n_ungrounded == 2
    assert (one.named_ids, one.act) == ((), "goodbye")


def test_the_files_of_the_guide_are_good_ones(file: Any) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "recommenders.md").read_text()
    shown = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert len(shown) == 2
    for text in shown:
        assert http.options(file(text), model="none")
    assert set(re.findall(r"^\| `(\w+)` \| `?(?:POST|DialogueKit)", guide, re.MULTILINE)) == set(PRESETS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("url = 1", "url"),
        ('url = "http://h:1"', "request"),
        ('preset = "magic"\nurl = "http://h:1"', "preset"),
        ('preset = "ievalm"\nurl = "http://h:1"\nnonsense = 1', "nonsense"),
        ('preset = "ievalm"\nurl = "http://h:1"\ntimeout_s = 0', "timeout_s"),
        ('preset = "ievalm"\nurl = "http://h:1"\ntext = "a..b"', "text"),
        ('url = "http://h:1"\ntext = "a"\n[request]\nm = "$mesage"', "the known ones are"),
        ('url = "http://h:1"\ntext = "a"\n[request]\nm = "fixed"', "the seeker's text"),
        ('url = "http://h:1"\ntext = "a"\n[request]\nm = "$message"\no = "$model"', "no `model`"),
        ("url = ", "not TOML"),
    ],
)
def test_a_file_that_says_something_wrong_is_refused_with_the_key(text: str, told: str, file: Any) -> None:
    with pytest.raises(BadInput, match=told):
        http.options(file(text), model="none")
