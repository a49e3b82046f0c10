"""Fixtures for every test: a real mail server, started once for each worker of a test session."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.dovecot import Dovecot, missing


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running Dovecot; take a fresh `new_user()` in each test."""
    reason = missing()
    if reason and os.environ.get("TUI_MAIL_FULL") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with Dovecot() as server:
        yield server
