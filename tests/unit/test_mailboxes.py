"""mbox and Maildir: what is written is read back, and by another reader than ours."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from tui_mail.errors import UsageError
from tui_mail.mime.mailboxes import Stored, read_messages, write_maildir, write_mbox
from tui_mail.model import Flag

HEADER = b"From: Anna <anna@example.org>\r\nSubject: One\r\n"
MESSAGES = [
    Stored(HEADER + b"\r\nHello.\r\n", Flag.SEEN | Flag.FLAGGED, 1_700_000_000),
    Stored(HEADER + b"\r\nFrom here on\r\n>From there\r\n\r\nFrom afar, too.\r\n", Flag.NONE, 1_700_000_100),
    Stored(HEADER + b"\r\n\xff\xfe octets\r\n\r\n\r\n", Flag.ANSWERED | Flag.SEEN, 1_700_000_200),
    Stored(HEADER + b"\r\n", Flag.DRAFT, 1_700_000_300),
]


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_there_and_back(kind: str, tmp_path: Path) -> None:
    """Octets, flags and dates are what they were."""
    path = tmp_path / kind
    assert (write_mbox if kind == "mbox" else write_maildir)(path, MESSAGES) == len(MESSAGES)
    found = read_messages(path)
    assert found is not None
    assert list(found) == MESSAGES


def test_read_by_another_program(tmp_path: Path) -> None:
    """The standard library finds as many messages, with the flags."""
    write_mbox(tmp_path / "mbox", MESSAGES)
    write_maildir(tmp_path / "maildir", MESSAGES)
    one = mailbox.mbox(tmp_path / "mbox", create=False)
    assert [message["Subject"] for message in one] == ["One"] * 4
    assert ["".join(sorted(message.get_flags())) for message in one] == ["FR", "", "AR", "T"]
    one.close()
    other = mailbox.Maildir(str(tmp_path / "maildir"), create=False)
    assert sorted(message.get_flags() for message in other) == ["", "D", "FS", "RS"]
    assert sorted(other.get_bytes(key) for key in other.keys()) == sorted(one.raw for one in MESSAGES)  # noqa: SIM118


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """Nothing is overwritten, and no half file is left."""
    (tmp_path / "mbox").write_text("something")
    with pytest.raises(UsageError, match="is there already"):
        write_mbox(tmp_path / "mbox", MESSAGES)
    with pytest.raises(UsageError, match="cannot be written"):
        write_mbox(tmp_path / "missing" / "mbox", MESSAGES)
    assert [one.name for one in tmp_path.iterdir()] == ["mbox"]
    assert (tmp_path / "mbox").read_text() == "something"


def test_other_files_are_no_mailboxes(tmp_path: Path) -> None:
    """A message, an empty file and a folder of other things."""
    for name, text in (("one.eml", b"Subject: x\n\nx"), ("empty", b"")):
        (tmp_path / name).write_bytes(text)
        assert read_messages(tmp_path / name) is None
    assert read_messages(tmp_path) is None
