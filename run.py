"""One command to try, test and measure tui_mail. Only the standard library: this runs before anything is installed.

    python3 run.py demo [ARGS]          the client on an embedded mail server; nothing to set up, nothing kept
    python3 run.py test [--full] [ARGS] the tests; ARGS go to pytest. --full also gets the real mail servers (apt-get):
                                        Dovecot and Postfix are installed, never started as services (nothing
                                        that is installed is removed for them); Cyrus and Courier are unpacked
                                        into ~/.cache/tui-mail-tests. It fails where one is missing
    python3 run.py bench [NAME...]      the scripts of tests/benchmarks
    python3 run.py screenshots [ARGS]   the pictures of screenshots/, made again
    python3 run.py setup                only make the environment (with what the tests need)
    python3 run.py lock                 the lock files, made again from pyproject.toml (needs uv)

The environment is .venv beside this file, made once from the lock files and again when they change.
"""

from __future__ import annotations

import os
import shutil
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the system's python3 may be any
    for newer in ("python3.14", "python3.13", "python3.12", "python3.11"):
        if shutil.which(newer):
            os.execvp(newer, [newer, *sys.argv])  # noqa: S606
    sys.exit(f"tui_mail needs Python 3.11 or newer; this is {sys.version.split()[0]}.")

import contextlib
import hashlib
import subprocess
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "tui-mail.stamp"
LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}
"""What is installed: "dev" holds all of "runtime" at the same versions."""

PACKAGES = {
    "/usr/lib/dovecot/imap": "dovecot-imapd",
    "/usr/lib/dovecot/lmtp": "dovecot-lmtpd",
    "/usr/lib/dovecot/pop3": "dovecot-pop3d",
    "/usr/lib/dovecot/submission": "dovecot-submissiond",
    "/usr/lib/postfix/sbin/master": "postfix",
    "/usr/bin/tmux": "tmux",
    "/usr/bin/unshare": "util-linux",
    "/usr/bin/setpriv": "util-linux",
    "/usr/bin/mount": "mount",
    "/bin/ip": "iproute2",
    "/usr/bin/openssl": "openssl",
    "/usr/bin/gpg": "gpg",
    "/usr/bin/age": "age",
    "/usr/bin/dbus-run-session": "dbus-daemon",
    "/usr/bin/gnome-keyring-daemon": "gnome-keyring",
}
"""A file that shows that a Debian package is there, and the package."""

POLICY = Path("/usr/sbin/policy-rc.d")
_MISLEADING = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_CONSTRAINT", "VIRTUAL_ENV")
_ENVIRON = {key: value for key, value in os.environ.items() if key not in _MISLEADING}


def main(words: Sequence[str]) -> int:
    """Do what the first word says."""
    command, *rest = words or ["help"]
    if command == "demo":
        execute(environment("runtime"), ["-m", "tui_mail", "demo", *rest])
    if command == "test":
        full = "--full" in rest
        if full:
            mail_servers()
            os.environ["TUI_MAIL_FULL"] = "1"
        os.chdir(ROOT)
        arguments = [word for word in rest if word != "--full"]
        parallel = [] if {"--pdb", "no:xdist"}.intersection(arguments) else ["-n", str(2 * (os.cpu_count() or 2))]
        execute(environment("dev"), ["-m", "pytest", *parallel, *arguments])
    if command == "bench":
        return benchmarks(rest)
    if command == "screenshots":
        os.chdir(ROOT)
        execute(environment("dev"), ["-m", "tests.ui.screenshots", *rest])
    if command == "setup":
        print(environment("dev"))
        return 0
    if command == "lock":
        return lock()
    if command == "servers":
        return install_servers(rest)
    print(__doc__.strip())
    return 0 if command in ("help", "-h", "--help") else 2


