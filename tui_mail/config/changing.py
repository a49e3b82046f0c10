"""Changing config.toml: adding, converting, removing an account, setting values; no word that a person wrote is lost.

What belongs here: every way in which the file is written, each checked before and compared after. What must never be
here: secrets (a password is taken out of a copy, never written), networks. `tomlkit` comes in when it is written.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_mail.config.files import replace_whole
from tui_mail.config.rules import PASSWORD_KEYS, Problem, suggestion
from tui_mail.errors import ConfigError, NotFound, StoreReadOnly, UsageError
from tui_mail.model import Account, Protocol
from tui_mail.paths import Paths
from tui_mail.settings import DEFAULT_PORTS

if TYPE_CHECKING:
    from tomlkit.items import Table

from tui_mail.config.accounts import parse
from tui_mail.config.tables import account_table, incoming_table, leg_table


def add_account(paths: Paths, account: Account) -> None:
    """Write `account` at the end of config.toml, making the file if need be; everything else stays as it is.

    Raises UsageError when the name is taken, ConfigError when the file (or the account) is not right,
    StoreReadOnly when it cannot be written.
    """
    with _alone(paths):
        _write(paths, _text_with(paths, account))


def check_account(paths: Paths, account: Account) -> None:
    """Raises what `add_account` would raise, and writes nothing."""
    _text_with(paths, account)


def account_names(paths: Paths) -> tuple[str, ...]:
    """The names of all accounts in config.toml, whether they are right or not. Raises ConfigError."""
    return _text_and_names(paths)[1]


def _text_with(paths: Paths, account: Account) -> str:
    before, names = _text_and_names(paths)
    if account.name in names:
        raise UsageError(f'There is an account "{account.name}" already; remove it first, or choose another name.')
    text = _with_account(before, account)
    written = parse(text, paths.config)
    if written.accounts != (*parse(before, paths.config).accounts, account):
        mine = [_what(problem) for problem in written.problems if problem.account == account.name]
        raise ConfigError(
            _as_sentence(mine[0]) if mine else f'The account "{account.name}" cannot be written as it is.'
        )
    return text


def _what(problem: Problem) -> str:
    """What is wrong with an account that is in no file yet, so that no line can be named: of which server it is."""
    leg = f"{problem.path[2]}: " if problem.path[2:3] in (("incoming",), ("outgoing",)) else ""
    return leg + problem.what


def problem_of(account: Account) -> str:
    """Why config.toml could not hold an account, without its line; empty when it can."""
    config = parse(_with_account("", account), Path("/"))
    if config.accounts == (account,):
        return ""
    return _what(config.problems[0]) if config.problems else "it cannot be written as it is"


def convert_account(paths: Paths, after: Account, beside: Account | None) -> None:
    """Give the account of that name another protocol and incoming server, and add `beside`, in one write.

    Every other word of the file stays. Raises NotFound, UsageError, ConfigError and StoreReadOnly.
    """
    with _alone(paths):
        _convert(paths, after, beside)


def _convert(paths: Paths, after: Account, beside: Account | None) -> None:
    import tomlkit

    before, names = _text_and_names(paths)
    if after.name not in names:
        raise NotFound(f'There is no account "{after.name}" in {paths.config_file}{suggestion(after.name, names)}.')
    if beside is not None and beside.name in names:
        raise UsageError(f'There is an account "{beside.name}" already; choose another name. Nothing was changed.')
    document = tomlkit.parse(before)
    table: Any = document["accounts"][after.name]
    known = {account.name: account for account in parse(before, paths.config).accounts}
    was = known.get(after.name)
    if was is None:
        raise ConfigError(f'The account "{after.name}" in {paths.config_file} is not right; nothing was changed.')
    table["protocol"] = after.protocol.value
    if after.protocol is not Protocol.POP3:
        for key in ("delete_from_server", "check_every"):
            table["incoming"].pop(key, None)
    _rewrite(table["incoming"], incoming_table(was), incoming_table(after))
    if was.outgoing is not None and after.outgoing is not None:  # what it inherited is not what it inherits now
        _rewrite(table["outgoing"], leg_table(was.outgoing, was.incoming), leg_table(after.outgoing, after.incoming))
    text = tomlkit.dumps(document)
    if beside is not None:
        section = tomlkit.document()
        section["accounts"] = tomlkit.table(is_super_table=True).append(beside.name, account_table(beside))
        text = f"{text.rstrip()}\n\n{tomlkit.dumps(section)}"
    expected = known | {after.name: after}
    if beside is not None:
        expected[beside.name] = beside
    written = parse(text, paths.config)
    if {account.name: account for account in written.accounts} != expected:
        mine = [problem.sentence for problem in written.problems if problem.account == after.name]
        raise ConfigError(mine[0] if mine else f'The account "{after.name}" cannot be written as it is.')
    _write(paths, text)


def _rewrite(table: Any, was: Table, now: Table) -> None:
    """Change what is another value now; what a person wrote in their own way stays."""
    for key in [key for key in was if key not in now and key in table]:
        del table[key]
    for key, value in now.items():
        if was.get(key) != value:
            table[key] = value


def remove_account(paths: Paths, name: str) -> None:
    """Take an account out of config.toml; its mail on this disk stays. Raises NotFound, ConfigError, StoreReadOnly."""
    import tomlkit

    with _alone(paths):
        text, names = _text_and_names(paths)
        if name not in names:
            raise NotFound(f'There is no account "{name}" in {paths.config_file}{suggestion(name, names)}.')
        expected = tomllib.loads(text)
        del expected["accounts"][name]
        document = tomlkit.parse(text)
        accounts = document["accounts"]
        del accounts[name]
        _write_expected(paths, tomlkit.dumps(document), expected)


Changes = Mapping[str, object]
"""By key, as config.toml has them: "email", "incoming.port", "signatures.me@club.example". None takes a key out."""


def set_account(paths: Paths, name: str, changes: Changes) -> None:
    """Change settings of an account in config.toml; comments and everything else stay.

    Nothing is written unless all of it is right. Raises NotFound, ConfigError, StoreReadOnly.
    """
    with _alone(paths):
        before, names = _text_and_names(paths)
        if name not in names:
            raise NotFound(f'There is no account "{name}" in {paths.config_file}{suggestion(name, names)}.')
        text, expected = _changed(before, name, changes)
        wrong = _problems_of_changes(text, paths.config, name, changes)
        if wrong:
            raise ConfigError(f"{_as_sentence(wrong[0].what)} Nothing was changed.")
        _write_expected(paths, text, expected)


def set_table(paths: Paths, table: str, changes: Changes) -> None:
    """Change keys of a table that is no account's; comments and everything else stay.

    Nothing is written unless all of it is right. Raises ConfigError and StoreReadOnly.
    """
    import tomlkit

    with _alone(paths):
        before, _ = _text_and_names(paths)
        document, expected = tomlkit.parse(before), tomllib.loads(before)
        for whole, empty in ((document, tomlkit.table()), (expected, {})):
            for key, value in changes.items():
                if value is not None:
                    whole.setdefault(table, empty)[key] = value
                elif key in whole.get(table, {}):
                    del whole[table][key]
        text = tomlkit.dumps(document)
        wrong = [problem for problem in parse(text, paths.config).problems if problem.path[:1] == (table,)]
        if wrong:
            raise ConfigError(f"{_as_sentence(wrong[0].what)} Nothing was changed.")
        _write_expected(paths, text, expected)


def put_rule(paths: Paths, rule: Mapping[str, object]) -> None:
    """Add a table to [[rules]], or replace the one of the same name; comments and everything else stay.

    Raises ConfigError and StoreReadOnly; nothing was written then.
    """
    import tomlkit

    with _alone(paths):
        before, _ = _text_and_names(paths)
        document, expected = tomlkit.parse(before), tomllib.loads(before)
        tables: list[Any] = [document.setdefault("rules", tomlkit.aot()), expected.setdefault("rules", [])]
        if not all(isinstance(one, list) for one in tables):
            raise ConfigError("The rules in config.toml are no [[rules]] tables. Nothing was changed.")
        for rules, made in zip(tables, (tomlkit.item(dict(rule)), dict(rule)), strict=True):
            at = [at for at, one in enumerate(rules) if one.get("name") == rule["name"]]
            if at:
                rules[at[0]] = made
            else:
                rules.append(made)
        text = tomlkit.dumps(document)
        wrong = [problem for problem in parse(text, paths.config).problems if problem.path[:1] == ("rules",)]
        if len(wrong) > sum(problem.path[:1] == ("rules",) for problem in parse(before, paths.config).problems):
            raise ConfigError(f"{_as_sentence(wrong[-1].what)} Nothing was changed.")
        _write_expected(paths, text, expected)


def with_following_ports(account: Account, changes: Changes) -> dict[str, object]:
    """The changes, and with each new security (or protocol) the port that belongs to it, if the old one did before."""
    following = dict(changes)
    protocol = str(changes.get("protocol", account.protocol.value))
    for leg, server in (("incoming", account.incoming), ("outgoing", account.outgoing)):
        if server is None or f"{leg}.port" in changes:
            continue
        service, before = ("smtp", "smtp") if leg == "outgoing" else (protocol, account.protocol.value)
        security = str(changes.get(f"{leg}.security") or server.security.value)
        usual = {(key, word.value): port for (key, word), port in DEFAULT_PORTS.items()}
        port = usual.get((service, security), server.port)
        if server.port == usual[before, server.security.value] and port != server.port:
            following[f"{leg}.port"] = port
    return following


def key_path(key: str) -> tuple[str, ...]:
    """Where a dotted key stands in the table of an account. Addresses hold dots too, so only the first one parts."""
    table, dot, rest = key.partition(".")
    return (table, rest) if dot else (key,)


def _changed(before: str, name: str, changes: Changes) -> tuple[str, dict[str, Any]]:
    """The text with the changes in it, and what it must mean."""
    import tomlkit

    document, expected = tomlkit.parse(before), copy.deepcopy(tomllib.loads(before))
    tables: list[Any] = [document["accounts"][name], expected["accounts"][name]]
    for key, value in changes.items():
        *above, last = key_path(key)
        for kind, found in enumerate(tables):
            table = found
            for word in above:
                if word not in table:
                    if value is None:
                        break
                    table[word] = {} if kind else tomlkit.table()
                table = table[word]
            else:
                if value is not None:
                    table[last] = value
                elif last in table:
                    del table[last]
    return tomlkit.dumps(document), expected


def _problems_of_changes(text: str, folder: Path, name: str, changes: Changes) -> tuple[Problem, ...]:
    """Those that keep the account from being used, and those of the very keys that are changed."""
    changed = {("accounts", name, *key_path(key)) for key, value in changes.items() if value is not None}
    return tuple(
        problem
        for problem in parse(text, folder).problems
        if problem.account == name and (problem.fatal or problem.path in changed)
    )


def _with_account(before: str, account: Account) -> str:
    import tomlkit

    section = tomlkit.document()
    section["accounts"] = tomlkit.table(is_super_table=True).append(account.name, account_table(account))
    return (f"{before.rstrip()}\n\n" if before.strip() else "") + tomlkit.dumps(section)


def _as_sentence(what: str) -> str:
    return f"{what[:1].upper()}{what[1:]}{'' if what.endswith(('?', '.')) else '.'}"


def without_secrets(content: bytes) -> tuple[bytes | None, list[str]]:
    """What stands in a config.toml, without passwords that somebody put there although none is read from it.

    Gives the text, None when there is no telling what is in it; and what was left out, in a few words each.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(content.decode("utf-8"))
    except (UnicodeDecodeError, TOMLKitError):
        return None, ["config.toml, which is not TOML"]
    found = list(_take_out(document, ()))
    return (tomlkit.dumps(document).encode() if found else content), [f'"{name}" in config.toml' for name in found]


