"""Which item a seeker of an audited file wants: one of the catalogue, one that the file itself describes, or a title and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from understudy.records import Item
from understudy.titles import titled

OUTSIDE = "target:"  # how the id of an item begins that is not in the catalogue
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Targets:
    """`items`: the catalogue; `by_title`: title or label, as words → its id; `theirs`: the items of the file, by the file's ids."""

    items: Mapping[str, Item]
    by_title: Mapping[str, str]
    theirs: Mapping[str, Item]

    @classmethod
    def of(cls, items: Mapping[str, Item], theirs: Iterable[Item] = ()) -> Targets:
        """The items of a data set and of a file; a bare title that two items of the catalogue share names neither."""
        bearers = Counter(words(item.title) for item in items.values())
        found = {words(item.label): item_id for item_id, item in items.items()}
        bare = {words(item.title): item_id for item_id, item in items.items() if bearers[words(item.title)] == 1}
        return cls(items, bare | found, {item.item_id: item for item in theirs})

    def named(self, given: str) -> Item | None:
        """The item that an id, a label or a title means; None where the text holds no word."""
        if given in self.items:
            return self.items[given]
        item = self.theirs.get(given)
        title, year = (item.title, item.year) if item else titled(given)
        known = self.by_title.get(words(item.label if item else given))
        if known is not None:
            return self.items[known]
        return Item(f"{OUTSIDE}{words(given)}", title, year) if words(title) else None


def words(text: str) -> str:
    """The words of a text in lower case, without punctuation, for comparing titles and turns."""
    return " ".join(_WORD.findall(text.casefold()))
