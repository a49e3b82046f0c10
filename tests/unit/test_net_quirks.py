"""What single providers do differently."""

from __future__ import annotations

from tui_mail.net.quirks import Quirks, quirks_of


def test_quirks_belong_to_a_domain_and_its_hosts() -> None:
    """A host of the provider has them, a host that only looks like it does not."""
    assert not quirks_of("imap.mail.me.com").qresync
    assert quirks_of("SMTP.GMAIL.com.").files_sent_mail
    assert quirks_of("notgmail.com") == quirks_of("gmail.com.example.org") == Quirks()
