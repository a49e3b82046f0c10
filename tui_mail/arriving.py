"""Rules for mail that comes in: what each looks for, and what it does.

What belongs here: the plain data of a rule. What must never be here: reading config.toml (config.arrival_rules), or
running them (store.ruling).
"""

from __future__ import annotations

from tui_mail.model import Flag, Role
from tui_mail.records import frozen

_GOES = {Role.ARCHIVE: "archive", Role.TRASH: "to the trash", Role.JUNK: "to junk"}


@frozen
class Rule:
    """One rule; a message that its query means gets all of its actions."""

    name: str
    query: str
    """In the language of searches; days and spans count from the moment at which it runs."""
    account: str = ""
    """Empty: every account."""
    move: str = ""
    """A folder by its name, made when it is not there; empty: it stays, or goes where `role` says."""
    role: Role = Role.NONE
    """Archive, trash or junk."""
    add: Flag = Flag.NONE
    """Read, starred."""
    keywords: tuple[str, ...] = ()
    stop: bool = False
    """No later rule looks at the message."""
    place: int = 0
    """Which one it is in config.toml; 0 the first."""

    def does(self) -> str:
        """Its actions in a few words."""
        words = [f"move to {self.move}"] if self.move else []
        words += [_GOES[self.role]] if self.role else []
        words += ["mark as read"] * bool(self.add & Flag.SEEN) + ["star"] * bool(self.add & Flag.FLAGGED)
        words += [f"keyword {word}" for word in self.keywords] + ["stop"] * self.stop
        return ", ".join(words)


@frozen
class Ruled:
    """What running a rule came to."""

    rule: Rule
    message_ids: tuple[int, ...] = ()
    batch: int | None = None
    """Of history; None: nothing was done, or it was only looked."""
