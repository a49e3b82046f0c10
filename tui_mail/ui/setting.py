"""Reading and writing the settings that the screen shows, on a thread: the disk may be slow.

What belongs here: from files to plain values and back. What must never be here: widgets, words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_mail.config import accounts as configuration
from tui_mail.config import changing, values
from tui_mail.config.files import replace_whole
from tui_mail.errors import ConfigError, StoreReadOnly
from tui_mail.model import Role
from tui_mail.notices import Notices
from tui_mail.records import frozen
from tui_mail.text import SafeText
from tui_mail.ui.actions import BY_ID
from tui_mail.ui.keys import PRESETS, Keymap, default_keymap, forgiving_keymap, read_keymap, show_chord
from tui_mail.ui.widgets.setting_text import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tui_mail.client import MailClient


OR = "or"
"""Between two keys that do the same."""


class KeyTaken(ConfigError):
    """A key that is wanted for one action is another one's so far."""


@frozen
class Known:
    """What the files say at this moment."""

    accounts: tuple[Shown, ...]
    """Those that can be used."""
    problems: tuple[SafeText, ...]
    preset: str
    notices: Notices
    advance: str
    keys: Mapping[str, str]
    """The keys of every action, as somebody would type them."""


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
    return Known(tuple(shown), problems, preset, config.notices, config.auto_advance, _keys(client.paths.keys_file))


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

    def change(document: dict[str, Any]) -> None:
        document["preset"] = preset

    _write_keys(file, change)


def write_keys(file: Path, action_id: str, text: str, *, taking: bool = True) -> None:
    """Give an action other keys in keys.toml: "e or g a"; "none"; empty: those of the preset. Blocks.

    Raises as `write_preset`; and, unless it is `taking` them, KeyTaken when other actions would lose keys by it.
    """
    wishes = [] if text.strip() == "none" else [key.strip() for key in text.split(f" {OR} ") if key.strip()]

    def change(document: dict[str, Any]) -> None:
        own = document.setdefault("keys", {})
        if wishes or text.strip() == "none":
            own[action_id] = wishes[0] if len(wishes) == 1 else wishes
        else:
            own.pop(action_id, None)

    def look(now: Keymap) -> None:
        try:
            before = read_keymap(file)
        except ConfigError:  # one that is wrong as it is has nothing that could be taken
            return
        _refuse_taking(before, now, action_id)

    _write_keys(file, change, (lambda _: None) if taking else look)


def _refuse_taking(before: Keymap, after: Keymap, action_id: str) -> None:
    """Raise KeyTaken when an action but this one has fewer keys than before."""
    for other, chords in before.keys.items():
        lost = [chord for chord in chords if chord not in after.keys[other]]
        if lost and other != action_id:
            rest = f", which keeps {after.all_shown(other)}" if after.keys[other] else ", which would have no key then"
            raise KeyTaken(f"“{show_chord(lost[0])}” is “{BY_ID[other].label}” so far{rest}; Enter once more takes it.")


def _write_keys(
    file: Path, change: Callable[[dict[str, Any]], None], look: Callable[[Keymap], None] = lambda _: None
) -> None:
    """Change keys.toml, unless the result would be wrong; `look` sees it before."""
    import tomlkit

    try:
        before = file.read_text("utf-8") if file.exists() else ""
        document = tomlkit.parse(before)
        change(document)
        file = file.resolve()
        trial = file.with_name(f".{file.name}.trial")
        try:
            replace_whole(trial, tomlkit.dumps(document).encode())
            look(read_keymap(trial))
        finally:
            trial.unlink(missing_ok=True)
        replace_whole(file, tomlkit.dumps(document).encode())
    except KeyTaken:
        raise
    except ConfigError as error:
        raise ConfigError(f"{error.sentence.replace(trial.name, file.name)} Nothing was changed.") from error
    except OSError as error:
        raise StoreReadOnly(f"{file.name} could not be written ({error.strerror}); it is as it was.") from error
    except (ValueError, tomlkit.exceptions.TOMLKitError) as error:
        raise ConfigError(f"{file.name} is not TOML; correct it with an editor. Nothing was changed.") from error


def _keys(file: Path) -> dict[str, str]:
    try:
        keymap, _ = forgiving_keymap(file)
    except ConfigError:
        keymap = default_keymap()
    return {id_: f" {OR} ".join(map(" ".join, chords)) for id_, chords in keymap.keys.items()}


def _preset(file: Path) -> str:
    import tomllib

    try:
        preset = tomllib.loads(file.read_text("utf-8")).get("preset", "gmail")
    except (OSError, ValueError):
        return "gmail"
    return preset if preset in PRESETS else "gmail"
