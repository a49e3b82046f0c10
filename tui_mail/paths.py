"""Where files go: the XDG directories, or everything below one folder (`--home`, TUI_MAIL_HOME).

Directories are 0700 and files 0600 whatever the umask says: mail is private.
"""

from __future__ import annotations

import os
from pathlib import Path

from tui_mail.errors import StoreReadOnly
from tui_mail.records import frozen

APP = "tui-mail"


@frozen
class Paths:
    """The directories of one installation; nothing is created before `prepare`."""

    config: Path
    """config.toml and keys.toml."""
    data: Path
    """mail.db and bodies.db: what must not be lost."""
    state: Path
    """Log, engine lock and wake socket."""
    cache: Path
    """What can be made again."""

    @property
    def config_file(self) -> Path:
        """The accounts and settings."""
        return self.config / "config.toml"

    @property
    def keys_file(self) -> Path:
        """The person's own key bindings."""
        return self.config / "keys.toml"

    @property
    def log_file(self) -> Path:
        """Details of what went wrong, without secrets."""
        return self.state / "tui-mail.log"

    def prepare(self) -> None:
        """Create the directories, 0700. Raises StoreReadOnly."""
        for directory in (self.config, self.data, self.state, self.cache):
            try:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                if directory.stat().st_mode & 0o077:
                    directory.chmod(0o700)
            except OSError as error:
                raise StoreReadOnly(
                    f"The folder {directory} cannot be used ({error.strerror}); no mail was touched. "
                    "Give tui-mail a folder it may write, with --home or TUI_MAIL_HOME.",
                    repr(error),
                ) from error


def paths(home: str | Path | None = None) -> Paths:
    """The paths for `home`, else for TUI_MAIL_HOME, else XDG."""
    home = home or os.environ.get("TUI_MAIL_HOME") or None
    if home is not None:
        root = Path(home).expanduser().absolute()
        return Paths(root, root / "data", root / "state", root / "cache")
    return Paths(
        _xdg("XDG_CONFIG_HOME", ".config"),
        _xdg("XDG_DATA_HOME", ".local/share"),
        _xdg("XDG_STATE_HOME", ".local/state"),
        _xdg("XDG_CACHE_HOME", ".cache"),
    )


def _xdg(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    base = Path(value) if value.startswith("/") else Path.home() / default
    return base / APP
