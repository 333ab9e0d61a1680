"""Known weaknesses of the packages that a lock pins: `python tests/audit_dependencies.py LOCK` (`make audit-deps`).

Asks pip-audit, whose database is on the network. It ends with 0 where every package was looked up and none is known to be weak, with 3
where one is, and with 4 where the answer is *not measured*, with the reason: pip-audit itself ends with 0 for a package that its
database does not have.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NONE_KNOWN, SOME_KNOWN, NOT_MEASURED = 0, 3, 4
_SHOWN = 5
_TIMEOUT_S = 600
Answer = tuple[int, list[str]]


def main(arguments: Sequence[str]) -> int:
    """0, 3 or 4, after it was told."""
    lock = Path(arguments[0] if arguments else "requirements.lock")
    code, told = asked(lock)
    print("\n".join(told))
    return code


def asked(lock: Path) -> Answer:
    """The exit code and what is told of a lock."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--require-hashes", "--disable-pip", "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
        report = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return NOT_MEASURED, [f"not measured: pip-audit gave no report ({last_line(error, locals().get('done'))})"]
    return answer_of(report)


def last_line(error: Exception, done: subprocess.CompletedProcess[str] | None) -> str:
    """The last line that pip-audit wrote on standard error; the error itself where it wrote none."""
    lines = done.stderr.strip().split("\n") if done is not None else []
    return lines[-1] if lines and lines[-1] else str(error)


def answer_of(report: Mapping[str, Any]) -> Answer:
    """The exit code and what is told of pip-audit's report."""
    packages = report["dependencies"]
    if not packages:
        return NOT_MEASURED, ["not measured: the report names no package"]
    weak = [f"{one['name']} {one['version']}: {each['id']}{_mended(each)}" for one in packages for each in one.get("vulns", ())]
    skipped = [one["skip_reason"] for one in packages if "skip_reason" in one]
    told = [f"{len(packages) - len(skipped)} of {len(packages)} packages were looked up; {len(weak)} weaknesses are known", *weak]
    if skipped:
        more = f"; and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
        told.append(f"not measured: {len(skipped)} packages: {'; '.join(skipped[:_SHOWN])}{more}")
    return SOME_KNOWN if weak else NOT_MEASURED if skipped else NONE_KNOWN, told


def _mended(weakness: Mapping[str, Any]) -> str:
    versions = ", ".join(weakness.get("fix_versions", ()))
    return f", mended in {versions}" if versions else ", mended in no version yet"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
