"""The training sets of a TSTR: real dialogues, those of the seed prompt, those of the release, and a mix, all of equal size."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from understudy.errors import UnderstudyError
from understudy.keys import share_of
from understudy.studies.usefulness.conversations import HeardDialogue

VERSION = 1
Arm = Literal["real", "seed_prompt", "release", "mix"]
ARMS: tuple[Arm, ...] = ("real", "seed_prompt", "release", "mix")
SEEDS = (0, 1, 2, 3, 4)
# of the smallest set: what is left out tells how much hangs on which dialogues happen to be there
DRAWN_SHARE = 0.8
_N_NAMED = 3


@dataclass(frozen=True, slots=True)
class Pools:
    """Where the training sets are drawn from. `missing`: arm → why there is nothing to draw from."""

    real: Sequence[HeardDialogue]
    seed_prompt: Sequence[HeardDialogue]
    release: Sequence[HeardDialogue]
    missing: Mapping[Arm, str] = field(default_factory=dict)

    @property
    def reasons(self) -> dict[Arm, str]:
        """Arm → why it cannot be trained; the mix needs both of its halves."""
        known = {**{name: f"there is no dialogue of {name} to train on" for name, pool in self._pools() if not pool}, **self.missing}
        lacking = next((known[name] for name in ("real", "release") if name in known), None)
        return known if lacking is None else {"mix": lacking, **known}

    @property
    def size(self) -> int:
        """How many dialogues each training set has."""
        return int(DRAWN_SHARE * min((len(pool) for name, pool in self._pools() if name not in self.reasons), default=0))

    def spread_factor(self, arm: Arm) -> float:
        """s / (1 - s) for draws of the share s: how many times their variance is that of the set that they are drawn from.

        Half of the mix is drawn from each of two sets; the larger share counts.
        """
        pools = dict(self._pools())
        drawn_from = ((self.size, pools[arm]),) if arm != "mix" else ((self.size / 2, self.real), (self.size / 2, self.release))
        share = max(n / len(pool) for n, pool in drawn_from)
        return share / (1 - share)

    def drawn(self, seed: int) -> dict[Arm, list[HeardDialogue]]:
        """The training sets of one seed. A dialogue has the same place in the draw in whatever set it is."""
        pools = {name: _first(pool, self.size, seed) for name, pool in self._pools()}
        half = self.size // 2
        mixed = [*pools["real"][:half], *pools["release"][: self.size - half]]
        whole: dict[Arm, list[HeardDialogue]] = {**pools, "mix": mixed}
        return {name: one for name, one in whole.items() if name not in self.reasons}

    def _pools(self) -> tuple[tuple[Arm, Sequence[HeardDialogue]], ...]:
        return (("real", self.real), ("seed_prompt", self.seed_prompt), ("release", self.release))


def require_apart(training: Iterable[HeardDialogue], tested: Iterable[HeardDialogue], *, trainable: Collection[str]) -> None:
    """Raises UnderstudyError where a dialogue that is trained on is none of `trainable`, or shares dialogue or seeker with the test.

    `trainable`: the human dialogues of the split `search`, which synthetic ones may be made from.
    """
    known = list(tested)
    dialogues, seekers = {one.origin.source_id for one in known}, {one.origin.seeker_id for one in known}
    shared = [
        one.dialogue_id
        for one in training
        if one.origin.source_id in dialogues or one.origin.seeker_id in seekers or one.origin.source_id not in trainable
    ]
    if shared:
        raise UnderstudyError(
            f"{len(shared)} dialogues are trained on that are none of `search` or share a seeker with the test: "
            f"{', '.join(shared[:_N_NAMED])}",
            hint="run `understudy profile` again; splits that share people make every figure of a TSTR too good",
        )


def _first(pool: Sequence[HeardDialogue], n: int, seed: int) -> list[HeardDialogue]:
    return sorted(pool, key=lambda one: (share_of("tstr", VERSION, seed, one.dialogue_id), one.dialogue_id))[:n]
