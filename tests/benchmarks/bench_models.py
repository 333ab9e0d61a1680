"""What a language model makes of a seeker's prompt: free runs of one setting on the scenarios that `compare` plays, and how they end.

    python tests/benchmarks/bench_models.py FOLDER --model openai/NAME --api-base http://127.0.0.1:8101/v1 --work WORK

FOLDER holds ReDial's logs in their layout (`examples/sample` by default). WORK keeps the store and what each call took, so the same
command goes on where it was. Of N free runs two sevenths are those of the finalists' panel (24 of 84 with the former defaults) and the
others those of the report. With `--api-base` calls pass through a proxy on loopback that notes the server's own counts; a model of
another kind is known by its ledger alone. `--export FILE` writes the seeker's replies as JSON lines {model, reason, text}, packed.

It keeps to what has been stable: it runs on older versions of the code too, for which the questions that they cannot answer are null.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from time import perf_counter
from typing import Any

import httpx

from understudy.doors.store import Store
from understudy.parameters import Models, PanelSize, RunOptions
from understudy.play.panels import Panel
from understudy.prompt.setting import load_setting, seed_genome
from understudy.records import CHOOSING, REPORTING
from understudy.rows import played as rows
from understudy.rows.handle import Humans
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.play.evaluation import performed
from understudy.tasks.play.opened import OpenRun, models_open, store_open
from understudy.tasks.profile.dataset import profile_dataset

DATASET = "measured"
N_AT_ONCE = 4
SERVED_S = 900.0
Fields = dict[str, Any]


def main() -> None:
    """Plays what is missing and prints the table and the JSON."""
    asked = _asked()
    asked.work.mkdir(parents=True, exist_ok=True)
    store, noted = asked.work / "measured.duckdb", asked.work / f"calls-{_plain(asked.model)}.jsonl"
    _profiled(store, asked.folder)
    with _measured(asked.api_base, noted) as base:
        models = Models(seeker=asked.model, api_base=base, concurrency=asked.concurrency, timeout_s=SERVED_S, **_served(asked))
        options = RunOptions(store=store, seed=asked.seed, models=models)
        with store_open(store) as there, models_open(DATASET, options, there) as opened:
            played = _played(opened, asked.setting, asked.n)
            fields = {"model": asked.model, "setting": asked.setting, **_outcomes(opened, played), **_calls(noted)}
            if asked.export is not None:
                fields["n_exported"] = export(there, opened.cast.seeker, asked.export, most=asked.most)
    print(table(fields))
    print(json.dumps(fields))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parents[2] / "examples" / "sample")
    parser.add_argument("--model", required=True)
    parser.add_argument("--api-base")
    parser.add_argument("--setting", default="zero_shot")
    parser.add_argument("--seeker-side", choices=("assistant", "user"), default="assistant", help="of a local model's chat")
    parser.add_argument("--threads", type=int, help="of a local model")
    parser.add_argument("--n", type=int, default=84)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--export", type=Path, help="file for the seeker's replies; give texts of the bundled sample only")
    parser.add_argument("--most", type=int, default=200, help="replies that are exported at most")
    return parser.parse_args()


def _served(asked: argparse.Namespace) -> Fields:
    """How a local model is served, where that is not the default, which older versions do not know."""
    given = {"threads": asked.threads} if asked.threads else {}
    side = {"seeker_side": asked.seeker_side} if asked.seeker_side != "assistant" else {}
    return {"local": {**given, **side}} if given or side else {}


def _plain(model: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in model)


def _profiled(store: Path, folder: Path) -> None:
    """Makes the store with the logs where it is not there yet."""
    with Store.open(store) as there:
        if not there.rows("profile/latest", dataset=DATASET):
            ingest_logs.fn(there, "redial", [str(folder)], dataset=DATASET)
            profile_dataset.fn(there, DATASET)


def panels(humans: Humans, n: int, *, seed: int) -> list[tuple[str, Panel]]:
    """Split and panel of the free runs alone: those of the finalists, then those of the report."""
    n_choosing = round(n * 2 / 7)
    parts = ((CHOOSING, n_choosing), (REPORTING, n - n_choosing))
    drawn = [(split, humans.panel(split, PanelSize(per_stratum=1, behaviour=4, free=size), seed=seed)) for split, size in parts if size]
    return [(split, Panel((), (), one.free, one.replicate)) for split, one in drawn]


def _played(opened: OpenRun, setting: str, n: int) -> list[Any]:
    """Every free run in order; a few at once are played and kept."""
    genome = seed_genome(load_setting(setting), sorted(opened.humans.exemplars), seed=opened.options.seed)
    with opened.store.transaction():
        rows.keep_genomes(opened.store, [genome], setting=setting)
    out: list[Any] = []
    for split, panel in panels(opened.humans, n, seed=opened.options.seed):
        for at in range(0, len(panel.free), N_AT_ONCE):
            part = Panel((), (), panel.free[at : at + N_AT_ONCE], panel.replicate)
            played, fresh = performed(opened, opened.work(genome.digest, part, split=split))
            with opened.store.transaction():
                kept = [one for one in fresh if one.status != "missing"]
                rows.keep_played(opened.store, kept, profile_key=opened.humans.profile_key)
            out += played
            print(f"{len(out)} of {n}", flush=True)
    return out


def _outcomes(opened: OpenRun, played: Sequence[Any]) -> Fields:
    ended = [one for one in played if one.status in ("complete", "capped")]
    again: Counter[str] = Counter()
    known = all(getattr(one, "asked_again", None) is not None for one in played)
    for one in played if known else ():
        again.update(one.asked_again)
    return {
        "n": len(played),
        "valid": len(ended) / len(played),
        "n_missing": sum(one.status == "missing" for one in played),
        "invalid": dict(Counter(one.reason for one in played if one.status == "invalid")),
        "asked_again": dict(again) if known else None,
        "n_cut": sum(one.n_cut or 0 for one in played),
        "n_stripped": sum(one.n_stripped or 0 for one in played),
        "n_seeker_turns": sum(turn.role == "seeker" for one in played for turn in one.turns),
        "endings": dict(Counter("cap" if one.status == "capped" else one.reason for one in ended)),
        "human_endings": _human_endings(opened, {one.dialogue_id for one in played}),
        "title_in_prompt": sum(one.title_in_prompt for one in played),
    }


def _human_endings(opened: OpenRun, dialogue_ids: set[str]) -> Fields | None:
    try:
        from understudy.play.endings import endings
    except ImportError:
        return None
    behind = [one for one in opened.humans.dialogues() if one.dialogue_id in dialogue_ids]
    return {name: n for name, n in endings([[(turn.role, turn.text) for turn in one.turns] for one in behind]).items() if n}


def _calls(noted: Path) -> Fields:
    """Means over the calls that the proxy has seen; null without a proxy."""
    calls = [json.loads(line) for line in noted.read_text("utf-8").splitlines()] if noted.exists() else []
    names = ("prompt_tokens", "computed_tokens", "cached_tokens", "completion_tokens", "seconds")
    known = {name: [one[name] for one in calls if one[name] is not None] for name in names}
    means = {f"{name}_a_call": statistics.mean(values) if values else None for name, values in known.items()}
    return {"n_calls": len(calls) or None, "n_replies_cut": sum(one["is_cut"] for one in calls) if calls else None, **means}


def table(fields: Fields) -> str:
    """The fields as rows of Markdown."""
    lines = ["| figure | value |", "|---|---|"]
    for name, value in fields.items():
        told = ", ".join(f"{key} {n}" for key, n in value.items()) or "none" if isinstance(value, dict) else value
        shown = "not measured" if told is None else f"{told:.3g}" if isinstance(told, float) else str(told)
        lines.append(f"| {name.replace('_', ' ')} | {shown} |")
    return "\n".join(lines)


def export(store: Store, model: str, path: Path, *, most: int) -> int:
    """How many of the seeker's replies were written: raw texts of the ledger with the reason that the code finds in the words alone.

    An echo of the recommender's turn and a cut are found with what was asked, which the ledger does not keep: of these, only those of
    the instructions and those whose finish says so are named. The reasons are to be put right by reading each reply.
    """
    from understudy.prompt import template
    from understudy.prompt.faults import fault_in, is_whole
    from understudy.prompt.speech import cleaned

    instructions = template.instructions(load_setting("zero_shot").genome, ())
    lines = []
    for row in store.rows("play/seeker_replies", model=model):
        reply = cleaned(row["text"])
        cut = row["finish_reason"] == "length" and not is_whole(reply.text)
        reason = reply.fault or fault_in(reply.text, instructions=instructions) or ("cut" if cut else "")
        lines.append(json.dumps({"model": model, "reason": reason, "is_cut": row["finish_reason"] == "length", "text": row["text"]}))
    chosen = sorted(set(lines))[:most]
    path.write_bytes(gzip.compress("\n".join(chosen).encode("utf-8"), mtime=0))
    return len(chosen)


@contextmanager
def _measured(base: str | None, noted: Path) -> Iterator[str | None]:
    """The address of a proxy before a server, which notes what each call took; None without a server."""
    if base is None:
        yield None
        return
    lock, client = Lock(), httpx.Client(timeout=SERVED_S)

    class Passing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body, began = self.rfile.read(int(self.headers["Content-Length"])), perf_counter()
            answer = client.post(f"{base}{self.path.removeprefix('/v1')}", content=body, headers=_headers(self))
            took = perf_counter() - began
            if answer.status_code == httpx.codes.OK:
                with lock, noted.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(_note(answer.json(), took)) + "\n")
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        client.close()


def _headers(request: BaseHTTPRequestHandler) -> dict[str, str]:
    kept = {"Content-Type": "application/json"}
    if "Authorization" in request.headers:
        kept["Authorization"] = request.headers["Authorization"]
    return kept


def _note(answer: Fields, seconds: float) -> Fields:
    """What a reply says of its tokens; null for what its server does not say."""
    usage, timings = answer.get("usage") or {}, answer.get("timings") or {}
    prompt, cached = usage.get("prompt_tokens"), (usage.get("prompt_tokens_details") or {}).get("cached_tokens", timings.get("cache_n"))
    computed = timings.get("prompt_n", None if prompt is None or cached is None else prompt - cached)
    return {
        "prompt_tokens": prompt, "computed_tokens": computed, "cached_tokens": cached, "completion_tokens": usage.get("completion_tokens"),
        "seconds": seconds, "is_cut": answer["choices"][0].get("finish_reason") == "length",
    }  # fmt: skip


if __name__ == "__main__":
    main()
