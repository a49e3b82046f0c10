"""run.py and the lock files it installs from."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9-]*)==([^ ;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Package and version of every line of a lock."""
    return dict(PIN.findall((ROOT / name).read_text("utf-8")))


def wanted(requirements: list[str]) -> set[str]:
    """The names in a list of requirements, as a lock writes them."""
    return {re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    """A dependency that was added without `run.py lock` is noticed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    runtime, dev = pins(LOCKS[0]), pins(LOCKS[1])
    assert wanted(project["project"]["dependencies"]) <= runtime.keys()
    assert wanted(project["dependency-groups"]["dev"]) <= dev.keys()


def test_tests_run_on_the_versions_that_people_get() -> None:
    """Whatever both locks name has one version."""
    runtime, dev = pins(LOCKS[0]), pins(LOCKS[1])
    assert runtime == {name: dev.get(name) for name in runtime}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_and_hashes_everything(name: str) -> None:
    """The packages may come from any index, but only these bytes."""
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(pins(name))
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """run.py with these words, in a new Python."""
    return subprocess.run([sys.executable, ROOT / "run.py", *words], capture_output=True, text=True)


@pytest.mark.parametrize(("words", "status"), [(("--help",), 0), ((), 0), (("tset",), 2)])
def test_run_explains_itself(words: tuple[str, ...], status: int) -> None:
    """No word or a wrong one shows what there is; only the wrong one is an error."""
    done = run(*words)
    assert done.returncode == status
    assert "python3 run.py demo" in done.stdout


def test_an_unknown_benchmark_is_named() -> None:
    """One sentence, before an environment is made."""
    done = run("bench", "nothing-like-this")
    assert done.returncode == 1
    assert "nothing-like-this" in done.stderr
