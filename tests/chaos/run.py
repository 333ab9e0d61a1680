"""The campaign: `make chaos`. Trials that have a result are not tried again; `--again SECTION` forgets those of a section."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.chaos import damage, kills, models, page, words  # noqa: E402
from tests.chaos.results import forget, kept  # noqa: E402

PARTS: dict[str, Callable[[Path], None]] = {"kills": kills.run, "damage": damage.run, "words": words.run, "models": models.run}


def main() -> None:
    """Tries what was asked for, and writes the page. Ends with 1 where something did not hold."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "understudy-chaos")
    asked.add_argument("--only", choices=PARTS, action="append", help="a part of the campaign")
    asked.add_argument("--again", choices=page.PROMISES, action="append", help="a section whose results are forgotten first")
    asked.add_argument("--page", action="store_true", help="write the page from the results that are there, and try nothing")
    given = asked.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    forget(given.again or [])
    for name in () if given.page else given.only or PARTS:
        PARTS[name](given.folder)
    print(page.write())
    raise SystemExit(any(one.n_held < one.n for one in kept().values()))


if __name__ == "__main__":
    main()
