"""What the command line tells of a message: as the reader shows it, with what stands above it there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ui.test_inviting import invitation
from tests.ui.test_perusing import LIE
from tests.ui.test_unsealing import Raw
from tests.ui.world import Letter, world
from tests.unit.test_mime_inline_pgp import clear, gpg, letter
from tests.unit.test_mime_protection import gnupg  # noqa: F401  (fixture)
from tests.unit.test_mime_seals import pgp_message
from tui_mail.answers import message_json, message_lines
from tui_mail.client.telling import told


def show(folder: Path, one: Letter) -> tuple[str, dict[str, Any]]:
    """The lines and the document of a message."""
    with world(folder) as made:
        (id_,) = made.put([one])
        row, message = made.client.row(id_), made.client.message(id_)
        assert row is not None
        assert message is not None
        found = told(made.client, row, message)
        return "\n".join(message_lines(found)), json.loads(json.dumps(message_json(found)))


def test_a_plain_message_says_nothing_of_its_own(tmp_path: Path) -> None:
    """Its tabs are kept."""
    text, document = show(tmp_path, Letter(body="+\tone\n"))
    assert text.endswith("\n\n+\tone")
    assert (document["text"], document["protection"], document["invitation"]) == ("+\tone", None, None)


def test_a_link_that_lies_is_told_on(tmp_path: Path) -> None:
    """Both addresses."""
    text, document = show(tmp_path, Letter(body=LIE, content_type="text/html"))
    for told_of in (text, document["text"]):
        assert "https://bank.example/in <https://evil.example/in>" in told_of


def test_an_invitation_is_told_of(tmp_path: Path) -> None:
    """What, when, by whom; and what kind of message it is."""
    text, document = show(tmp_path, invitation())
    assert "Invitation · updated (2): Garden, plan" in text
    assert "When: Mon 1 Jun 2026 10:00–11:00 (W. Europe Standard Time)" in text
    assert "Organizer: Ola N. <ola@example.org>" in text
    found = document["invitation"]
    assert (found["method"], found["summary"]) == ("REQUEST", "Garden, plan")
    assert found["start"] == "2026-06-01T10:00:00+02:00"
    assert found["attendees"] == [
        {"name": "Anna", "email": "anna@example.org", "status": "NEEDS-ACTION", "optional": False}
    ]


def test_what_protects_a_message_is_told_of(
    tmp_path: Path,
    gnupg: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Intact, tampered with, encrypted and not opened; and the text is that which the signature is about."""
    monkeypatch.setenv("GNUPGHOME", gnupg)
    signed = pgp_message(gnupg)
    text, document = show(tmp_path / "1", Raw(octets=signed))
    assert "\n✓ signed by anna@example.org (OpenPGP)\n" in text
    assert document["protection"] == {
        "kind": "OpenPGP", "encrypted": False, "signature": "good",
        "sentence": "signed by anna@example.org (OpenPGP)",
    }  # fmt: skip
    text, document = show(tmp_path / "2", Raw(octets=signed.replace(b"From here", b"From hare")))
    assert "\n✗ the signature is wrong: this is not what was signed (OpenPGP)\n" in text
    assert document["protection"]["signature"] == "bad"
    text, document = show(tmp_path / "3", Raw(octets=pgp_message(gnupg, sealed=True)))
    assert "\n· OpenPGP, encrypted: not opened here; the screen opens it (D)\n" in text
    assert (document["protection"]["encrypted"], document["protection"]["signature"]) == (True, None)
    text, document = show(tmp_path / "4", Raw(octets=letter(clear(gnupg))))
    assert "✓ signed by" in text
    assert document["text"].strip() == "Meet me at ten.\n- not at nine"
    text, document = show(tmp_path / "5", Raw(octets=letter(b"Pay Eve.\n" + clear(gnupg))))
    assert "\n? the lines marked ¦ are not covered" in text
    assert "\n¦ Pay Eve.\n" in text
    sealed = gpg(gnupg, "--armor", "--encrypt", "-r", "anna@example.org", text=b"The code is 1234.\n")
    text, document = show(tmp_path / "6", Raw(octets=letter(b"Hello\n" + sealed)))
    assert "not opened here" in text
    assert "1234" not in json.dumps(document)
