"""Drafts as files for an editor, and what is made of those that were left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui_mail.client import edited_files
from tui_mail.client.edited_files import left, lent
from tui_mail.errors import StoreFull
from tui_mail.mime.editing import as_text
from tui_mail.outgoing import Draft, Identity

DRAFT = Draft(
    "work", "Anna", "anna@example.org", subject="Keys", body="Dear", in_reply_to="a@x", id=7, message_id="m@x"
)
OWN = [Identity("work", "Anna", "anna@example.org"), Identity("home", "Anna", "anna@home.example")]


def blank() -> Draft:
    return Draft("work", "Anna", "anna@example.org")


def abandoned(folder: Path, draft: Draft, text: str) -> Path:
    """A file that an editor wrote to, and whose program is gone."""
    with lent(folder, draft, as_text(draft)) as file:
        file.path.write_text(text)
    return file.path


def test_a_file_goes_unless_it_says_something_new(tmp_path: Path) -> None:
    """Unchanged or settled: gone; changed: it stays, whatever ended the block. The lock always goes."""
    with lent(tmp_path, DRAFT, as_text(DRAFT)) as file:
        assert file.path.stat().st_mode & 0o777 == 0o600
        with left(file.path) as found:
            assert found is None  # somebody is at it
    assert not list(tmp_path.iterdir())
    with lent(tmp_path, DRAFT, as_text(DRAFT)) as file:
        file.path.write_text("new")
        file.is_settled = True
    assert not list(tmp_path.iterdir())
    path = abandoned(tmp_path, DRAFT, "new")
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_its_draft_where_that_says_what_the_editor_began_with(tmp_path: Path) -> None:
    """Else, and where the draft is gone, a new one; what a draft says already, and nothing, are none."""
    text = as_text(replace(DRAFT, body="Dear Ola", from_email="anna@home.example"))
    path = abandoned(tmp_path, DRAFT, text)
    with left(path) as file:
        assert file is not None
        assert file.unknown([DRAFT], blank, OWN) == replace(
            DRAFT, body="Dear Ola", from_email="anna@home.example", account="home"
        )
        elsewhere = file.unknown([replace(DRAFT, body="Otherwise")], blank, OWN)
        assert elsewhere is not None
        assert (elsewhere.id, elsewhere.body, elsewhere.in_reply_to) == (0, "Dear Ola", "a@x")
        gone = file.unknown([], blank, OWN)
        assert gone is not None
        assert (gone.id, gone.subject, gone.body) == (0, "Keys", "Dear Ola")
        assert file.unknown([replace(DRAFT, body="Dear Ola", from_email="anna@home.example")], blank, OWN) is None
    with left(abandoned(tmp_path, DRAFT, "\n")) as file:
        assert file is not None
        assert file.unknown([DRAFT], blank, OWN) is None


def test_a_file_of_an_older_program(tmp_path: Path) -> None:
    """Its name tells no draft: what it says is a new one. A file whose text could not be saved stays."""
    path = tmp_path / "tui-mail-ab12cd_3.eml"
    path.write_text("Subject: Old\n\ntext\n")

    def full(_: Draft) -> Draft:
        raise StoreFull("The disk is full.")

    with pytest.raises(StoreFull):
        edited_files.taken_over(tmp_path, lambda: [DRAFT], blank, OWN, full)
    assert list(tmp_path.iterdir()) == [path]
    (draft,) = edited_files.taken_over(tmp_path, lambda: [DRAFT], blank, OWN, lambda draft: draft)
    assert (draft.id, draft.subject, draft.body) == (0, "Old", "text")
    assert not list(tmp_path.iterdir())
