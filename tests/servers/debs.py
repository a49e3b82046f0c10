"""Mail servers out of Debian packages that cannot be installed side by side: unpacked, never installed.

    python3 -m tests.servers.debs            fetch and unpack what the tests need (run.py test --full does it)

What belongs here: which packages a server needs, getting them once (a lock lets one process at a time do it), and
saying in one sentence why that is not possible. What must never be here: starting a server; anything outside the
standard library, because run.py calls this before an environment exists.

The trees lie in ~/.cache/tui-mail-tests, or in TUI_MAIL_TEST_CACHE, and are kept: 15 MB.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

PACKAGES = {
    "cyrus": ("cyrus-imapd", "cyrus-common", "sasl2-bin", "libsasl2-modules", "libsasl2-modules-db"),
    "courier": (
        "courier-imap",
        "courier-pop",
        "courier-base",
        "courier-authdaemon",
        "courier-authlib",
        "courier-authlib-userdb",
        "gamin",
    ),
}
"""What is asked for; what these depend on comes with them, as far as this computer lacks it."""

PROGRAMS = {
    "cyrus": ("usr/lib/cyrus/bin/master", "usr/lib/cyrus/bin/imapd", "usr/lib/cyrus/bin/lmtpd", "usr/sbin/saslpasswd2"),
    "courier": (
        "usr/bin/imapd",
        "usr/bin/couriertls",
        "usr/bin/maildirmake.courier",
        "usr/lib/courier/courier/courierpop3d",
        "usr/lib/courier/courier/courierpop3login",
        "usr/lib/courier/courier-authlib/authdaemond",
        "usr/libexec/gam_server",
    ),
}
"""What is started, and therefore must find its libraries."""

NOT_NEEDED = ("exim4*", "perl*", "libperl*", "gawk*", "db*-util", "*-dev", "gnutls-bin", "libgnutls-*", "libgnutlsxx*")
NOT_NEEDED += ("libclamav*", "libmspack*", "libc6", "libc-bin")
"""Dependencies of scripts and plug-ins that no test uses; another C library in the path would break everything."""


class NotHere(Exception):
    """Why a server cannot be had on this computer: one sentence."""


def main() -> int:
    """Have every server; 1 when one cannot be had."""
    failed = 0
    for name in PACKAGES:
        try:
            print(f"{name}: {tree(name)}", file=sys.stderr)
        except NotHere as reason:
            print(reason, file=sys.stderr)
            failed = 1
    return failed


@cache
def missing(name: str) -> str:
    """Why this server cannot be had; empty when it can. Fetches it only for TUI_MAIL_FULL=1: that takes the network."""
    try:
        tree(name, fetch=os.environ.get("TUI_MAIL_FULL") == "1")
    except NotHere as reason:
        return str(reason)
    return ""


def tree(name: str, *, fetch: bool = True) -> Path:
    """The folder with the unpacked packages of a server, fetched if need be. Raises NotHere."""
    made = _cache() / name
    if _is_whole(made):
        return made
    if not fetch:
        raise NotHere(f"{name} was not fetched yet: python3 run.py test --full")
    for tool in ("apt-get", "dpkg-deb", "dpkg-query", "ldd"):
        if shutil.which(tool) is None:
            raise NotHere(f"{name} comes from Debian packages, and there is no {tool} here")
    with _only_one(made):
        if not _is_whole(made):
            _make(name, made)
    return made


def libraries(made: Path) -> str:
    """The tree's folders of libraries, for LD_LIBRARY_PATH."""
    return ":".join(sorted({str(file.parent) for file in made.rglob("*.so*")}))


# --- how it is done ---------------------------------------------------------------------------


def _cache() -> Path:
    top = os.environ.get("TUI_MAIL_TEST_CACHE") or Path.home() / ".cache" / "tui-mail-tests"
    return Path(top) / _system()


