"""The line below the text: which files go along, how large it all is, and what kind of message it is.

What belongs here: the words of that line. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_mail.outgoing import Attachment, Draft, Protection, Purpose
from tui_mail.sizes import size_label
from tui_mail.text import safe_line
from tui_mail.ui.widgets.cells import clip, steady, width

Run = tuple[str, str]
STANDARDS = {Protection.PGP: "OpenPGP", Protection.SMIME: "S/MIME"}
KINDS = {
    Purpose.NEW: "", Purpose.REPLY: "reply", Purpose.FORWARD: "forward", Purpose.REDIRECT: "sent on as it is",
}  # fmt: skip


def file_runs(files: Sequence[Attachment], cells: int, fetching: str = "") -> list[Run]:
    """The files, as many as fit, each with its number."""
    runs: list[Run] = []
    used, room = 0, cells - 12
    for number, file in enumerate(files, 1):
        name = clip(steady(safe_line(file.filename)) or "file", 32)
        size = size_label(file.size)
        wide = width(name) + width(size) + len(str(number)) + 7
        if used + wide > room and number > 1:
            runs.append((f"  and {len(files) - number + 1} more", "quiet"))
            break
        runs += [(f"{'  ' if runs else ' '}⎘ {number} ", "accent"), (name, ""), (f" {size}", "quiet")]
        used += wide
    if fetching:
        runs.append((f"  {fetching}", "quiet"))
    return runs


def kind_runs(draft: Draft) -> list[Run]:
    """What kind of message it is, and what was asked for beside it."""
    words = [KINDS[draft.purpose]]
    if draft.purpose is not Purpose.REDIRECT:
        words.append("Markdown" if draft.markdown else "plain text")
    if draft.protection is not Protection.NONE:
        done = " and ".join(word for word, on in (("signed", draft.sign), ("encrypted", draft.encrypt)) if on)
        words.append(f"{done} ({STANDARDS[draft.protection]})")
    words += [f"{draft.priority} priority" if draft.priority else "", "receipt" if draft.want_receipt else ""]
    words.append("delivery report" if draft.want_dsn else "")
    words.append(f"reminder in {draft.remind_days} days" if draft.remind_days else "")
    total = sum(file.size for file in draft.attachments)
    if len(draft.attachments) > 1:
        words.insert(0, size_label(total))
    return [(f"{' · '.join(word for word in words if word)} ", "quiet")]
