"""Backups as a person asks for them: the store with the settings that go with it, without a secret.

What belongs here: which settings go along, and where everything goes back to. What must never be here: the files of a
backup (store/backup).
"""

from __future__ import annotations

from pathlib import Path

from tui_mail.config import accounts as configuration
from tui_mail.config import changing
from tui_mail.config.files import replace_whole
from tui_mail.errors import StoreReadOnly
from tui_mail.model import Protocol
from tui_mail.paths import Paths
from tui_mail.store import backup
from tui_mail.store.backup import Backup, Progress
from tui_mail.store.database import Database


def take(paths: Paths, db: Database, target: Path, progress: Progress) -> tuple[Backup, list[str]]:
    """Make a backup; gives what it holds, and what of the settings was left out. Blocks. As backup.take raises."""
    settings, left_out = dict[str, bytes](), list[str]()
    for file in (paths.config_file, paths.keys_file):
        try:
            settings[file.name] = file.read_bytes()
        except FileNotFoundError:
            continue
        except OSError:
            left_out.append(f"{file.name}, which cannot be read")
    if paths.config_file.name in settings:
        text, secrets = changing.without_secrets(settings.pop(paths.config_file.name))
        left_out += secrets
        if text is not None:
            settings[paths.config_file.name] = text
    return backup.take(db, target, settings, progress), left_out


def restore(paths: Paths, folder: Path, progress: Progress) -> tuple[Backup, list[str]]:
    """Put a backup back where no mail is yet; gives what it holds, and which settings were there and stayed.

    Blocks. As backup.restore raises.
    """
    wanted = {name: backup.setting_of(folder, name) for name in backup.SETTINGS}
    text = wanted[paths.config_file.name]
    config = configuration.load(paths)
    if not paths.config_file.exists() and text is not None:
        config = configuration.parse(text.decode("utf-8", "replace"), paths.config)
    local = {account.name for account in config.accounts if account.protocol is Protocol.POP3}
    found = backup.restore(folder, paths.data, local, progress)
    kept = list[str]()
    for name, octets in wanted.items():
        file = paths.config / name
        if octets is None:
            continue
        if file.exists():
            kept.append(name)
            continue
        try:
            replace_whole(file, octets)
        except OSError as error:
            raise StoreReadOnly(
                f"The mail was restored, and {file} could not be written ({error.strerror}); copy it out of {folder}."
            ) from error
    return found, kept
