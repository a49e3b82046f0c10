"""The command line: parses words, calls MailClient, prints. Also the path for scripts and for screen readers.

What belongs here: words in, text or JSON out, exit codes. What must never be here: anything that a screen
could want too (that is MailClient's). Data goes to stdout, words for people and progress to stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn, cast

from tui_mail import __version__
from tui_mail.errors import ConfigError, MailError, TerminalError, UsageError
from tui_mail.orders import Sort
from tui_mail.paths import Paths, paths
from tui_mail.redaction import RedactingFormatter
from tui_mail.thrift import OPENSSL, imports_without

if TYPE_CHECKING:
    from tui_mail.answers import Arguments

Command = Callable[["Arguments"], int]


def run(words: Sequence[str]) -> int:
    """Carry out a command line; returns the exit code. Never raises, never prints a traceback."""
    parser = _parser()
    link = next((at for at, word in enumerate(words) if word.lower().startswith("mailto:")), -1)
    if link >= 0 and "mailto" not in words[:link]:
        words = [*words[:link], "mailto", *words[link:]]
    given = cast("Arguments", parser.parse_args(words))
    given.home = getattr(given, "home", None)
    given.json = getattr(given, "json", False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        given.paths = paths(given.home)
        _log_to(given.paths)
        command: Command = getattr(given, "command", None) or _screen
        code = command(given)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except MailError as error:
        return _failed(given, error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to flush goes nowhere
        return 0
    except Exception as error:  # the main thread's top: the person gets a sentence, the log has the rest
        logging.getLogger(__name__).exception("the command ended")
        reason = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        return _failed(
            given,
            MailError(
                f"tui-mail met an error of its own{reason}; your mail is safe. "
                f"Please report what stands at the end of {given.paths.log_file}."
            ),
        )


def _failed(given: Arguments, error: MailError) -> int:
    with contextlib.suppress(OSError):
        print(error.shown, file=sys.stderr)
        if given.json:
            _print_json({"error": error.shown, "exit": error.exit_code})
    return error.exit_code


class _Parser(argparse.ArgumentParser):
    """Who asks for JSON is answered in JSON, also where the words make no sense."""

    def error(self, message: str) -> NoReturn:
        if "--json" in sys.argv:
            with contextlib.suppress(OSError):
                _print_json({"error": message, "exit": UsageError.exit_code})
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tui-mail",
        description="A full-screen mail client for the terminal. Without a command it opens the screen.",
        epilog="Exit: 0 done, 1 failed, 2 wrong usage, 69 server unreachable, 75 try again (work is queued, nothing "
        "lost), 77 authentication refused, 78 configuration wrong.",
    )
    parser.add_argument("--version", action="version", version=f"tui-mail {__version__}")
    common = _Parser(add_help=False)
    for target in (parser, common):
        target.add_argument(
            "--home", default=argparse.SUPPRESS, metavar="DIR", help="keep everything below this folder"
        )
        target.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON document on stdout"
        )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, help_: str, function: Command, into: Any = commands) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = into.add_parser(name, help=help_, description=help_, parents=[common])
        made.set_defaults(command=function)
        return made

    _demo_words(command("demo", "the client on a mail server of its own, nothing to set up, nothing kept", _demo))
    setup = command("setup", "the assistant that adds an account: type an address, the settings are found", _setup)
    setup.add_argument("address", nargs="?", default="", metavar="ADDRESS")
    account = commands.add_parser("account", help="which accounts there are", parents=[common])
    account.set_defaults(command=lambda _: account.error("say what: add, find, list, check, set, …"))
    accounts = account.add_subparsers(metavar="WHAT")
    _account_words(command("add", "add an account to config.toml", _later("account_add", "account_commands"), accounts))
    command("list", "the accounts in config.toml", _later("account_list", "account_commands"), accounts)
    find = command(
        "find", "look for the servers of an address; no password is sent", _later("find", "finding_commands"), accounts
    )
    find.add_argument("address", metavar="ADDRESS")
    check = command("check", "try the servers step by step", _later("account_check", "checking_commands"), accounts)
    check.add_argument("names", nargs="*", metavar="ACCOUNT", help="else all")
    check.add_argument("--letter", action="store_true", help="send a message to yourself, too")

    password = command(
        "set-password",
        "keep a password in the keyring or the vault",
        _later("set_password", "account_commands"),
        accounts,
    )
    password.add_argument("name", metavar="ACCOUNT")
    password.add_argument("--outgoing", action="store_true", help="for sending, when that needs another one")
    login = command("login", "log in with OAuth2 and keep the login", _later("login", "account_login"), accounts)
    login.add_argument("name", metavar="ACCOUNT")
    login.add_argument("--device", action="store_true", help="with a code, on another device")
    login.add_argument(
        "--client-secret", action="store_true", help="ask for the client secret of the registration first"
    )
    for made in (password, login):
        _place_words(made)
    _convert_words(
        command(
            "convert",
            "make an IMAP account of a POP3 account or the other way round; its mail stays here, and is not doubled",
            _later("account_convert", "converting_commands"),
            accounts,
        )
    )
    _settings_words(command, accounts)

    sync = command("sync", "bring store and server into agreement once, and show progress", _sync)
    sync.add_argument("--account", metavar="A")
    sync.add_argument("--folder", metavar="FOLDER", help="this folder first")
    sync.add_argument("--bodies", action="store_true", help="whole messages too, not only their headers")
    sync.add_argument("--timeout", type=float, default=3600.0, metavar="SECONDS")
    sync.add_argument(
        "--dry-run", action="store_true", help="POP3: only show what would be deleted on the server, and why"
    )
    sync.add_argument(
        "--policy", metavar="never|when_deleted|at_once|'N days'", help="with --dry-run: as if this were chosen"
    )
    watch = command("watch", "stay connected; one JSON line for every change", _later("watch"))
    watch.add_argument("--account", metavar="A")
    command("folders", "all folders with their counts", _later("folders"))
    listing = command("list", "the newest messages of a folder", _later("list_rows"))
    listing.add_argument("folder", metavar="FOLDER", help="[ACCOUNT:]NAME, or a role: inbox (of all accounts), sent, …")
    listing.add_argument("--limit", type=_number, default=50, metavar="N", help="at most this many (50)")
    listing.add_argument("--unread", action="store_true")
    listing.add_argument("--sort", choices=tuple(Sort), default=Sort.DATE, help="the order; by date, if none is said")
    listing.add_argument("--reverse", action="store_true", help="from the other end: the oldest first, Z to A …")
    listing.add_argument("--threads", action="store_true", help="one line for each thread: its newest message here")
    search = command(
        "search", "messages by words, from:, subject:, is:unread, newer:7d, …", _later("search", "searching_commands")
    )
    search.add_argument(
        "query", nargs="+", metavar="QUERY", help='from:anna "on friday" -is:read; after -- it may begin with -'
    )
    search.add_argument(
        "--server", action="store_true", help="have the servers look into what is not on this computer, too"
    )
    search.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="how long they may take (60)")
    search.add_argument("--limit", type=_number, default=50, metavar="N", help="at most this many (50)")
    show = command("show", "one message", _later("show"))
    show.add_argument("id", type=_number, metavar="ID")
    how = show.add_mutually_exclusive_group()
    how.add_argument("--raw", action="store_true", help="the octets as the server has them (with --json: in base64)")
    how.add_argument("--headers", action="store_true", help="every header field")
    files = command(
        "attachments", "the attachments of a message; save them", _later("attachments", "attachment_commands")
    )
    files.add_argument("id", type=_number, metavar="ID")
    files.add_argument("index", nargs="?", type=_number, metavar="N", help="only this one")
    files.add_argument("--save", metavar="DIR", help="write them into this folder; no file is written over")
    _action_words(command)
    _sending_words(command)
    _keeping_words(command)
    return parser


def _place_words(parser: argparse.ArgumentParser) -> None:
    """Where a secret is kept."""
    place = parser.add_mutually_exclusive_group()
    for word, help_ in (("keyring", "in the system's keyring"), ("vault", "in a file that a passphrase opens")):
        place.add_argument(f"--{word}", action="store_const", dest="place", const=word, help=help_)


def _action_words(command: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that change something; `command` makes one."""

    def acting(
        name: str, help_: str, function: str, module: str = "action_commands", into: Any = None
    ) -> argparse.ArgumentParser:
        where = {} if into is None else {"into": into}
        made = command(name, help_, _later(function, module), **where)
        made.add_argument("--wait", action="store_true", help="until the server has it; 75 when it cannot be reached")
        return made

    def on_messages(name: str, help_: str) -> argparse.ArgumentParser:
        made = acting(name, help_, name)
        made.add_argument("ids", type=_number, nargs="+", metavar="ID")
        made.add_argument("--thread", action="store_true", help="and all that is in the same thread and folder")
        return made

    mark = on_messages("mark", "set or clear flags")
    for word in ("seen", "unseen", "star", "unstar", "answered"):
        mark.add_argument(f"--{word}", action="store_true")
    mark.add_argument("--keyword", action="append", default=[], metavar="K")
    mark.add_argument("--no-keyword", action="append", default=[], metavar="K")
    for name, help_ in (("move", "move messages to a folder"), ("copy", "copy messages to a folder")):
        on_messages(name, help_).add_argument("folder", metavar="FOLDER")
    on_messages("archive", "move messages to the archive")
    delete = on_messages("delete", "move messages to the trash")
    delete.add_argument("--forever", action="store_true", help="out of the trash; there is no way back")
    on_messages("junk", "move messages to the junk folder")
    for name, help_, off in (
        ("snooze", "have messages leave until a moment, and come back unread", "bring them back now"),
        ("remind", "be reminded of messages at a moment, unless somebody answers", "no reminder any more"),
    ):
        made = acting(name, help_, name, "snooze_commands")
        made.add_argument("words", nargs="+", metavar="ID", help="numbers, then when: tomorrow, fri 14:00, in 3 days")
        made.add_argument("--off", action="store_true", help=off)
        made.add_argument("--thread", action="store_true", help="and all that is in the same thread and folder")
    rules: argparse.ArgumentParser = command(
        "rules", "what config.toml has done with mail that comes in", _later("rules_list", "rules_commands")
    )
    run = acting(
        "run", "run rules over all mail in the folders that they look at", "rules_run", "rules_commands",
        rules.add_subparsers(metavar="WHAT"),
    )  # fmt: skip
    run.add_argument("names", nargs="*", metavar="NAME", help="else all")
    run.add_argument("--dry-run", action="store_true", help="only say what they would do")
    import_ = acting("import", "store messages out of files in a folder", "import_messages")
    import_.add_argument("folder", metavar="FOLDER")
    import_.add_argument(
        "files", nargs="+", metavar="FILE", help="a message (.eml), an mbox or a Maildir; - reads a message from stdin"
    )
    import_.add_argument("--unseen", action="store_true", help="as unread messages")
    folder: argparse.ArgumentParser = command("folder", "make, rename or delete a folder", _screen)
    folder.set_defaults(command=lambda _: folder.error("say create, rename or delete"))
    folders = folder.add_subparsers(metavar="WHAT")
    for name, help_ in (
        ("create", "make a folder; NAME may be ACCOUNT:NAME"),
        ("rename", "give a folder, and those below it, another name"),
        ("delete", "move what is in a folder to the trash, then delete it"),
    ):
        made = acting(name, help_, f"folder_{name}", into=folders)
        made.add_argument("name", metavar="NAME")
        if name == "rename":
            made.add_argument("new_name", metavar="NEW")
    undo = acting("undo", "take an action back, the newest if none is named, whether or not the server knows", "undo")
    undo.add_argument("batch", type=_number, nargs="?", metavar="BATCH", help="its number in --list")
    undo.add_argument("--list", action="store_true", help="show what was done instead")
    acting("redo", "do again what was undone last", "redo")
    retry = acting("retry", "send again what the server refused", "retry")
    retry.add_argument("--account", metavar="A")


