"""Which language dialogues are in, and words of any script as Unicode segments them."""

from __future__ import annotations

import polars as pl
import pytest
import regex

from understudy.instruments import text
from understudy.instruments.language import Languages, language_of_each, languages_of

TEXTS = {
    "en": "hi, i would like to see a funny movie with my family tonight",
    "zh": "你好，我想看一部轻松的喜剧片，最好是最近几年的",
    "ja": "こんにちは、今夜見るコメディ映画を探しています",
    "ko": "안녕하세요 오늘 밤에 볼 코미디 영화를 찾고 있어요",
    "ru": "привет, я ищу смешной фильм на сегодняшний вечер",
    "ar": "مرحبا، أبحث عن فيلم كوميدي لهذه الليلة مع العائلة",
    "hi": "नमस्ते, मैं आज रात देखने के लिए एक कॉमेडी फिल्म ढूंढ रहा हूँ",
    "de": "hallo, ich suche einen lustigen Film für heute Abend mit meiner Familie",
    "es": "hola, busco una comedia ligera para ver con mi familia esta noche",
    "fr": "bonjour, je voudrais un film drôle pour ce soir avec ma famille",
    "th": "สวัสดี ฉันกำลังมองหาหนังตลกดูคืนนี้กับครอบครัว",
}
SEGMENTED = (
    *TEXTS.values(), "12th of 3 abc", "café cafe\u0301 naïve", "Star Wars第4集 is good", "ภาษา ភាសាខ្មែរ မြန်မာ ລາວ",
    "ﾊﾝｶｸ カタカナ コメディー", "👍 ok!", "我喜欢2010年的Inception",
)  # fmt: skip


def dialogues(*texts: str) -> pl.DataFrame:
    return pl.DataFrame([(f"d{at:03}", one) for at, one in enumerate(texts)], schema=["dialogue_id", "text"], orient="row")


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_the_language_of_a_dialogue_is_told(name: str) -> None:
    assert language_of_each([TEXTS[name]]) == [name]


def test_short_dialogues_are_told_with_their_neighbours() -> None:
    assert language_of_each(["hi", "something funny", "for my whole family if you please", "with a dog"]) == ["en", "en", "en", "unknown"]
    assert language_of_each(["ok", "no"]) == ["unknown", "unknown"]
    assert language_of_each([]) == []


def test_shares_are_of_dialogues_and_add_up_to_one() -> None:
    found = languages_of(dialogues(*[TEXTS["en"]] * 3, TEXTS["zh"], "ok"))
    assert found == Languages({"en": 0.6, "unknown": 0.2, "zh": 0.2}, 5)
    assert found.known_shares == pytest.approx({"en": 0.75, "zh": 0.25})


def test_an_instrument_reads_what_is_mostly_in_its_languages() -> None:
    assert Languages({"en": 0.95, "zh": 0.05}, 100).unread_by(("en",)) == ""
    assert Languages({"en": 0.5, "unknown": 0.5}, 10).unread_by(("en",)) == ""  # nothing else is told of the others
    assert Languages({"unknown": 1.0}, 3).unread_by(("en",)) == ""
    why = Languages({"zh": 0.6, "en": 0.4}, 10).unread_by(("en",))
    assert why == "language: the dialogues are in zh (60%), en (40%); the instrument reads en"
    assert Languages({"zh": 1.0}, 10).unread_by(("zh", "en")) == ""


def test_words_are_compared_in_the_same_languages_alone() -> None:
    english, chinese, mixed = Languages({"en": 1.0}, 9), Languages({"zh": 1.0}, 9), Languages({"en": 0.5, "zh": 0.5}, 9)
    assert english.apart_from(english) == mixed.apart_from(mixed) == english.apart_from(Languages()) == ""
    assert chinese.apart_from(english).startswith("language: the dialogues are in zh (100%), and those of the humans in en (100%);")
    assert mixed.apart_from(english)


@pytest.mark.parametrize("said", SEGMENTED)
def test_tokens_are_the_words_of_unicode_segmentation(said: str) -> None:
    words = [one for one in regex.split(r"\b", said, flags=regex.WORD | regex.V1) if regex.search(r"[\p{L}\p{N}]", one)]
    assert pl.DataFrame({"t": [said]}).select(text.tokens("t")).item().to_list() == words
