"""How a message says that its list is left, and what is believed of it."""

from __future__ import annotations

import pytest

from tui_mail.mime.domains import host_of
from tui_mail.mime.unsubscribing import Unsubscribing, unsubscribing

SIGNED = (
    "DKIM-Signature: v=1; a=rsa-sha256; d=news.example; s=k;\n"
    " h=from:to:List-Unsubscribe:\n\tList-Unsubscribe-Post; b=x\n"
)
POST = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
BOTH = "List-Unsubscribe: <https://news.example/leave?u=1>,\n <mailto:leave@news.example?subject=leave>\n"


def of(header: str) -> Unsubscribing | None:
    return unsubscribing(f"From: News <n@news.example>\n{header}\nBody\n".encode())


def test_one_click_wants_both_fields_and_a_signature_that_names_them() -> None:
    """RFC 8058; the other ways are there as well."""
    found = of(SIGNED + BOTH + POST)
    assert found is not None
    assert found.one_click == found.web == "https://news.example/leave?u=1"
    assert found.host == "news.example"
    assert found.mailto == "mailto:leave@news.example?subject=leave"
    assert found.signed == "signed by news.example; not checked by your server"


@pytest.mark.parametrize(
    "header",
    [
        BOTH + POST,
        SIGNED + BOTH,
        SIGNED.replace("-Post", "-Posts") + BOTH + POST,
        SIGNED + BOTH + POST.replace("One-Click", "Two-Clicks"),
        SIGNED + BOTH + POST + POST,
        SIGNED + BOTH + BOTH + POST,
    ],
)
def test_anything_less_is_no_one_click(header: str) -> None:
    """A page and a message remain."""
    found = of(header)
    assert found is not None
    assert not found.one_click
    assert found.web
    assert found.mailto


def test_what_the_server_said_of_the_signature() -> None:
    """Only the topmost verdict, and only of the same domain."""
    passed = "Authentication-Results: mx.me.example; spf=pass; dkim=pass header.d=news.example\n"
    failed = "Authentication-Results: mx.me.example; dkim=fail header.d=news.example\n"
    foreign = "Authentication-Results: mx.me.example; dkim=pass header.d=evil.example\n"
    for before, words in (
        (passed + failed, "your server says: pass"),
        (failed + passed, "your server says: fail"),
        (foreign, "not checked by your server"),
    ):
        found = of(before + SIGNED + BOTH + POST)
        assert found is not None
        assert words in found.signed


@pytest.mark.parametrize(
    "value",
    [
        "<http://news.example/leave>",
        "<ftp://x.example/>",
        "<https://>",
        "<https://me@news.example/>",
        "leave us",
        "<>",
        "\x1b[2J",
    ],
)
def test_what_is_no_way_out(value: str) -> None:
    """Plain http, other schemes, a host behind a user name, words."""
    assert of(f"List-Unsubscribe: {value}\n") is None


def test_a_folded_link_is_one_link() -> None:
    """Blanks that folding left are no part of it; nothing that a terminal would obey comes out."""
    found = of("List-Unsubscribe: <https://news.example/\n leave>\n")
    assert found is not None
    assert found.web == "https://news.example/leave"
    assert host_of("https://[::1") == ""
