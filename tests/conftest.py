"""Fixtures for every test: real mail servers, each started once for each worker of a test session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import courier as courier_server
from tests.servers import cyrus as cyrus_server
from tests.servers import postfix as postfix_server
from tests.servers.courier import Courier
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot, missing
from tests.servers.postfix import Postfix
from tests.servers.private import PrivateServer

_MANY = int(os.environ.get("TUI_MAIL_EXPLORE", "0"))
"""So many other examples of everything that is generated; without it, a change is judged by the same ones each time."""
settings.register_profile(
    "usual",
    deadline=None,  # a machine may be slow, or do something else meanwhile
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not _MANY,
    max_examples=_MANY or 100,
)
settings.load_profile("usual")


def need(reason: str) -> None:
    """Skip the test for this reason, if any; fail it when no server may be missing (run.py test --full)."""
    if reason and os.environ.get("TUI_MAIL_FULL") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def secret_service() -> None:
    """The keyring of a desktop, to be started on a D-Bus session of one's own."""
    programs = [name for name in ("gnome-keyring-daemon", "dbus-run-session") if shutil.which(name) is None]
    need(f"not here: {', '.join(programs)}" if programs else "")


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running Dovecot; take a fresh `new_user()` in each test."""
    need(missing())
    with Dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    """A running Cyrus; take a fresh `new_user()` in each test."""
    need(cyrus_server.missing())
    with Cyrus() as server:
        yield server


@pytest.fixture(scope="session")
def courier() -> Iterator[Courier]:
    """A running Courier; take a fresh `new_user()` in each test."""
    need(courier_server.missing())
    with Courier() as server:
        yield server


@pytest.fixture(scope="session")
def postfix() -> Iterator[Postfix]:
    """A running Postfix with its Dovecot; take a fresh `new_user()` in each test."""
    need(postfix_server.missing())
    with Postfix() as server:
        yield server


@pytest.fixture(params=["dovecot", "courier"])
def maildrops(request: pytest.FixtureRequest) -> Dovecot | Courier:
    """Each of the servers that speak POP3."""
    server: Dovecot | Courier = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=["cyrus", "courier"])
def private(request: pytest.FixtureRequest) -> PrivateServer:
    """Each of the servers out of unpacked packages."""
    server: PrivateServer = request.getfixturevalue(request.param)
    return server