def execute(python: Path, arguments: Sequence[str]) -> NoReturn:
    """Become `python` with these arguments."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(python, [str(python), *arguments])  # noqa: S606


# --- the environment --------------------------------------------------------------------------


def environment(level: str) -> Path:
    """The python of an environment that has the packages of `level`; made or mended first if need be."""
    if _stamped(level):
        return PYTHON
    if Path(sys.prefix) != VENV and not VENV.exists() and _satisfied(level):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return Path(sys.executable)
    with _only_one():
        if not _stamped(level):
            _make(level)
    return PYTHON


def _stamped(level: str) -> bool:
    """True when .venv was made from just these locks, for just this place."""
    try:
        lines = STAMP.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        return False
    return PYTHON.exists() and any(_stamp(name) in lines for name in {level, "dev"})


def _stamp(level: str) -> str:
    digest = hashlib.sha256(f"{level} {ROOT} {_venv_version()}".encode())
    for name in (LOCKS[level], "pyproject.toml"):
        digest.update(_read(ROOT / name))
    return f"{level}:{digest.hexdigest()}"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        sys.exit(f"{file.name} is missing beside run.py ({error.strerror}): this is no complete checkout.")


def _venv_version() -> str:
    """The version line of pyvenv.cfg: a new minor version of Python needs new packages."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith("version")), "")


def _satisfied(level: str) -> bool:
    """True when the running Python has every pinned package already, as in a container made for this."""
    from importlib.metadata import PackageNotFoundError, version

    for line in _read(ROOT / LOCKS[level]).decode().splitlines():
        pin, _, marker = line.partition(";")
        name, equals, wanted = pin.strip(" \\").partition("==")
        if not equals or not name[0].isalnum():
            continue
        try:
            if version(name) != wanted.strip():
                return False
        except PackageNotFoundError:
            if not marker:
                return False
    return True


def _make(level: str) -> None:
    """Make .venv if it is not there or broken, and install exactly what the lock says."""
    say(f"Preparing {VENV} (once; it takes about half a minute) …")
    if VENV.exists() and (not PYTHON.exists() or _quiet([PYTHON, "-c", ""])):
        shutil.rmtree(VENV)
    installer = _create()
    STAMP.unlink(missing_ok=True)
    requirements = ["--require-hashes", "-r", str(ROOT / LOCKS[level])]
    problem = _quiet([*installer, *requirements])
    if problem:
        sys.exit(f"{LOCKS[level]} could not be installed; this once, a package index must be reachable. {problem}")
    site = subprocess.check_output(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], env=_ENVIRON, text=True
    )
    Path(site.strip(), "tui_mail_checkout.pth").write_text(f"{ROOT}\n", "utf-8")
    _quiet([PYTHON, "-m", "compileall", "-q", str(ROOT / "tui_mail")])
    STAMP.write_text(f"{_stamp(level)}\n", "utf-8")


