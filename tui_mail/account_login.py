"""`tui-mail account login`: an OAuth2 login by browser, by a pasted address, or by a device code.

What belongs here: the words of the command line around config.oauth's flows. What must never be here: the flows.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable

from tui_mail.account_commands import chosen_place
from tui_mail.answers import Arguments, answer
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets, tokens
from tui_mail.config.oauth import BrowserLogin, DeviceLogin, Tokens, qr_lines
from tui_mail.errors import MailError, UsageError
from tui_mail.model import Account
from tui_mail.questions import answer_at_terminal, typed_secret
from tui_mail.text import safe_line


def login(given: Arguments) -> int:
    """Log in, and keep the refresh token where passwords are kept."""
    account = configuration.load(given.paths).account(given.name)
    if account.oauth is None:
        raise UsageError(
            f'Account "{account.name}" has no [accounts.{account.name}.oauth] table with provider and client_id of '
            "your own registration. Nothing was changed."
        )
    if account.oauth.token_command:
        raise UsageError(f'Account "{account.name}" has a token_command, which logs in by itself. Nothing was changed.')
    answer_at_terminal(given.paths)
    place = chosen_place(given)
    secrets.make_ready(place)  # a passphrase that nobody knows is found out before the login, not after it
    client_secret = _client_secret(given, account, place)
    found = _by_device(account, client_secret) if given.device else _by_browser(account, client_secret)
    secrets.keep_secret(account, "refresh_token", found.refresh_token, place)
    tokens.remember(account, found)
    answer(
        given,
        {"account": account.name, "place": place.value},
        f"{account.name} is logged in; the {place} keeps the login.",
    )
    return 0


def _client_secret(given: Arguments, account: Account, place: secrets.Place) -> str:
    if given.client_secret:
        value = typed_secret("Client secret of the registration: ", "Leave --client-secret out if there is none.")
        secrets.keep_secret(account, "client_secret", value, place)
        return value
    return secrets.stored_in(place, account, "client_secret") or ""


def _by_device(account: Account, client_secret: str) -> Tokens:
    assert account.oauth is not None
    flow = DeviceLogin(account.oauth, client_secret, account=account.name)
    _show(flow.complete_url)
    print(f"Open {safe_line(flow.url)} on any device and type the code {flow.code}", file=sys.stderr)
    return flow.wait()


def _by_browser(account: Account, client_secret: str) -> Tokens:
    """Wait for the browser and for a pasted address, whichever comes first."""
    assert account.oauth is not None
    flow = BrowserLogin(account.oauth, account.email, client_secret, account=account.name)
    try:
        print(f"Open this address in a browser, and log in:\n\n{safe_line(flow.url)}\n", file=sys.stderr)
        print(
            "In a browser on another computer the last page is not found: paste its address here.",
            file=sys.stderr,
            flush=True,
        )
        come, over = threading.Event(), threading.Event()
        outcome: list[Tokens | MailError] = []

        def listen() -> None:
            try:
                outcome.append(flow.wait(over))
            except MailError as error:
                outcome.append(error)
            come.set()

        threading.Thread(target=listen, name="oauth-wait", daemon=True).start()
        while not come.is_set():
            address = _line_within(0.2, come.is_set)
            if address.strip():
                try:
                    return flow.pasted(address)
                except UsageError as error:
                    print(error.shown, file=sys.stderr)
        if isinstance(outcome[0], MailError):
            raise outcome[0]
        return outcome[0]
    finally:
        flow.close()


def _line_within(seconds: float, over: Callable[[], bool]) -> str:
    """A line that was typed or pasted by then; empty without any."""
    try:
        number = sys.stdin.fileno()
        if not select.select([number], [], [], seconds)[0]:
            return ""
        octets = os.read(number, 16_384)
        if octets:
            return octets.decode("utf-8", "replace")
    except (OSError, ValueError):
        pass
    while not over():  # no more input will come, but the browser may
        threading.Event().wait(seconds)
    return ""


def _show(address: str) -> None:
    """A QR code, where there is room for one."""
    lines = qr_lines(address)
    with contextlib.suppress(OSError):
        size = os.get_terminal_size(sys.stderr.fileno())
        if size.columns >= len(lines[0]) and size.lines > len(lines):
            print("\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in lines), file=sys.stderr)
