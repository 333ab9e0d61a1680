"""Virtual environments beside the checkout that have the locked dependencies, and pip without an index."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCKED = sysconfig.get_path("purelib")
OFFLINE = ("--no-deps", "--no-index", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment of its own, and an empty folder to run in."""

    folder: Path
    elsewhere: Path

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.folder / "bin" / "python"

    @property
    def site(self) -> Path:
        """The folder that packages are installed into."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    def run(self, *words: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """What a command of this environment did in the empty folder; nothing of the caller's environment reaches it."""
        places = {"PATH": f"{self.python.parent}:/usr/bin:/bin", "HOME": str(self.elsewhere), "PREFECT_HOME": str(self.folder / "prefect")}
        variables = {**places, "DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", **environment}
        done = subprocess.run(words, cwd=self.elsewhere, env=variables, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def answer(self, code: str) -> Any:
        """What Python code prints as JSON in its last line."""
        return json.loads(self.run(str(self.python), "-c", code).stdout.splitlines()[-1])


def pip(*words: str) -> None:
    """Runs pip without an index."""
    done = subprocess.run([sys.executable, "-m", "pip", *words, *OFFLINE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def fresh_environment(folder: Path) -> Environment:
    """An environment with the locked dependencies and without understudy.

    The line of a .pth file adds the packages of the running interpreter. The .pth files among these are not read, so that
    neither the editable install nor the checkout can be imported.
    """
    environment = Environment(folder / "venv", folder / "elsewhere")
    environment.elsewhere.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment.folder)], check=True)
    (environment.site / "locked.pth").write_text(f"{LOCKED}\n", encoding="utf-8")
    return environment


def install(environment: Environment, *what: str) -> None:
    """Installs into an environment; the dist-info of the editable install among the locked packages is left alone."""
    pip("--python", str(environment.python), "install", "--ignore-installed", "--no-build-isolation", *what)
