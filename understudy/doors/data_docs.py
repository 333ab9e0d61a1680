"""Data Docs of Great Expectations: a page for each suite that judged a batch, readable without a network.

The library's own pages load styles and scripts from other servers. What they would load is taken out here, and a small style of our own
put in, so that a page is one file that says everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from understudy.doors import folders

INDEX = "index.html"
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.IGNORECASE | re.DOTALL)
_LOADED = re.compile(r"<(?:link|img|iframe|source|script)\b[^>]*>", re.IGNORECASE | re.DOTALL)
_FOOTER = re.compile(r"<footer\b.*?</footer\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[a-z][^>]*>", re.IGNORECASE)
_HANDLER = re.compile(r"\son[a-z]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_IMPORT = re.compile(r"@import\s[^;]*;|url\(\s*['\"]?(?:https?:)?//[^)]*\)", re.IGNORECASE)
_STYLE = """<style>
body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 1em 0; }
td, th { border: 1px solid #ccc; padding: .3em .6em; text-align: left; vertical-align: top; }
.navbar, .modal, .btn, .fa, #ge-cta-footer, .col-lg-2 { display: none; }
</style>"""
_PAGE = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>{style}</head><body>{body}</body></html>\n"


def page_of(outcome: Any) -> str:
    """The library's own page of a validation result, without anything that is loaded from elsewhere."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    return offline(DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(outcome)))


def offline(html: str) -> str:
    """A page without scripts, without what would be loaded and without advertisement, in our own style."""
    bare = _IMPORT.sub("", _LOADED.sub("", _FOOTER.sub("", _SCRIPT.sub("", html))))
    bare = _TAG.sub(lambda tag: _HANDLER.sub("", tag[0]), bare)
    return bare.replace("</head>", f"{_STYLE}</head>", 1) if "</head>" in bare else f"{_STYLE}{bare}"


def folder_of(store: Path, batch_key: str, judgement: int) -> Path:
    """Where the pages of a judgement lie, beside the store."""
    return store.with_name(f"{store.name}.docs") / f"{batch_key}-{judgement}"


def written(folder: Path, pages: Mapping[str, str], *, title: str) -> Path:
    """The index of the pages (suite → HTML), once all are there. Raises BadInput where the folder cannot be written."""
    links = "".join(f'<li><a href="{escape(name)}.html">{escape(name)}</a></li>' for name in pages)
    index = _PAGE.format(title=escape(title), style=_STYLE, body=f"<h1>{escape(title)}</h1><ul>{links}</ul>")
    return folders.written(folder, {**{f"{name}.html": page for name, page in pages.items()}, INDEX: index})[INDEX]


def kept(store: Path, batch_key: str, judgement: int) -> Path | None:
    """The index of the pages of a judgement; None where they were not built, or somebody has removed them."""
    index = folder_of(store, batch_key, judgement) / INDEX
    return index if index.is_file() else None
