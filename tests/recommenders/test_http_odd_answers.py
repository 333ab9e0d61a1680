"""Whatever a running CRS answers, of any status, header and body, ends as a reply or as a missing reply with its reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.completion import MissingReply
from understudy.doors.http import Http
from understudy.keys import canonical_json
from understudy.recommenders import Recommendation, Services, http
from understudy.recommenders._crs import Crs

DEEP = 500_000
RETRY_AFTER = ("Wed, 21 Oct 999999999999999999999999 07:28:00 GMT", "-3", "nan", "inf", "1e300", "soon", "0", "")

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["response", "ranked", "acts", "x"]), inner)),
    max_leaves=12,
)
bodies = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.text(max_size=60).map(lambda text: json.dumps({"response": text, "ranked": [text, 1, None], "acts": [[text]]}).encode()),
)
headers = st.dictionaries(
    st.sampled_from(["content-type", "content-encoding", "set-cookie", "location", "x-odd"]),
    st.one_of(st.sampled_from(["gzip", "br", "application/json; charset=utf-7", "a=b; expires=never", "http://127.0.0.1:9/"]),
              st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)),
)  # fmt: skip


def said(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, **more: Any) -> Recommendation | MissingReply:
    """What comes of one turn with a CRS that answers so."""

    async def whole() -> Recommendation | MissingReply:
        door = Http(breaker_after=10)
        door._transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body, headers=headers))  # type: ignore[assignment]
        keys = {"url": "http://127.0.0.1:9", "preset": "ievalm", "ranked": "ranked", "acts": "acts", "timeout_s": 60, "attempts": 1}
        crs = Crs.model_validate({**keys, **more})
        running = http.build({}, {}, Services(http=door, options={"crs": canonical_json(crs.given())}))
        try:
            return await running.start(1).reply("hello")
        except MissingReply as missing:
            return missing
        finally:
            await door.close()

    return asyncio.run(whole())


@given(bodies, st.one_of(st.just(200), st.integers(100, 599)), headers)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_odd_answer_is_a_reply_or_a_missing_reply_with_its_reason(body: bytes, status: int, headers: Mapping[str, str]) -> None:
    found = said(body, status=status, headers=headers)
    assert found.message if isinstance(found, MissingReply) else found.text.strip()


@pytest.mark.parametrize("retry_after", RETRY_AFTER)
def test_an_odd_retry_after_is_waited_for_within_the_limit_of_the_turn(retry_after: str) -> None:
    found = said(b"", status=429, headers={"retry-after": retry_after}, attempts=2, timeout_s=0.2)
    assert isinstance(found, MissingReply)
    assert "status 429" in found.message or "did not answer within" in found.message


def test_an_answer_that_is_nested_too_deeply_is_missing_and_says_so() -> None:
    for opening, closing in (("[", "]"), ('{"response":', "}")):
        found = said((opening * DEEP + "1" + closing * DEEP).encode(), max_kib=16_384)
        assert isinstance(found, MissingReply)
        assert "nested too deeply" in found.message
    packets = f"0{'[' * DEEP}".encode()
    found = said(packets, protocol="socketio", path="/socket.io/", preset="dialoguekit", acts="message.acts", text="message.text")
    assert isinstance(found, MissingReply)
    assert "not JSON" in found.message


def test_an_act_that_is_a_nest_of_lists_is_no_act() -> None:
    nest = json.loads("[" * 400 + "]" * 400)
    found = said(json.dumps({"response": "Hello there", "acts": [nest, {"goodbye": 1}]}).encode())
    assert isinstance(found, Recommendation)
    assert found.act == "chat"


def test_a_text_that_is_no_turn_is_missing_and_is_not_searched_for_titles() -> None:
    found = said(json.dumps({"response": "Orbit (2015)? " * 50_000}).encode())
    assert isinstance(found, MissingReply)
    assert "sent a text of 699999 characters at response; one turn may have 20000" in found.message


def test_of_a_ranking_no_more_is_read_than_a_turn_has_time_for() -> None:
    found = said(json.dumps({"response": "Hello there", "ranked": [f"no title {n}" for n in range(20_000)]}).encode())
    assert isinstance(found, Recommendation)
    assert found.n_ungrounded == http.MAX_LISTED
