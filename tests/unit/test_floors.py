"""Import hygiene at run time: the engine and the command line never pay for the screen."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

FORBIDDEN = (
    "textual",
    "rich",
    "keyring",
    "pyrage",
    "oauthlib",
    "segno",
    "mailparser",
    "tomlkit",
    "pymap",
    "aiosmtpd",
    "cryptography",
    "dns",
)
"""What a module below must not pull in when it is imported; some of it comes later, when it is needed."""

MODULES = (
    "tui_mail",
    "tui_mail.model",
    "tui_mail.text",
    "tui_mail.errors",
    "tui_mail.paths",
    "tui_mail.client",
    "tui_mail.cli",
)

PACKAGES = ("tui_mail.config", "tui_mail.mime", "tui_mail.net", "tui_mail.store", "tui_mail.sync")
"""Imported with everything inside, but for what only the parser's own process imports."""

PARSER_ONLY = ("tui_mail.mime.parse", "tui_mail.mime.html")

REPORT = """
import importlib, json, pkgutil, sys
module = importlib.import_module(sys.argv[1])
for info in pkgutil.walk_packages(module.__path__, f"{module.__name__}.") if len(sys.argv) > 2 else ():
    if info.name not in sys.argv[2:]:
        importlib.import_module(info.name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(*arguments: str) -> set[str]:
    """Top-level names in the memory of a new Python that ran REPORT."""
    run = subprocess.run([sys.executable, "-c", REPORT, *arguments], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return {name.partition(".")[0] for name in json.loads(run.stdout)}


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_module_does_not_load_what_it_has_no_use_for(module: str) -> None:
    """A new Python that imports the module alone has none of the forbidden packages in memory."""
    assert loaded_by(module).intersection(FORBIDDEN) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_whole_floor_does_not_load_what_it_has_no_use_for(package: str) -> None:
    """The same for every module of a package together."""
    assert loaded_by(package, *PARSER_ONLY).intersection(FORBIDDEN) == set()


def test_reading_the_configuration_needs_no_library() -> None:
    """config.toml is read with the standard library alone, so that the first paint does not wait for it."""
    ours = {"tui_mail", "__main__", "sitecustomize", "usercustomize"}
    others = {name for name in loaded_by("tui_mail.config.accounts") - sys.stdlib_module_names if name[0] != "_"}
    assert others <= ours
