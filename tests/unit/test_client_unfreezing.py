"""A draft out of a frozen message: for whom, and protected how."""

from __future__ import annotations

from tui_mail.client.unfreezing import in_clear, is_resent, only_to, resent_to
from tui_mail.mime.protection import pgp_signed
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.outgoing import Draft, Protection

ACCOUNT = Account("work", "Anna", "anna@x.example", Protocol.IMAP, Server("x.example", 993, Security.TLS, "anna"))


def test_only_those_who_have_not_got_it() -> None:
    """Each in its field, names kept, domains in whatever form; who was told only to the server is hidden."""
    draft = Draft("work", to='"Berg, Bea" <bea@bücher.example>, ola@x.example', cc="Jun <jun@x.example>", bcc="eve@x")
    found = only_to(draft, ["bea@xn--bcher-kva.example", "jun@x.example", "list@x.example"])
    assert (found.to, found.cc, found.bcc) == (
        '"Berg, Bea" <bea@bücher.example>',
        "Jun <jun@x.example>",
        "list@x.example",
    )


def test_sent_on_to_the_same() -> None:
    """The recipients of the Resent fields, not those of the message."""
    raw = b"Resent-From: a@x.example\r\nResent-To: Ola <ola@x.example>\r\nResent-Bcc: eve@x.example\r\nTo: b@x\r\n\r\nx"
    found = resent_to(Draft("work"), raw)
    assert is_resent(raw)
    assert (found.to, found.cc, found.bcc) == ("Ola <ola@x.example>", "", "eve@x.example")


def test_signed_again() -> None:
    """Its text without the signature, which is made anew."""
    part = b"Content-Type: text/plain\r\n\r\nHello\r\n"
    raw = b"Subject: x\r\nMIME-Version: 1.0\r\n" + pgp_signed(part, b"-----BEGIN PGP SIGNATURE-----\n", "sha256")
    clear, asked = in_clear(raw, ACCOUNT)
    assert clear.endswith(b"Content-Type: text/plain\r\n\r\nHello\r\n")
    assert b"SIGNATURE" not in clear
    assert (asked.protection, asked.sign, asked.encrypt) == (Protection.PGP, True, False)


def test_plain_stays_as_it_is() -> None:
    """Nothing is asked for that was not there."""
    raw = b"Subject: x\r\n\r\nHello\r\n"
    assert in_clear(raw, ACCOUNT) == (raw, Draft("work"))
