"""Other ways out: the computer's own sendmail, messages that are signed and encrypted, links and redirected mail."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conftest import need
from tests.sync.conftest import shown, wait_for
from tests.sync.writer import Writer, finished
from tui_mail.errors import UsageError
from tui_mail.mime import pgp
from tui_mail.model import Role
from tui_mail.outgoing import Protection, SendState

pytestmark = pytest.mark.server


@pytest.fixture
def keys(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A keyring with the writer's own key; gpg uses it."""
    need("" if pgp.available() else "gpg is not installed (apt-get install gnupg)")
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as home:
        words = ["--batch", "--passphrase", "", "--quick-generate-key", f"Anna <{writer.account.email}>"]
        subprocess.run(
            ["gpg", "--homedir", home, *words, "default", "default", "never"], check=True, capture_output=True
        )
        monkeypatch.setenv("GNUPGHOME", home)
        yield home
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True)


def test_sendmail_of_this_computer(writer: Writer) -> None:
    """A program sends instead of a server: the message arrives once, and is filed once."""
    receiver = writer.server.new_user()
    writer.account = replace(writer.account, outgoing=None, sendmail_command=writer.server.sendmail())
    with writer.client() as client:
        draft = writer.draft(client, writer.server.address(receiver), body=".\n..\nFrom here")
        entry = finished(client, client.send(draft).result(10))
        assert [one.code for one in entry.recipients] == [250]
        [raw] = writer.server.arrived(receiver)
        assert b"\r\n.\r\n..\r\n" in raw
        wait_for(lambda: len(shown(client, Role.SENT)) == 1, "it is among the sent mail")


def test_sendmail_that_fails(writer: Writer) -> None:
    """What the program says is shown; it may be tried again when it says so, and never if it is not there."""
    writer.account = replace(writer.account, outgoing=None, sendmail_command=("sh", "-c", "echo no way >&2; exit 67"))
    with writer.client() as client:
        entry = finished(client, client.send(writer.draft(client, "a@test.example")).result(10), SendState.FAILED)
        assert "no way" in entry.recipients[0].reply
    writer.account = replace(writer.account, sendmail_command=("/nowhere/sendmail",))
    with writer.client() as client:
        entry = client.send(writer.draft(client, "a@test.example")).result(10)
        wait_for(lambda: client.outbox()[0].error, "the reason is said")
        assert "/nowhere/sendmail" in client.outbox()[0].error


def test_encrypted_draft_is_not_readable_on_the_server(writer: Writer, keys: str) -> None:
    """The copy in Drafts is encrypted to its writer; another computer of hers opens it."""
    with writer.client() as client:
        draft = replace(
            writer.draft(client, writer.account.email, body="very secret"),
            protection=Protection.PGP,
            sign=True,
            encrypt=True,
        )
        draft = client.keep_draft(draft).result(30)
        wait_for(lambda: shown(client, Role.DRAFTS) and shown(client, Role.DRAFTS)[0].uid, "it is on the server")
        with writer.server.dovecot.connect(writer.user, "Drafts") as other:
            [raw] = [part[1] for part in other.fetch("1", "(BODY.PEEK[])")[1] if isinstance(part, tuple)]
        assert b"very secret" not in raw
        assert b"BEGIN PGP MESSAGE" in raw
    here, writer.home = writer.home, writer.home.with_name("another")
    with writer.client() as client:
        wait_for(lambda: shown(client, Role.DRAFTS), "it is seen")
        begun = client.open_draft(shown(client, Role.DRAFTS)[0].id).result(30).draft
        assert (begun.body.strip(), begun.encrypt, begun.sign) == ("very secret", True, True)
    writer.home = here
    with writer.client() as client:
        [draft] = client.drafts()
        finished(client, client.send(draft).result(30))
        assert client.protection_for([writer.account.email]) == (Protection.PGP, True, True)
    [raw] = writer.server.arrived(writer.user)
    assert b"very secret" not in raw


def test_without_a_key_nothing_goes_out(writer: Writer, keys: str) -> None:
    """The reason is said, the draft stays, and nothing is sent in the clear instead."""
    receiver = writer.server.new_user()
    with writer.client() as client:
        draft = replace(writer.draft(client, writer.server.address(receiver)), protection=Protection.PGP, encrypt=True)
        with pytest.raises(UsageError, match="no usable key"):
            client.send(draft).result(30)
        assert client.outbox() == []
        assert [one.subject for one in client.drafts()] == ["Hello"]
    assert writer.server.arrived(receiver, 0) == []


def test_redirected(writer: Writer) -> None:
    """The message itself goes on, with Resent fields before it and its own header and body as they were."""
    receiver = writer.server.new_user()
    original = (
        b"From: Someone <someone@elsewhere.example>\r\nTo: anna@test.example\r\nSubject: As it was\r\n"
        b"Message-ID: <original@elsewhere.example>\r\n\r\nIts own words.\r\n"
    )
    writer.server.dovecot.deliver(writer.user, original)
    with writer.client() as client:
        wait_for(lambda: shown(client), "it is there")
        begun = client.redirect(shown(client)[0].id).result(30).draft
        finished(client, client.send(replace(begun, to=writer.server.address(receiver))).result(10))
        wait_for(lambda: "$Forwarded" in shown(client)[0].keywords, "it is marked")
    [raw] = writer.server.arrived(receiver)
    assert original in raw
    assert b"Resent-From: " in raw
    assert b"Resent-To: " + writer.server.address(receiver).encode() in raw


def test_mailto_link(writer: Writer) -> None:
    """Only what the person sees of a link is taken, and a hidden recipient is said."""
    with writer.client() as client:
        link = "mailto:ola@example.org?subject=Hi%20there&body=Dear%20Ola&bcc=eve@evil.example&attach=/etc/passwd"
        begun = client.mailto_draft(link).result(10)
        draft = begun.draft
        assert (draft.to, draft.subject, draft.attachments) == ("ola@example.org", "Hi there", ())
        assert draft.bcc == "eve@evil.example"
        assert any("eve@evil.example" in note for note in begun.notes)
        assert draft.body.startswith("Dear Ola")
        assert draft.from_email == writer.account.email
        with pytest.raises(UsageError):
            client.mailto_draft("https://example.org").result(10)
