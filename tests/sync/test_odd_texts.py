"""Folder names and headers that no server should have: each is one of its own, and none hides the others."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.servers.odd import CAPABILITIES
from tests.sync.conftest import message, wait_for
from tests.sync.odd_place import Place, agree, ids, soon

At = Callable[[str], Place]

NAMES = [
    b"../../x", b"/etc/passwd", b"a\r\nb", b"\x1b[31mred", b"nul\x00l", b"&bad", b"&AGE-", b"&2D0-", b"\xff\xfe",
    b"work", b"Work", b"WORK", b"inbox2", b'quo"ted\\', b"*", b"%", b"&U,BTFw-", b"&ZeVnLIqe-", b"NIL", b" ",
    b"a" * 900, b"/".join([b"a"] * 2_000), b"~fred", b"#shared",
]  # fmt: skip


@pytest.mark.parametrize("delimiter", [b'"/"', b"NIL", b'"\\\\"'])
def test_hostile_names(odd: At, delimiter: bytes) -> None:
    """Whatever folders are called, each is its own, and none hides another or the mail in it."""
    at = odd(CAPABILITIES)
    at.server.delimiter = delimiter
    for number, name in enumerate(NAMES, 1):
        at.server.make(name).add(message(number))
    with at.client() as client:
        wanted = {f"Number {n}" for n, name in enumerate(NAMES, 1) if not re.search(rb"[\r\n\0]", name)}
        soon(client, lambda: set(ids(client)) == wanted, "a message in each that can be opened")
        assert len(client.folders()) == len(NAMES) + 3
        assert all(folder.shown.isprintable() for folder in client.folders())


def test_thousands_of_folders(odd: At) -> None:
    """They are all listed, and the inbox does not wait for them."""
    at = odd(CAPABILITIES)
    at.server.deliver(message(1))
    for number in range(5_000):
        at.server.make(f"Folder {number}", b"\\NoInferiors" if number % 2 else b"\\Noselect")
    with at.client() as client:
        wait_for(lambda: "Number 1" in ids(client), "the inbox")
        wait_for(lambda: len(client.folders()) == 5_003, "all folders")


BAD_HEADERS = {
    "garbage": b"\x01\x02 this is no header: at all\r\n:::\r\n\r\n",
    "nul": b"Subject: a\x00b\r\nMessage-ID: <nul\x00@x>\r\n\r\n",
    "8-bit": b"Subject: \xff\xfe\x80 \xed\xa0\x80\r\nFrom: \xc3\x28 <a\xff@b>\r\nMessage-ID: <\xff\xfe@x>\r\n\r\n",
    "surrogates": "Subject: =?utf-16?Q?=D8=00?= x\r\nMessage-ID: <\udcff@x>\r\n\r\n".encode("utf-8", "surrogatepass"),
    "a megabyte": b"Subject: big\r\nTo: " + b", ".join(b"a%d@example.org" % n for n in range(60_000)) + b"\r\n\r\n",
    "escapes": b"Subject: \x1b]0;title\x07\x1b[2J\r\nFrom: \x9b31m <a@b>\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_one_bad_header_stops_nothing(odd: At, name: str) -> None:
    """It is a row like the others, and what is before and behind it is there."""
    at = odd(CAPABILITIES)
    at.server.deliver(message(1), BAD_HEADERS[name] + b"text\r\n", message(2))
    with at.client() as client:
        agree(client, at.server)
        at.server.deliver(message(3), BAD_HEADERS[name] + b"another text\r\n", message(4))
        agree(client, at.server)


@pytest.mark.parametrize(
    "broken", [b"* 2 FETCH (UID 2 FLAGS (", b"* 2 FETCH NIL", b"", b"* 2 FETCH (UID 2 FLAGS () BODY[HEADER] NIL X)"]
)
def test_a_message_that_cannot_be_listed(odd: At, broken: bytes) -> None:
    """It is shown without its header, for it is there; the others are as they are."""
    at = odd(CAPABILITIES)
    at.server.deliver(*(message(number) for number in range(1, 6)))

    def bend(said: list[bytes]) -> list[bytes]:
        out = [broken if b"(UID 2 " in line and b"HEADER.FIELDS" in line else line for line in said]
        return [line for line in out if line]

    at.server.bend["FETCH"] = at.server.bend["UID FETCH"] = bend
    with at.client() as client:
        agree(client, at.server)
        rows = client.first_rows(client.find_folder("INBOX").id)
        assert sorted(row.subject for row in rows) == ["", *(f"Number {number}" for number in (1, 3, 4, 5))]


def test_a_header_that_is_nil(odd: At) -> None:
    """NIL where the header belongs is a message without one."""
    at = odd(CAPABILITIES)
    at.server.deliver(*(message(number) for number in range(1, 4)))
    nil = re.compile(rb"(?s)(\(UID 2 .*BODY\[HEADER[^\]]*\]) \{.*\)")
    at.server.bend["FETCH"] = lambda said: [nil.sub(rb"\1 NIL)", line) for line in said]
    with at.client() as client:
        soon(client, lambda: len(ids(client)) == 3, "three rows")
        assert sorted(ids(client)) == ["", "Number 1", "Number 3"]