def _keeping_words(command: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that look after what is kept here."""
    export = command("export", "write the messages of a folder into files", _later("export", "keeping_commands"))
    export.add_argument("folder", metavar="FOLDER")
    how = export.add_mutually_exclusive_group(required=True)
    how.add_argument("--mbox", metavar="FILE", help="a file that is not there yet")
    how.add_argument("--maildir", metavar="FOLDER", help="a folder, made if need be")
    backup = command(
        "backup", "copy all mail and settings into a folder, and check the copy", _later("backup", "keeping_commands")
    )
    backup.add_argument("target", metavar="DIR", help="a folder that is not there yet, or empty")
    restore = command("restore", "put a backup back where no mail is yet", _later("restore", "keeping_commands"))
    restore.add_argument("source", metavar="DIR")
    doctor = command(
        "doctor", "check everything here, and the servers; to be pasted", _later("doctor", "checking_commands")
    )
    doctor.add_argument("--offline", action="store_true", help="without the servers")


def _sending_words(command: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that send."""
    send = command("send", "send a finished message (RFC 5322)", _later("send", "sending_commands"))
    send.add_argument("file", metavar="FILE", help="- reads it from stdin")
    send.add_argument("to", nargs="*", metavar="RECIPIENT", help="else those that its To, Cc and Bcc name")
    send.add_argument("--account", metavar="A", help="else the one whose address is in From")
    send.add_argument("--draft", action="store_true", help="keep it in the Drafts folder instead")
    outbox = command("outbox", "what is being sent, recipient by recipient", _later("outbox", "sending_commands"))
    outbox.add_argument("--all", action="store_true", help="also what was sent")
    which = outbox.add_mutually_exclusive_group()
    for word, help_ in (
        ("retry", "try now those again that have not got it"),
        ("cancel", "take it back; it is a draft again"),
        ("send-again", "send once more what was perhaps sent"),
        ("sent", "believe that it was sent"),
    ):
        which.add_argument(f"--{word}", type=_number, metavar="ID", help=help_)
    for made in (send, outbox):
        made.add_argument("--wait", action="store_true", help="until it is sent; 75 when it still waits after that")
        made.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS")
    mailto = command("mailto", "write to a mailto: link, in the running screen if there is one", _mailto)
    mailto.add_argument("link", metavar="mailto:…")


def _number(word: str) -> int:
    """The number of a message, or a count. What no store can hold is wrong usage."""
    number = int(word) if word.isdecimal() and len(word) < 20 else 0
    if not 0 < number < 1 << 63:
        raise argparse.ArgumentTypeError(f"{word!r} is no number from 1 on")
    return number


def _later(name: str, module: str = "commands") -> Command:
    """A command whose module is only loaded when it is used."""

    def call(given: Arguments) -> int:
        from importlib import import_module

        function: Command = getattr(import_module(f"tui_mail.{module}"), name)
        return function(given)

    return call


def _sync(given: Arguments) -> int:
    """Agree with the servers, or only say what that would delete."""
    if given.policy is not None and not given.dry_run:
        raise UsageError("--policy only goes with --dry-run; nothing was done. config.toml has delete_from_server.")
    return _later("dry_run", "keeping_commands")(given) if given.dry_run else _later("sync")(given)


def _mailto(given: Arguments) -> int:
    """Write to a link: the running screen takes it, or one is opened for it."""
    from tui_mail.client.takeover import hand_over

    if not given.link.lower().startswith("mailto:"):
        raise UsageError("That is no mailto: link; nothing was opened.")
    if hand_over(given.paths, given.link):
        print("The running tui-mail has taken it.", file=sys.stderr)
        return 0
    return _screen(given)


def _screen(given: Arguments) -> int:
    if not _at_terminal():
        raise TerminalError("The full screen needs a terminal; `tui-mail --help` shows the commands for scripts.")
    with imports_without(OPENSSL):
        from tui_mail.client import MailClient
        from tui_mail.config import secrets
    code: int | None = None
    while code is None:
        secrets.begin(given.paths, later=True)
        client = MailClient(given.paths)
        try:
            if not client.accounts:
                if client.problems:
                    raise ConfigError(client.problems[0])
                if not _set_up(given):
                    print("No account was added; `tui-mail demo` shows the program on made-up mail.", file=sys.stderr)
                    return 1
                continue
            if not client.has_mail:
                client.start(apart=True)  # nothing to show yet: connect while the screen is still being loaded
            with imports_without(OPENSSL):
                from tui_mail.ui.app import run as run_screen
            if link := getattr(given, "link", ""):
                client.ask_to_write(link)
                given.link = ""
            code = run_screen(client)
        finally:
            client.stop()
    return code


def _set_up(given: Arguments) -> bool:
    """The assistant; True when an account was added."""
    from tui_mail.ui.setup_app import run as run_assistant

    return run_assistant(given.paths, getattr(given, "address", "")) is not None


def _setup(given: Arguments) -> int:
    """The assistant, then the screen."""
    if not _at_terminal():
        raise TerminalError("The assistant needs a terminal; `tui-mail account add` takes all settings as options.")
    return _screen(given) if _set_up(given) else 1


def _at_terminal() -> bool:
    """Whether there is someone to show a screen to; it is drawn on stderr."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _demo_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--messages", type=int, default=2000, metavar="N")
    parser.add_argument("--every", type=float, default=20.0, metavar="SECONDS", help="a new message this often")
    parser.add_argument("--port-file", metavar="F", help="write the ports of the demo server there, as JSON")


def _demo(given: Arguments) -> int:
    if not _at_terminal():
        raise TerminalError("The demo is a full screen and needs a terminal; nothing was started.")
    from pathlib import Path

    from tui_mail.demo.home import write_whole
    from tui_mail.demo.server import Demo

    with Demo(messages=given.messages, every=given.every) as demo:
        if given.port_file:
            write_whole(Path(given.port_file), demo.ports.to_json())
        given.paths = paths(demo.home)
        _log_to(given.paths)
        return _screen(given)


def _account_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="what to call it; else the address's domain")
    parser.add_argument("--email", required=True)
    parser.add_argument("--full-name", "--name", dest="full_name", default="", help="your name, as others see it")
    parser.add_argument("--protocol", choices=("imap", "pop3"), default="imap")
    for leg, prefix in (("incoming", ""), ("outgoing", "smtp-")):
        parser.add_argument(f"--{prefix}host", help=f"{leg} server")
        parser.add_argument(f"--{prefix}port", type=int, help="else the usual one for the security")
        parser.add_argument(f"--{prefix}security", choices=("tls", "starttls", "none"), default="tls")
        parser.add_argument(f"--{prefix}user", help="else the address" if not prefix else "else as for incoming")
        parser.add_argument(f"--{prefix}auth", choices=("password", "oauth2"), default="password")
        parser.add_argument(f"--{prefix}password-command", metavar="COMMAND", help="its first line is the password")
        parser.add_argument(f"--{prefix}ca-file", default="", metavar="FILE", help="trust these authorities instead")
        parser.add_argument(f"--{prefix}fingerprint", default="", metavar="SHA256", help="trust this certificate only")
    parser.add_argument("--oauth", default="", metavar="PROVIDER", help="google, microsoft or the address of an issuer")
    parser.add_argument("--client-id", default="", metavar="ID", help="of your own registration, with --oauth")
    parser.add_argument("--tenant", default="", help="Microsoft: of an organisation")
    parser.add_argument("--token-command", metavar="COMMAND", help="its first line is an access token, for OAuth")
    _place_words(parser)
    parser.add_argument("--allow-cleartext", action="store_true", help="permit --security none beyond this computer")
    parser.add_argument("--keep-bodies", default="all", metavar="all|opened|'N days'")
    parser.add_argument(
        "--delete-from-server",
        default="never",
        metavar="never|when_deleted|at_once|'N days'",
        help="POP3: when a message that is here may be deleted there",
    )
    parser.add_argument("--check-every", metavar="'N minutes'", help="POP3: how often to look for new mail (5 minutes)")


def _convert_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="ACCOUNT")
    parser.add_argument("--protocol", choices=("imap", "pop3"), required=True, help="what it is to be")
    parser.add_argument("--host", help="else the host as it is, pop.… and imap.… taken for each other")
    parser.add_argument("--port", type=int, help="else the usual one for the security")
    parser.add_argument("--security", choices=("tls", "starttls", "none"), help="else as it is")
    parser.add_argument("--user", help="else as it is")
    parser.add_argument(
        "--local-name", metavar="NAME", help="IMAP: what keeps the mail of this computer; ACCOUNT-local"
    )
    parser.add_argument("--upload", action="store_true", help="IMAP: upload what only this computer has")
    parser.add_argument(
        "--delete-from-server", default="never", metavar="never|when_deleted|at_once|'N days'", help="POP3: as in add"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _settings_words(command: Callable[..., argparse.ArgumentParser], accounts: Any) -> None:
    """The commands that change which accounts there are, and how they are set."""
    import_ = command(
        "import",
        "add the accounts of other mail programs: Thunderbird, aerc, himalaya, mutt, mbsync, msmtp",
        _later("account_import", "settings_commands"),
        accounts,
    )
    import_.add_argument("source", nargs="?", metavar="PROGRAM|PATH", help="else everything in the usual places")
    import_.add_argument("--name", metavar="N", help="only the account that is called so there")
    import_.add_argument("--list", action="store_true", help="show what there is, and add nothing")
    import_.add_argument("--dry-run", action="store_true", help="the same")
    set_ = command("set", "change settings of an account", _later("account_set", "settings_commands"), accounts)
    set_.add_argument("name", metavar="ACCOUNT")
    set_.add_argument(
        "changes",
        nargs="*",
        metavar="KEY=VALUE",
        help="such as port=143; nothing after = takes it out; none: show all",
    )
    set_.add_argument("--same-mailbox", action="store_true", help="another host or user, but the mailbox is the same")
    remove = command("remove", "take an account away", _later("account_remove", "settings_commands"), accounts)
    remove.add_argument("name", metavar="ACCOUNT")
    what = remove.add_mutually_exclusive_group()
    what.add_argument("--keep-mail", action="store_true", help="its mail stays on this computer (so it is unless said)")
    what.add_argument("--delete-mail", action="store_true", help="its mail goes from this computer too")
    remove.add_argument("--force", action="store_true", help="even if something waits to be sent, or is only here")


def _print_json(document: object) -> None:
    import json

    print(json.dumps(document, ensure_ascii=False))


def _log_to(where: Paths) -> None:
    """Send every module's log to the state folder; nothing is ever printed over the screen."""
    from logging.handlers import RotatingFileHandler

    where.prepare()
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    handler = RotatingFileHandler(where.log_file, maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False
    threading.excepthook = _log_thread  # by default both print a traceback, and the screen is drawn there
    sys.unraisablehook = _log_unraisable


def _log_thread(failure: threading.ExceptHookArgs) -> None:
    name = failure.thread.name if failure.thread is not None else "?"
    if failure.exc_value is not None and not issubclass(failure.exc_type, SystemExit):
        logging.getLogger(__name__).error("thread %s ended", name, exc_info=failure.exc_value)


def _log_unraisable(failure: sys.UnraisableHookArgs) -> None:
    logging.getLogger(__name__).warning("ignored in %r", failure.object, exc_info=failure.exc_value)
