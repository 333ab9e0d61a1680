"""The order in which scenes are played, so that a server finds the beginning of a prompt in its cache."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.play.scene import Scene


def in_playing_order(scenes: Sequence[Scene]) -> list[int]:
    """The places of scenes in the order in which they begin: of one prompt and one human dialogue together, shorter histories first.

    Free runs come last; everything else stays in its order.
    """
    first: dict[tuple[bool, str, str], int] = {}
    groups = [(scene.mode == "free", scene.genome.digest, scene.dialogue_id) for scene in scenes]
    for place, group in enumerate(groups):
        first.setdefault(group, place)
    return sorted(range(len(scenes)), key=lambda at: (groups[at][0], first[groups[at]], len(scenes[at].history), at))
