"""Trains the head of the shipped reaction instrument on the train side of the labelled set, and writes it beside the instrument.

    make reactions        # an environment of its own with JAX, which the product does not need

The packaged sentence encoder stays as it is but for corrections of low rank in its upper layers (Hu et al. 2022), which are trained
together with a linear head over the recommender's turn and the reply. Which kind of reaction a turn is (docs/instruments.md) is learnt
beside its class and left out of the head. `--leave-out NAME` leaves the replies of an author or a register out and tells how they are
read; with it nothing is written. `--with FILE` takes further turns along: another file of labels, or those of
ReDial with their text (`labelled.py`).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEAD = ROOT / "understudy" / "instruments" / "shipped" / "english.npz"
CLASSES = ("accept", "reject", "neither")
KINDS = (
    "takes", "likes", "interest", "declines", "fact", "wish", "question", "seen", "unknown", "thanks", "restated", "condition",
    "smalltalk", "ignored", "other",
)  # fmt: skip
WIDTH, N_HEADS, N_LAYERS = 384, 12, 6
# (rows of pieces in the first text from its start and its end, the same of the second): as understudy/instruments/shipped/model.py
PREVIOUS_PIECES, TEXT_PIECES, FIRST, BETWEEN = (4, 20), (36, 20), 101, 102
ROW, N_ROWS, MOST_IN_A_ROW = 128, 12, 10
Tree = Any


@dataclass(frozen=True)
class Dials:
    """What training depends on; all of it was chosen on the train side."""

    seed: int = 0
    n_frozen: int = 2
    rank: int = 8
    epochs: int = 14
    rate: float = 1.5e-3
    dropout: float = 0.1
    smoothing: float = 0.05
    kinds_weight: float = 0.3


def frozen(tensors: Mapping[str, np.ndarray]) -> Tree:
    """The packaged weights in the form of `forward`."""
    layers = []
    for place in range(N_LAYERS):
        def own(name: str, place: int = place) -> np.ndarray:
            return tensors[f"encoder.layer.{place}.{name}"]

        parts = ("query", "key", "value")
        layers.append({
            "qkv": np.concatenate([own(f"attention.self.{part}.weight") for part in parts]).T,
            "qkv_b": np.concatenate([own(f"attention.self.{part}.bias") for part in parts]),
            "o": own("attention.output.dense.weight").T, "o_b": own("attention.output.dense.bias"),
            "i": own("intermediate.dense.weight").T, "i_b": own("intermediate.dense.bias"),
            "w2": own("output.dense.weight").T, "w2_b": own("output.dense.bias"),
            "n1": (own("attention.output.LayerNorm.weight"), own("attention.output.LayerNorm.bias")),
            "n2": (own("output.LayerNorm.weight"), own("output.LayerNorm.bias")),
        })  # fmt: skip
    words, places = (tensors[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position"))
    norm = tuple(tensors[f"embeddings.LayerNorm.{end}"] for end in ("weight", "bias"))
    return jax.tree.map(jnp.asarray, {"layers": layers, "norm": norm, "words": words, "places": places})


def fresh(tensors: Mapping[str, np.ndarray], dials: Dials) -> Tree:
    """What is trained, as it begins: corrections that change nothing, and a head near zero."""
    rng = np.random.default_rng(dials.seed)
    sizes = {"qkv": (WIDTH, 3 * WIDTH), "o": (WIDTH, WIDTH), "i": (WIDTH, 4 * WIDTH), "w2": (4 * WIDTH, WIDTH)}
    lora = {
        f"{place}": {
            name: (rng.normal(0, n_in**-0.5, (n_in, dials.rank)).astype(np.float32), np.zeros((dials.rank, n_out), np.float32))
            for name, (n_in, n_out) in sizes.items()
        }
        for place in range(dials.n_frozen, N_LAYERS)
    }
    heads = {
        name: (rng.normal(0, 0.02, (2 * WIDTH, len(names))).astype(np.float32), np.zeros(len(names), np.float32))
        for name, names in (("classes", CLASSES), ("kinds", KINDS))
    }
    return jax.tree.map(jnp.asarray, {"lora": lora, "heads": heads, "types": tensors["embeddings.token_type_embeddings.weight"].copy()})


def forward(trained: Tree, base: Tree, rows: Mapping[str, jax.Array], dials: Dials, key: jax.Array | None) -> tuple[jax.Array, jax.Array]:
    """Scores of classes and of kinds, (n_rows, MOST_IN_A_ROW, ·); several pairs stand in a row and attend to themselves alone."""

    def dropped(x: jax.Array, place: int) -> jax.Array:
        if key is None:
            return x
        return jnp.where(jax.random.bernoulli(jax.random.fold_in(key, place), 1 - dials.dropout, x.shape), x / (1 - dials.dropout), 0)

    n, length = rows["pieces"].shape
    x = _normed(base["words"][rows["pieces"]] + base["places"][rows["places"]] + trained["types"][rows["kinds"]], base["norm"])
    alone = jnp.where((rows["pair"][:, :, None] == rows["pair"][:, None, :])[:, None], 0.0, -1e9)
    for place, layer in enumerate(base["layers"]):
        own = trained["lora"].get(f"{place}")

        def times(x: jax.Array, name: str, layer: Tree = layer, own: Tree = own) -> jax.Array:
            out = x @ layer[name] + layer[f"{name}_b"]
            return out if own is None else out + (x @ own[name][0]) @ own[name][1]

        query, keys, value = times(x, "qkv").reshape(n, length, 3, N_HEADS, -1).transpose(2, 0, 3, 1, 4)
        weights = jax.nn.softmax(query @ keys.swapaxes(-1, -2) / np.sqrt(WIDTH // N_HEADS) + alone, axis=-1)
        heard = (weights @ value).transpose(0, 2, 1, 3).reshape(n, length, WIDTH)
        x = _normed(x + dropped(times(heard, "o"), 2 * place), layer["n1"])
        x = _normed(x + dropped(times(jax.nn.gelu(times(x, "i"), approximate=True), "w2"), 2 * place + 1), layer["n2"])
    member = jax.nn.one_hot(rows["pair"], MOST_IN_A_ROW)
    second = member * rows["kinds"][..., None]
    mean = jnp.einsum("nlm,nlw->nmw", second, x) / jnp.maximum(second.sum(1)[..., None], 1)
    first = jnp.einsum("nlm,nlw->nmw", member * (rows["places"] == 0)[..., None], x)
    vectors = jnp.concatenate([first, mean], -1)
    classes, kinds = (vectors @ trained["heads"][name][0] + trained["heads"][name][1] for name in ("classes", "kinds"))
    return classes, kinds


def _normed(x: jax.Array, norm: tuple[jax.Array, jax.Array]) -> jax.Array:
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-12) * norm[0] + norm[1]


class Packer:
    """Lays pairs of texts into rows of fixed length, so that one shape is compiled and little of it is padding."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def pieces(self, previous: str, text: str) -> tuple[list[int], list[int]]:
        """Word pieces of both texts with marks, and to which of them each belongs."""
        one, two = (self.tokenizer.encode(" ".join(part.split()), add_special_tokens=False).ids for part in (previous, text))
        one, two = _cut(one, *PREVIOUS_PIECES), _cut(two, *TEXT_PIECES)
        return [FIRST, *one, BETWEEN, *two, BETWEEN], [0] * (len(one) + 2) + [1] * (len(two) + 1)

    def batches(self, turns: Sequence[Mapping[str, Any]], rng: random.Random | None) -> Iterator[dict[str, np.ndarray]]:
        """Batches of all turns; with `rng` in a random order and with the changes of `_varied`. `at` is the place among `turns`."""
        order = list(range(len(turns)))
        if rng:
            rng.shuffle(order)
        rows: list[list[tuple[int, list[int], list[int]]]] = []
        for at in order:
            turn = turns[at]
            said = _varied(turn["previous"], turn["text"], rng) if rng else (turn["previous"], turn["text"])
            pieces, kinds = self.pieces(*said)
            row = next((one for one in rows[-2 * N_ROWS :] if len(one) < MOST_IN_A_ROW and _size(one) + len(pieces) <= ROW), None)
            if row is None:
                rows.append(row := [])
            row.append((at, pieces, kinds))
        for start in range(0, len(rows), N_ROWS):
            yield _batch(rows[start : start + N_ROWS], turns)


