"""Drafts as files that $EDITOR has open, and what of them a program left that ended suddenly.

What belongs here: names, locks, and whether a file says something that no draft says. What must never be here: the
text's form (mime), running editors (ui).

A file's name tells its draft and what that said when the editor began: so whoever finds the file knows whether it was
changed, and whether the draft was since. The lock beside it is held while its program lives; editors replace files,
so the file itself cannot be locked.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tui_mail.outgoing import Draft, Identity

_NAME = re.compile(r"tui-mail-(\d+)-([0-9a-f]{16})-.*\.eml")


class EditedFile:
    """One such file, locked."""

    def __init__(self, path: Path) -> None:
        said = _NAME.fullmatch(path.name)
        self.path = path
        self.draft_id = int(said[1]) if said else 0
        """0: it was never saved."""
        self._digest = said[2] if said else ""
        self.is_settled = False
        """What it says is in a draft on this disk, or not wanted: it can go."""

    def changed_text(self) -> str | None:
        """What it says, if that is not what the editor began with. Raises OSError."""
        text = self.path.read_bytes().decode("utf-8", "replace")
        return text if _digest(text) != self._digest else None

    def unknown(self, known: Sequence[Draft], blank: Callable[[], Draft], own: Sequence[Identity]) -> Draft | None:
        """What it says and none of the open drafts does: as its draft, or as a new one where that says something else.

        Raises OSError.
        """
        from tui_mail.mime.editing import as_text, from_text

        text = self.changed_text()
        if text is None or not text.strip() or any(as_text(one) == text for one in known):
            return None
        base = next((one for one in known if one.id == self.draft_id), None)
        if base is None or _digest(as_text(base)) != self._digest:  # it is gone, or was changed elsewhere
            base = replace(base or blank(), id=0, message_id="", copy=0)
        draft = from_text(base, text).draft
        folded = draft.from_email.casefold()
        accounts = [one.account for one in own if one.email.casefold() == folded]
        return replace(draft, account=accounts[0]) if accounts and draft.account not in accounts else draft


@contextlib.contextmanager
def lent(folder: Path, draft: Draft, text: str) -> Iterator[EditedFile]:
    """A draft as a file of `folder`; it stays there after the block unless it is settled, or unchanged."""
    path = folder / f"tui-mail-{draft.id}-{_digest(text)}-{secrets.token_hex(4)}.eml"
    with _locked(path) as file:
        assert file is not None
        with open(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="\n"
        ) as to:
            to.write(text)
        try:
            yield file
        finally:
            with contextlib.suppress(OSError):
                if file.is_settled or file.changed_text() is None:
                    path.unlink()


@contextlib.contextmanager
def left(path: Path) -> Iterator[EditedFile | None]:
    """A file that was found, None when a program that lives has it; it goes after the block if it is settled."""
    with _locked(path) as file:
        yield file if path.exists() else None
        if file is not None and file.is_settled:
            path.unlink(missing_ok=True)


def taken_over(
    folder: Path,
    known: Callable[[], Sequence[Draft]],
    blank: Callable[[], Draft],
    own: Sequence[Identity],
    save: Callable[[Draft], Draft],
) -> list[Draft]:
    """Have what such files say saved as drafts; each file goes once that is done. Raises what `save` does, OSError."""
    saved = []
    for path in sorted(folder.glob("tui-mail-*.eml")):
        with left(path) as file:
            if file is not None:
                draft = file.unknown(known(), blank, own)
                saved += [save(draft)] if draft is not None else []
                file.is_settled = True
    return saved


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[EditedFile | None]:
    lock = path.with_suffix(".lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
            return
        try:
            yield EditedFile(path)
        finally:
            lock.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
