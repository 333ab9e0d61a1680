"""The frame of every page: it fits a telephone and a dark room, names its drawings, and lets no text become markup."""

from __future__ import annotations

from understudy.profile.pictures import page
from understudy.report.document import Document, Paragraph, as_html
from understudy.report.drawing import distribution_svg
from understudy.report.web import web_page

BAD = "<script>alert('x')</script>"


def test_every_page_fits_its_screen_and_the_mode_of_its_reader() -> None:
    svg = distribution_svg([1, 2, 3], [2, 3, 4], title="How long", axis="words")
    pages = (page({"turns": svg}, dataset=BAD), as_html(Document(BAD, [Paragraph(BAD)])), web_page(BAD, "<p>text</p>"))
    for text in pages:
        assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
        assert "prefers-color-scheme:dark" in text
        assert "color-scheme:light dark" in text
        assert "<script" not in text
        assert "&lt;script&gt;" in text
        assert "http" not in text.replace("http://www.w3.org", "")


def test_a_drawing_says_its_title() -> None:
    svg = distribution_svg([1, 2, 3], [2, 3, 4], title="Turns < 3 & more", axis="words")
    assert svg.startswith("<svg ")
    assert ' role="img"><title>Turns &lt; 3 &amp; more</title>' in svg
    assert svg.count("<title>") == 1