def _create() -> list[str]:
    """The command that installs into .venv, which is made if it is not there.

    Debian leaves out ensurepip unless python3-venv is installed; then the pip outside works on the inside.
    """
    arguments = ["install", "--disable-pip-version-check", "--no-input", "--prefer-binary", "--quiet"]
    inside = [str(PYTHON), "-m", "pip", *arguments]
    outside = [sys.executable, "-m", "pip", "--python", str(PYTHON), *arguments]
    uv = shutil.which("uv")
    if VENV.exists():
        if not _quiet([PYTHON, "-m", "pip", "--version"]):
            return inside
    elif find_spec("ensurepip") is not None:
        problem = _quiet([sys.executable, "-m", "venv", str(VENV)])
        if not problem:
            return inside
        shutil.rmtree(VENV, ignore_errors=True)
    if not VENV.exists():
        problem = _quiet([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
        if problem:
            sys.exit(f"No environment could be made in {VENV}: {problem}")
    if not _quiet([sys.executable, "-m", "pip", "--python", str(PYTHON), "--version"]):
        return outside
    if uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    sys.exit("Neither pip nor uv is there to install packages with; on Debian: apt-get install python3-pip")


def _quiet(command: Sequence[str | Path]) -> str:
    """Run without output; empty when it went well, else the last line that says what went wrong."""
    try:
        done = subprocess.run(
            command, env=_ENVIRON, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    if done.returncode == 0:
        return ""
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"{command[0]} ended with status {done.returncode}"])[-1].strip()


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Let one run.py at a time make the environment; the others wait."""
    if os.name == "nt":
        yield
        return
    import fcntl

    with open(__file__, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --- real mail servers ------------------------------------------------------------------------


def mail_servers() -> None:
    """Have the servers that the tests start by themselves, by apt-get when one is missing."""
    missing = sorted({package for file, package in PACKAGES.items() if not Path(file).exists()})
    if missing:
        _have_installed(missing)
    if subprocess.run([sys.executable, "-m", "tests.servers.debs"], cwd=ROOT, stdin=subprocess.DEVNULL).returncode != 0:
        sys.exit("--full needs these servers; without it their tests are skipped.")


def _have_installed(missing: Sequence[str]) -> None:
    if shutil.which("apt-get") is None:
        say(f"There is no apt-get here; the tests need {', '.join(missing)} by these Debian names.")
        return
    install = [sys.executable, str(ROOT / "run.py"), "servers", *missing]
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            sys.exit(f"--full needs root to run: apt-get install {' '.join(missing)}")
        install = ["sudo", "-n", *install]
    if subprocess.run(install, stdin=subprocess.DEVNULL).returncode != 0:
        sys.exit(f"These packages could not be installed: {' '.join(missing)}")


def install_servers(packages: Sequence[str]) -> int:
    """Install Debian packages as root without starting a service of theirs (policy-rc.d)."""
    say(f"Installing {' '.join(packages)} …")
    environ = {**_ENVIRON, "DEBIAN_FRONTEND": "noninteractive"}
    # --no-remove: Postfix would take the place of another mail server that is at work here
    options = ["-qq", "--no-remove", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"]
    install = ["apt-get", "install", *options, *packages]
    with _services_stay_off():
        for command in (["apt-get", "update", "-qq"], install):
            done = subprocess.run(
                command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
            )
        if done.returncode != 0:
            say(done.stderr.strip())
        return done.returncode


@contextlib.contextmanager
def _services_stay_off() -> Iterator[None]:
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", "utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


# --- for the people who work on it ------------------------------------------------------------


def benchmarks(names: Sequence[str]) -> int:
    """Run the scripts of tests/benchmarks one after the other, those called `names` or all; 1 when one failed."""
    files = sorted((ROOT / "tests/benchmarks").glob("[!_]*.py"))
    scripts = {file.stem: file for file in files if "def main(" in file.read_text("utf-8")}
    unknown = [name for name in names if name not in scripts]
    if unknown or not scripts:
        sys.exit(f"No such benchmark: {', '.join(unknown) or 'any'}. There are: {', '.join(scripts) or 'none'}.")
    python = environment("dev")
    failed = 0
    for name in names or scripts:
        say(f"— {name}")
        failed |= subprocess.run([python, "-m", f"tests.benchmarks.{name}"], cwd=ROOT).returncode
    return 1 if failed else 0


def lock() -> int:
    """Write both lock files again, for every platform and Python from 3.11 on, without naming an index."""
    uv = shutil.which("uv") or str(PYTHON.with_name("uv"))
    options = ["--universal", "--generate-hashes", "--python-version", "3.11", "--quiet", "--no-header"]
    options += [
        "--no-config",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--default-index",
        "https://pypi.org/simple",
    ]
    kinds = {
        "runtime": ["pyproject.toml", "--extra", "pictures"],
        "dev": ["pyproject.toml", "--group", "dev", "-c", LOCKS["runtime"]],
    }
    for level, sources in kinds.items():
        try:
            text = subprocess.check_output([uv, "pip", "compile", *options, *sources], cwd=ROOT, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"{LOCKS[level]} is as it was: uv could not resolve the packages ({error}).")
        what = "What tui_mail runs on" if level == "runtime" else "What tui_mail runs and is tested on"
        header = f"# {what}, to the byte. Made from pyproject.toml by: python3 run.py lock\n"
        (ROOT / LOCKS[level]).write_text(header + text, "utf-8")
    return 0


def say(sentence: str) -> None:
    """Tell the person, beside what the command prints."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as problem:
        sys.exit(f"run.py: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
