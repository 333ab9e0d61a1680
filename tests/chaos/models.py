"""What models, recommenders and their servers send: faults, injections, and keys that come back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "doors"))

import fault_campaign

from tests.chaos.nights import PROFILED, begun, prepared
from tests.chaos.results import Result, keep, kept
from tests.doors.test_keys import UNDERSTUDY, echoing, leaks
from tests.play import obedient
from tests.play.test_attacks import ATTACKS, TALK, answers, scene, seeker_requests, with_attack
from understudy.doors.store import Store
from understudy.play.turn import request_of
from understudy.prompt.template import Exemplar

CAPS, INJECTIONS, PLANTED = "caps against a server of which a fifth of the requests fail", "prompt injections", "planted keys"
N_DIALOGUES = 200
PLAY = ("simulate", "--dataset", "sample", "--setting", "zero_shot", "--n", "4", "--no-report", "--events", "events.jsonl", "--json")
# a key as providers give them, one without any form, and credentials in an address
KEYS = ("sk-planted0123456789abcdefXYZ", "plantedwordswithoutanyform")
PASSWORD = "plantedpasswordofanaddress"


def run(folder: Path) -> None:
    """What has no result yet."""
    trials: dict[tuple[str, str], Callable[[], tuple[int, int, str]]] = {
        (CAPS, f"{N_DIALOGUES} dialogues"): _capped,
        (INJECTIONS, "rendered prompts of the seeker"): _injected,
        (INJECTIONS, "rendered prompts with examples"): _shown,
        **{(PLANTED, f"a command against a server that answers {status}"): (lambda status=status: _planted(folder, status))
           for status in (200, 401, 500)},
        (PLANTED, "credentials in addresses"): lambda: _addresses(folder),
    }  # fmt: skip
    for (section, name), trial in trials.items():
        if f"{section}/{name}" not in kept():
            n, n_held, told = trial()
            keep(Result(section, name, n, n_held, told))
            print(f"{section}: {name}: {n_held} of {n}: {told}", flush=True)


def _capped() -> tuple[int, int, str]:
    """A first run that its caps end, a second one that goes on, by the server's own log."""
    with tempfile.TemporaryDirectory() as place:
        found = fault_campaign.campaign(N_DIALOGUES, Path(place))
    try:
        fault_campaign.check(found, N_DIALOGUES)
    except AssertionError as error:
        return 1, 0, f"{error}: {found.told()}"
    return 1, 1, found.told().replace("\n", "; ")


def _injected() -> tuple[int, int, str]:
    """Every attack at every place of the seeker's prompt, sent to a model that obeys all that is not fenced."""
    n, won = 0, []
    for one in ATTACKS:
        for place, request in seeker_requests(one["text"]):
            n += 1
            if obedient.CODE_WORD in answers(obedient.Obedient(one["goal"]), request):
                won.append(f"{one['name']} in {place}")
    return n, n - len(won), "; ".join(won) or f"{len(ATTACKS)} attacks in logs, needs, titles and recommenders' replies; none is obeyed"


def _shown() -> tuple[int, int, str]:
    n, won = 0, []
    for one in ATTACKS:
        for at in (0, 1):
            n += 1
            request = request_of(scene(exemplars=(Exemplar("e1", with_attack(TALK, at, one["text"])),)), TALK, 2)
            if obedient.CODE_WORD in answers(obedient.Obedient(one["goal"], transcripts=True), request):
                won.append(one["name"])
    return n, n - len(won), "; ".join(won) or f"{len(ATTACKS)} attacks in few-shot examples; none is obeyed"


def _planted(folder: Path, status: int) -> tuple[int, int, str]:
    """A command with keys in its environment; then stores, logs, events, output and Prefect's own database are searched for them."""
    own, found = folder / f"planted-{status}", []
    n_files = 0
    for key in KEYS:
        _profiled(own, folder / "base")
        loud = {"PREFECT_LOGGING_LEVEL": "DEBUG", "LITELLM_LOG": "DEBUG", "PREFECT_HOME": str(own / "prefect"), "OPENAI_API_KEY": key}
        with echoing(status, replies=status == 200) as (address, seen):
            words = [UNDERSTUDY, *PLAY, "--model", "openai/gpt-4o-mini", "--api-base", address, "--concurrency", "4", "--calls", "60"]
            done = subprocess.run(words, cwd=own, env={**os.environ, **loud}, capture_output=True, text=True, check=False, timeout=900)
        (own / "printed").write_text(done.stdout + done.stderr, encoding="utf-8")
        if not any(key in one for one in seen):
            found.append("the key was never sent")
        if not (own / "prefect" / "prefect.db").is_file():
            found.append("Prefect kept no database")
        n_files += sum(path.is_file() for path in own.rglob("*"))
        found += [f"{key[:4]}… in {Path(path).name}" for path in leaks(key, own)]
    return len(KEYS), len(KEYS) - len(found), "; ".join(found) or f"sent to the server and found in none of {n_files} files"


def _profiled(own: Path, base: Path) -> None:
    """A fresh folder with a profiled store under the name that commands take by themselves."""
    for path in begun(own, prepared(base), PROFILED).glob("store.duckdb*"):
        path.rename(path.with_name(path.name.replace("store", "understudy")))


def _addresses(folder: Path) -> tuple[int, int, str]:
    own = folder / "addresses"
    _profiled(own, folder / "base")
    address = f"http://me:{PASSWORD}@127.0.0.1:9/v1"
    tried = (
        ["--model", "openai/x", "--api-base", address],
        ["--model", "openai/x", "--api-base", f"http://127.0.0.1:9/v1?key={PASSWORD}"],
        ["--recommender", f"http:messages:{address}"],
        ["--recommender", f"http:{address}"],
    )
    found = []
    for place, words in enumerate(tried):
        environment = {**os.environ, "PREFECT_HOME": str(own / "prefect")}
        done = subprocess.run(
            [UNDERSTUDY, *PLAY, *words], cwd=own, env=environment, capture_output=True, text=True, check=False, timeout=900
        )
        (own / f"printed-{place}").write_text(done.stdout + done.stderr, encoding="utf-8")
        if done.returncode != 2 or json.loads(done.stdout)["ok"]:
            found.append(f"{words[0]} {place} ended with {done.returncode}")
    found += [Path(path).name for path in leaks(PASSWORD, own)]
    with Store.open(own / "understudy.duckdb", read_only=True) as store:
        n_asked = store.rows("play/ledger_totals")[0]["n"]
    return len(tried), len(tried) - len(found), "; ".join(found) or f"each ended with 2, no file shows one, {n_asked} calls were made"