def _system() -> str:
    """Such as `debian-12-x86_64`: a tree made for one release is not tried on another."""
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    return "-".join([release.get("ID", "unknown"), release.get("VERSION_ID", "0"), platform.machine()])


def _is_whole(made: Path) -> bool:
    """The tree was made to its end, and its programs find their libraries (of which some are this computer's)."""
    return (made / "complete").exists() and not _lacking(made.name, made)


def _lacking(name: str, made: Path) -> list[str]:
    """The programs and libraries that are not there."""
    found = []
    environ = {**os.environ, "LD_LIBRARY_PATH": libraries(made)}
    for program in PROGRAMS[name]:
        if not (made / program).exists():
            found.append(program)
            continue
        told = subprocess.run(["ldd", made / program], env=environ, capture_output=True, text=True).stdout
        found += [line.strip() for line in told.splitlines() if "not found" in line]
    return found


@contextlib.contextmanager
def _only_one(made: Path) -> Iterator[None]:
    made.parent.mkdir(parents=True, exist_ok=True)
    with open(made.parent / f"{made.name}.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(name: str, made: Path) -> None:
    """Fetch and unpack beside the place, then put it there in one step. Raises NotHere."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=made.parent) as partial:
        top, packages = Path(partial, "tree"), Path(partial, "packages")
        top.mkdir()
        packages.mkdir()
        try:
            wanted = _fetched(name, packages)
        except NotHere:
            if os.geteuid() != 0:
                raise
            _run(name, ["apt-get", "update", "-qq", "-o", "DPkg::Lock::Timeout=120"], packages)  # no lists, or old ones
            wanted = _fetched(name, packages)
        for package in sorted(packages.glob("*.deb")):
            _run(name, ["dpkg-deb", "-x", str(package), str(top)], packages)
        lacking = _lacking(name, top)
        if lacking:
            raise NotHere(f"{name} from {_system()} cannot run here; it lacks {', '.join(lacking[:5])}")
        (top / "complete").write_text("\n".join(wanted) + "\n", "utf-8")
        top.chmod(0o755)
        shutil.rmtree(made, ignore_errors=True)
        top.rename(made)


_QUIET = ("-qq", "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "-o", "Dir::Cache::archives=/nonexistent")
"""Nothing of the system is written, or taken for fetched; no other user than the one who owns the folder."""


def _fetched(name: str, packages: Path) -> list[str]:
    """Fetch what is wanted into a folder; returns NAME=VERSION of each package."""
    wanted = _closure(name)
    _run(name, ["apt-get", *_QUIET, "download", *wanted], packages)
    return wanted


def _closure(name: str) -> list[str]:
    """NAME=VERSION of every package that has to be fetched. What is installed is used as it is."""
    plan = ["apt-get", *_QUIET, "install", "--print-uris", "-y", "--no-install-recommends", *PACKAGES[name]]
    lines = _run(name, plan, Path("/")).splitlines()
    wanted = []
    for line in lines:  # 'ADDRESS' NAME_VERSION_ARCHITECTURE.deb SIZE DIGEST
        if line.startswith("'") and line.split()[1].endswith(".deb"):
            package, version, _ = line.split()[1].removesuffix(".deb").split("_")
            if not _is_installed(package) and not any(fnmatch(package, pattern) for pattern in NOT_NEEDED):
                wanted.append(f"{package}={urllib.parse.unquote(version)}")
    return wanted + [package for package in PACKAGES[name] if _is_installed(package) and not package.startswith("lib")]


def _is_installed(package: str) -> bool:
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status}\n", package]
    return "installed" in subprocess.run(query, capture_output=True, text=True).stdout.split()


def _run(name: str, command: Sequence[str], folder: Path) -> str:
    environ = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
    )
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.startswith("E:")]
        why = (said or [f"status {done.returncode}"])[0]
        raise NotHere(
            f"{name} could not be had from the Debian packages of {_system()}: {' '.join(command[:2])}: {why}"
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
