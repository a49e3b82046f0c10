"""Writing on in $EDITOR: the draft as a file, the program on our terminal, and the file as a draft again.

What belongs here: which program, the file, and giving the terminal away and taking it back. What must never be here:
how a draft is written as text (mime).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from tui_mail.outgoing import Draft
from tui_mail.text import safe_line
from tui_mail.ui.held_terminal import environment_of_guest

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
    """Open the draft in the editor; `came_back` gets it as it is then, and what could not be followed.

    What was saved there is taken over however the editor ended, and its file goes once that is on the disk as a draft.
    """
    from tui_mail.client.edited_files import lent
    from tui_mail.mime.editing import as_text, from_text

    await screen.drafting.save_now()  # so that the file can name it
    draft, app = screen.drafting.snapshot(), screen.app
    command = editor_command(screen.client.compose.editor, os.environ)
    environ = environment_of_guest() | ({"NO_COLOR": "1"} if app.no_color else {})
    with lent(screen.client.paths.state, draft, as_text(draft)) as file:
        try:
            with app.suspend():
                process = await asyncio.create_subprocess_exec(*command, str(file.path), env=environ)
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
        text = file.changed_text()
        if text is None or (code and not text.strip()):  # it ended before it had written anything
            file.is_settled = True
            if code:
                screen.say(safe_line(f"{command[0]} ended with {code}; the draft stays as it was."), look="error")
            return
        edited = from_text(draft, text)
        ended = [f"{command[0]} ended with {code}; what it had saved is in the draft."] if code else []
        came_back(edited.draft, [*ended, *edited.problems])
        file.is_settled = await screen.drafting.save_now()
