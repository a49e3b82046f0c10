"""Writing on in $EDITOR: the draft as a file, the program on our terminal, and the file as a draft again.

What belongs here: which program, the file, and giving the terminal away and taking it back. What must never be here:
how a draft is written as text (mime).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from tui_mail.outgoing import Draft
from tui_mail.text import safe_line

if TYPE_CHECKING:
    from tui_mail.ui.screens.compose import Composer


def editor_command(wish: str, environ: Mapping[str, str]) -> list[str]:
    """Argv of the editor: what config.toml says, $VISUAL, $EDITOR, vi."""
    for words in (wish, environ.get("VISUAL", ""), environ.get("EDITOR", "")):
        if words.strip():
            with contextlib.suppress(ValueError):
                return shlex.split(words)
    return ["vi"]


async def edit(screen: Composer, came_back: Callable[[Draft, Sequence[str]], None]) -> None:
    """Open the draft in the editor; `came_back` gets it as it is then, and what could not be followed."""
    from tui_mail.mime.editing import as_text, from_text

    draft, app = screen.drafting.snapshot(), screen.app
    command = editor_command(screen.client.compose.editor, os.environ)
    environ = {**os.environ, **({"NO_COLOR": "1"} if app.no_color else {})}
    number, name = tempfile.mkstemp(".eml", "tui-mail-", screen.client.paths.state)
    path = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            file.write(as_text(draft))
        try:
            with app.suspend():
                process = await asyncio.create_subprocess_exec(*command, name, env=environ)
                code = await process.wait()
        except SuspendNotSupported:
            screen.say(safe_line("There is no terminal here that an editor could have."), look="error")
            return
        except OSError as error:
            words = (
                f"{command[0]} cannot be started ({error.strerror}); editor in [compose] of config.toml names another."
            )
            screen.say(safe_line(words), look="error")
            return
        finally:
            app.refresh(layout=True)
        if code:
            screen.say(safe_line(f"{command[0]} ended with {code}; the draft stays as it was."), look="error")
            return
        edited = from_text(draft, path.read_text("utf-8", "replace"))
        came_back(edited.draft, edited.problems)
    finally:
        path.unlink(missing_ok=True)