def _size(row: Sequence[tuple[int, list[int], list[int]]]) -> int:
    return sum(len(pieces) for _, pieces, _ in row)


def _cut(pieces: list[int], first: int, last: int) -> list[int]:
    return pieces if len(pieces) <= first + last else [*pieces[:first], *pieces[-last:]]


def _batch(rows: Sequence[Sequence[tuple[int, list[int], list[int]]]], turns: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    found = {name: np.zeros((N_ROWS, ROW), np.int32) for name in ("pieces", "places", "kinds")}
    found["pair"] = np.full((N_ROWS, ROW), -1, np.int32)
    found |= {name: np.zeros((N_ROWS, MOST_IN_A_ROW), np.int32) for name in ("class", "sort")}
    found |= {"weight": np.zeros((N_ROWS, MOST_IN_A_ROW), np.float32), "at": np.full((N_ROWS, MOST_IN_A_ROW), -1, np.int32)}
    for n, row in enumerate(rows):
        end = 0
        for m, (at, pieces, kinds) in enumerate(row):
            here = slice(end, end + len(pieces))
            found["pieces"][n, here], found["places"][n, here], found["kinds"][n, here] = pieces, np.arange(len(pieces)), kinds
            found["pair"][n, here] = m
            end += len(pieces)
            turn = turns[at]
            found["class"][n, m], found["at"][n, m] = CLASSES.index(turn["label"]), at
            found["sort"][n, m] = KINDS.index(turn["kind"] if turn["kind"] in KINDS else "other")
            found["weight"][n, m] = turn.get("weight", 1.0)
    return found


def _varied(previous: str, text: str, rng: random.Random) -> tuple[str, str]:
    """The pair as somebody else might have typed it: without punctuation, with a slip, without what was said before the last sentence."""
    if rng.random() < 0.25:
        text = re.sub(r"[^\w\s]", "", text) or text
    if rng.random() < 0.2:
        text = _slipped(text, rng)
    if rng.random() < 0.15:
        previous = re.sub(r"[^\w\s?]", "", previous)
    if rng.random() < 0.1:
        previous = re.split(r"(?<=[.!?])\s+", previous)[-1]
    if rng.random() < 0.05:
        previous = ""
    return previous, text


def _slipped(text: str, rng: random.Random) -> str:
    letters = list(text)
    for _ in range(1 + len(letters) // 40):
        if len(letters) < 4:
            break
        at, draw = rng.randrange(1, len(letters) - 1), rng.random()
        if draw < 0.4:
            letters[at], letters[at - 1] = letters[at - 1], letters[at]
        elif draw < 0.8:
            del letters[at]
        else:
            letters.insert(at, letters[at])
    return "".join(letters)


def trained(
    turns: Sequence[Mapping[str, Any]], base: Tree, packer: Packer, start: Tree, dials: Dials, *, kept: Path | None = None
) -> Tree:
    """What is learnt from the turns (previous, text, label, kind); after each epoch it is written to `kept`."""
    steps = dials.epochs * (len(list(packer.batches(turns, None))) + 1)
    schedule = optax.warmup_cosine_decay_schedule(0.0, dials.rate, steps // 10, steps, dials.rate / 50)
    rule = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=0.02))

    def loss(tree: Tree, base: Tree, batch: Mapping[str, jax.Array], key: jax.Array) -> jax.Array:
        classes, kinds = forward(tree, base, batch, dials, key)
        wanted = jax.nn.one_hot(batch["class"], len(CLASSES)) * (1 - dials.smoothing) + dials.smoothing / len(CLASSES)
        of_class = -(wanted * jax.nn.log_softmax(classes)).sum(-1)
        of_kind = -jnp.take_along_axis(jax.nn.log_softmax(kinds), batch["sort"][..., None], -1)[..., 0]
        return ((of_class + dials.kinds_weight * of_kind) * batch["weight"]).sum() / batch["weight"].sum()

    @jax.jit
    def step(tree: Tree, state: Tree, base: Tree, batch: Mapping[str, jax.Array], key: jax.Array) -> tuple[Tree, Tree, jax.Array]:
        value, slope = jax.value_and_grad(loss)(tree, base, batch, key)
        change, state = rule.update(slope, state, tree)
        return optax.apply_updates(tree, change), state, value

    tree, state, rng, key, began = start, rule.init(start), random.Random(dials.seed), jax.random.PRNGKey(dials.seed), time.time()
    for epoch in range(dials.epochs):
        losses = []
        for batch in packer.batches(turns, rng):
            key, now = jax.random.split(key)
            tree, state, value = step(tree, state, base, batch, now)
            losses.append(float(value))
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, {time.time() - began:.0f} s", file=sys.stderr, flush=True)
        if kept is not None:
            np.savez_compressed(kept, **head_of(tree))
    return tree


_scored = jax.jit(lambda tree, base, batch, dials: forward(tree, base, batch, dials, None)[0], static_argnums=3)


def read(turns: Sequence[Mapping[str, Any]], tree: Tree, base: Tree, packer: Packer, dials: Dials) -> list[str]:
    """The class of each turn."""
    found = [""] * len(turns)
    for batch in packer.batches(turns, None):
        scores = np.asarray(_scored(tree, base, batch, dials))
        for place in np.argwhere(batch["at"] >= 0):
            found[batch["at"][tuple(place)]] = CLASSES[int(scores[tuple(place)].argmax())]
    return found


def head_of(tree: Tree) -> dict[str, np.ndarray]:
    """The numbers that the instrument reads with, in half precision but for the head itself."""
    lora = {f"lora/{place}/{name}{side}": np.asarray(pair[at], np.float16)
            for place, own in tree["lora"].items() for name, pair in own.items() for at, side in enumerate("AB")}  # fmt: skip
    weights, intercepts = (np.asarray(one, np.float32) for one in tree["heads"]["classes"])
    return {**lora, "kinds": np.asarray(tree["types"], np.float32), "weights": weights, "intercepts": intercepts}


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """The mean over classes of F1."""
    each = []
    for name in CLASSES:
        hit = sum(a == b == name for a, b in zip(truth, said, strict=True))
        each.append(2 * hit / max(sum(one == name for one in (*truth, *said)), 1))
    return float(np.mean(each))


def main() -> None:
    """Trains on all of the train side and writes the head; with `--leave-out` tells how what was left out is read."""
    from understudy.doors.sentence_weights import sentence_weights

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leave-out", help="a source or a register of the train side")
    parser.add_argument("--out", type=Path, default=HEAD)
    parser.add_argument("--with", type=Path, action="append", default=[], dest="more", help="JSON lines, or a file of labels")
    for name in ("epochs", "rank", "n_frozen"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Dials, name))
    given = parser.parse_args()
    dials, weights = Dials(epochs=given.epochs, rank=given.rank, n_frozen=given.n_frozen), sentence_weights()
    packer, base = Packer(weights.pieces()), frozen(weights.tensors)
    turns = [one for file in (labelled.FILE, *given.more) for one in labelled.of_train(file)]
    kept = [one for one in turns if given.leave_out not in (one["source"], one["register"])]
    print(f"{len(kept)} of {len(turns)} turns of the train side", file=sys.stderr)
    writes = given.out if given.leave_out is None else None
    tree = trained(kept, base, packer, fresh(weights.tensors, dials), dials, kept=writes)
    if writes is not None:
        return
    out = [one for one in turns if one not in kept]
    said = read(out, tree, base, packer, dials)
    print(json.dumps({"left_out": given.leave_out, "n": len(out), "macro_f1": round(macro_f1([one["label"] for one in out], said), 3)}))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    import labelled

    main()