def _take_out(table: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Remove every password below a table; gives their names."""
    if isinstance(table, list):
        for inner in table:
            yield from _take_out(inner, path)
    if isinstance(table, dict):
        for key in list(table):
            if key in PASSWORD_KEYS:
                del table[key]
                yield ".".join((*path, key))
            else:
                yield from _take_out(table[key], (*path, key))


def _text_and_names(paths: Paths) -> tuple[str, tuple[str, ...]]:
    """What config.toml holds now ("" without one), and the accounts in it, whether they are right or not."""
    try:
        text = paths.config_file.read_text("utf-8")
        accounts = tomllib.loads(text).get("accounts", {})
    except FileNotFoundError:
        return "", ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{paths.config_file} cannot be read, so nothing was changed: {reason}.") from error
    return text, tuple(accounts) if isinstance(accounts, dict) else ()


@contextlib.contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """One process at a time changes the file, so that none takes back what another has just written."""
    paths.prepare()
    try:
        handle = os.open(paths.state / "config.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreReadOnly(
            f"{paths.state} cannot be written ({error.strerror}); nothing was changed.", repr(error)
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_expected(paths: Paths, text: str, expected: dict[str, Any]) -> None:
    """Write a text that means what it must, and none that does not. Raises ConfigError and StoreReadOnly."""
    if _without_empty(tomllib.loads(text)) != _without_empty(expected):
        raise ConfigError(
            f"{paths.config_file} is written in a way that cannot be changed from here, and nothing was changed; "
            "change it with an editor."
        )
    _write(paths, text)


def _without_empty(value: Any) -> Any:
    """A document without its empty tables: one that loses its last key may go with it."""
    if not isinstance(value, dict):
        return value
    pruned = {key: _without_empty(inner) for key, inner in value.items()}
    return {key: inner for key, inner in pruned.items() if inner != {}}


def _write(paths: Paths, text: str) -> None:
    """Replace config.toml as a whole, 0600, its former self kept as config.toml.bak. Follows a symbolic link."""
    paths.prepare()
    file = paths.config_file.resolve()
    try:
        if file.exists():
            replace_whole(file.with_name(file.name + ".bak"), file.read_bytes())
        replace_whole(file, text.encode())
    except OSError as error:
        raise StoreReadOnly(f"{file} could not be written ({error.strerror}); it is as it was.", repr(error)) from error
