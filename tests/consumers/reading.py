"""What each consumer reads of a release, run in the environment of the consumers: `python reading.py NAME PATH`, answered as JSON.

Nothing of understudy is imported here. Each function reads a file or a folder as a person would who knows the consumer alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def load_dataset(folder: str) -> Any:
    """Configuration → part → columns and rows, as `datasets.load_dataset` reads the folder."""
    import datasets

    found = {}
    for config in datasets.get_dataset_config_names(folder):
        loaded = datasets.load_dataset(folder, config)
        found[config] = {split: [dict(row) for row in rows] for split, rows in loaded.items()}
    default = datasets.load_dataset(folder)
    return {"configs": found, "default": {split: rows.num_rows for split, rows in default.items()}}


def json_lines(path: str) -> Any:
    """Rows of a file of JSON lines, as `datasets` reads it."""
    import datasets

    return [dict(row) for row in datasets.load_dataset("json", data_files=path)["train"]]


def croissant(path: str) -> Any:
    """Errors and warnings of `mlcroissant`, and the first record of each set."""
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=path)
    issues = dataset.metadata.ctx.issues
    first = {}
    for one in dataset.metadata.record_sets:
        records = list(dataset.records(record_set=one.uuid))
        first[one.uuid] = {"n": len(records), "first": _plain(records[0]) if records else None}
    return {"errors": sorted(issues.errors), "warnings": sorted(issues.warnings), "records": first}


def dialoguekit(path: str) -> Any:
    """Dialogues as DialogueKit has them: who said what, with annotations."""
    from dialoguekit.utils.dialogue_reader import json_to_dialogues

    return [
        {
            "id": one.conversation_id,
            "user": one.user_id,
            "said": [
                [turn.participant.name, turn.text, [[mark.key, mark.value] for mark in turn.annotations]] for turn in one.utterances
            ],
        }
        for one in json_to_dialogues(path)
    ]


def crslab(path: str) -> Any:
    """Conversations as CRSLab's data sets convert them: speakers alternate, words and items become numbers by a vocabulary."""
    with open(path, encoding="utf-8") as file:
        conversations = json.load(file)
    words = sorted({word for one in conversations for said in one["dialog"] for word in said["text"]})
    entities = sorted({name for one in conversations for said in one["dialog"] for name in (*said["movies"], *said["entity"])})
    numbers, ids = ({name: at for at, name in enumerate(names)} for names in (words, entities))
    found = []
    for one in conversations:
        last, turns = None, []
        for said in one["dialog"]:
            assert said["role"] != last, "CRSLab expects that speakers alternate"
            last = said["role"]
            assert said["role"] in ("Seeker", "Recommender")
            turns.append({
                "role": said["role"], "text": [numbers[word] for word in said["text"]],
                "movie": [ids[movie] for movie in said["movies"] if movie in ids], "words": " ".join(said["text"]),
            })  # fmt: skip
        found.append({"conv_id": one["conv_id"], "turns": turns})
    return found


def pandas(path: str) -> Any:
    """Rows as pandas reads them."""
    import pandas

    frame = pandas.read_parquet(path) if path.endswith(".parquet") else pandas.read_json(path, lines=True, dtype=False)
    return json.loads(frame.to_json(orient="records"))


def polars(path: str) -> Any:
    """Rows as polars reads them."""
    import polars

    return (polars.read_parquet(path) if path.endswith(".parquet") else polars.read_ndjson(path, infer_schema_length=None)).to_dicts()


def duckdb(path: str) -> Any:
    """Rows as DuckDB reads them."""
    import duckdb

    read = "read_parquet" if path.endswith(".parquet") else "read_json_auto"
    found = duckdb.execute(f"select * from {read}(?)", [path])
    names = [one[0] for one in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def chat_template(path: str) -> Any:
    """Each chat as the template format of `transformers`' tokenizers renders it."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    template = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")))
    with open(path, encoding="utf-8") as file:
        chats = [json.loads(line)["messages"] for line in file]
    return [tokenizer.apply_chat_template(chat, chat_template=template, tokenize=False) for chat in chats]


def hub(address: str) -> Any:
    """Rows of the default configuration of a repository of a hub: `ENDPOINT OWNER/NAME`."""
    import os

    endpoint, _, name = address.partition(" ")
    os.environ["HF_ENDPOINT"] = endpoint
    import datasets

    return {split: rows.num_rows for split, rows in datasets.load_dataset(name).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


READERS: dict[str, Callable[[str], Any]] = {
    one.__name__: one for one in (load_dataset, json_lines, croissant, dialoguekit, crslab, pandas, polars, duckdb, chat_template, hub)
}

if __name__ == "__main__":
    print(json.dumps(READERS[sys.argv[1]](sys.argv[2]), ensure_ascii=False, default=str))
