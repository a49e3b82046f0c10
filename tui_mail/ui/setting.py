"""Reading and writing the settings that the screen shows, on a thread: the disk may be slow.

What belongs here: from files to plain values and back. What must never be here: widgets, words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_mail.config import accounts as configuration
from tui_mail.config import changing, values
from tui_mail.config.files import replace_whole
from tui_mail.errors import ConfigError, StoreReadOnly
from tui_mail.model import Role
from tui_mail.notices import Notices
from tui_mail.text import SafeText
from tui_mail.ui.keys import PRESETS, read_keymap
from tui_mail.ui.widgets.setting_text import Shown

if TYPE_CHECKING:
    from pathlib import Path

    from tui_mail.client import MailClient


@dataclass(frozen=True, slots=True)
class Known:
    """What the files say at this moment."""

    accounts: tuple[Shown, ...]
    """Those that can be used."""
    problems: tuple[SafeText, ...]
    preset: str
    notices: Notices
    advance: str


def read(client: MailClient) -> Known:
    """Everything that can be changed here. Blocks on the disk."""
    config = configuration.load(client.paths)
    folders = client.folders()
    shown = []
    for account in config.accounts:
        its = [one for one in folders if one.account == account.name]
        roles = {one.role.value: one.shown for one in its if one.role}
        names = tuple(
            one.name
            for one in its
            if one.selectable and one.name.isprintable() and one.name == one.name.strip() and one.role is not Role.INBOX
        )
        shown.append(Shown(account.name, values.shown(account), roles, names))
    problems, preset = tuple(one.sentence for one in config.problems), _preset(client.paths.keys_file)
    return Known(tuple(shown), problems, preset, config.notices, config.auto_advance)


def write(client: MailClient, account: str, key: str, text: str) -> None:
    """Change one setting of an account in config.toml. Blocks. Raises MailError: nothing was written then."""
    from tui_mail.client.leaving import refuse_other_mailbox

    changes = {key: values.parsed(key, text)}
    config = configuration.load(client.paths)
    now = next((one for one in config.accounts if one.name == account), None)
    if now is not None:
        refuse_other_mailbox(now, changes, client.holdings(account))
        changes = changing.with_following_ports(now, changes)
        client.refuse_wrong_folders(now, changes)
    changing.set_account(client.paths, account, changes)
    if key.startswith("folders."):
        client.keep_up_folders(configuration.load(client.paths).account(account))


def write_notice(client: MailClient, key: str, text: str) -> None:
    """Change how new mail is told. Blocks. Raises MailError: nothing was written then."""
    changing.set_table(client.paths, "notifications", {key: values.parsed(key, text)})


def write_advance(client: MailClient, text: str) -> None:
    """Change what is shown when the message that is read was put away. Blocks. Raises MailError."""
    changing.set_table(client.paths, "reading", {"auto_advance": text})
    client.auto_advance = text


def write_preset(file: Path, preset: str) -> None:
    """Have keys.toml ask for a preset; the person's own keys and comments stay. Blocks.

    Raises ConfigError when those clash with the preset, StoreReadOnly; nothing was written then.
    """
    import tomlkit

    try:
        before = file.read_text("utf-8") if file.exists() else ""
        document = tomlkit.parse(before)
        document["preset"] = preset
        file = file.resolve()
        trial = file.with_name(f".{file.name}.trial")
        try:
            replace_whole(trial, tomlkit.dumps(document).encode())
            read_keymap(trial)
        finally:
            trial.unlink(missing_ok=True)
        replace_whole(file, tomlkit.dumps(document).encode())
    except ConfigError as error:
        raise ConfigError(f"{error.sentence.replace(trial.name, file.name)} Nothing was changed.") from error
    except OSError as error:
        raise StoreReadOnly(f"{file.name} could not be written ({error.strerror}); it is as it was.") from error
    except (ValueError, tomlkit.exceptions.TOMLKitError) as error:
        raise ConfigError(f"{file.name} is not TOML; correct it with an editor. Nothing was changed.") from error


def _preset(file: Path) -> str:
    import tomllib

    try:
        preset = tomllib.loads(file.read_text("utf-8")).get("preset", "gmail")
    except (OSError, ValueError):
        return "gmail"
    return preset if preset in PRESETS else "gmail"
