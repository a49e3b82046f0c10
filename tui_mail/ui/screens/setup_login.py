"""The page of the assistant for a login with OAuth2: in a browser here or elsewhere, or by a code.

What belongs here: its widgets and words. What must never be here: the login (ui/login, config/oauth).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui_mail.ui.bridge import Then
from tui_mail.ui.login import Login
from tui_mail.ui.opener import open_link
from tui_mail.ui.screens.setup_pages import Page, row
from tui_mail.ui.sheet import Sheet
from tui_mail.ui.widgets.form import Lines, Pick, Push, field
from tui_mail.ui.widgets.typing import Line

if TYPE_CHECKING:
    from tui_mail.config.oauth import Tokens

PROVIDERS = (("google", "Google"), ("microsoft", "Microsoft"), ("", "another"))
HINTS = {
    "google": "Google knows programs by a registration, which is your own: console.cloud.google.com, Credentials, "
    "OAuth client ID, Desktop app. It gives a client id and a secret. An app password is simpler.",
    "microsoft": "Microsoft knows programs by a registration, which is your own: entra.microsoft.com, App "
    "registrations, platform “Mobile and desktop”, redirect http://localhost. Or: a token command.",
    "": "The provider is named by the address of its issuer, such as https://login.example.org; the client id is "
    "that of your own registration there.",
}


class LoginPage(Page):
    """Who is asked for a login, and how far it is."""

    TITLE = "Login"

    def __init__(self) -> None:
        self.login: Login | None = None
        super().__init__()

    def compose(self) -> ComposeResult:
        """The registration, two ways, what is to be opened or typed."""
        yield Static("", id="login-hint", classes="form-words", markup=False)
        yield row("Provider", Pick("oauth-provider", PROVIDERS))
        yield row("Issuer", field("oauth-issuer", "https://login.example.org"), id="issuer-row")
        yield row("Client id", field("client-id", "of your own registration"))
        yield row("Secret", field("client-secret", "if the registration has one", secret=True), id="client-secret-row")
        yield row("Tenant", field("tenant", "common; of an organisation, its own"), id="tenant-row")
        with Horizontal(classes="form-buttons"):
            yield Push("go-on", "Log in with a browser")
            yield Push("device", "With a code, on another device")
            yield Push("back", "Back")
        yield Static("", id="login-problem", classes="form-problem", markup=False)
        yield Static("", id="login-words", classes="form-words", markup=False)
        yield row(
            "Address", field("pasted", "of the last page, if that browser is on another computer"), id="pasted-row"
        )
        yield Lines(id="login-qr")

    def show(self, sheet: Sheet) -> None:
        """Fill the fields."""
        sheet.guess_provider()
        known = sheet.provider in ("google", "microsoft")
        self.query_one("#oauth-provider", Pick).set(sheet.provider if known else "")
        self.query_one("#oauth-issuer", Line).value = "" if known else sheet.provider
        self.query_one("#client-id", Line).value = sheet.client_id
        self.query_one("#tenant", Line).value = sheet.tenant
        self.suit()

    def suit(self) -> None:
        """Show the rows that matter for this provider."""
        provider = self.query_one("#oauth-provider", Pick).value
        self.query_one("#login-hint", Static).update(HINTS[provider])
        self.query_one("#issuer-row").display = provider == ""
        self.query_one("#tenant-row").display = provider == "microsoft"
        self.query_one("#device").display = provider != "google"  # its codes are not for mail

    def read(self, sheet: Sheet) -> None:
        """Take the answers."""
        picked = self.query_one("#oauth-provider", Pick).value
        sheet.provider = picked or self.query_one("#oauth-issuer", Line).value.strip()
        sheet.client_id = self.query_one("#client-id", Line).value.strip()
        sheet.tenant = self.query_one("#tenant", Line).value.strip()

    @property
    def client_secret(self) -> str:
        """What was typed; it is kept with the login, and nowhere before."""
        return self.query_one("#client-secret", Line).value

    def tokens(self, sheet: Sheet) -> Tokens | None:
        """Of a login as this person at this provider; None without any."""
        if self.login is None or not sheet.logs_in or not self.login.is_for(sheet.oauth(), sheet.email):
            return None
        return self.login.tokens

    def takes_paste(self, *, device: bool) -> bool:
        """Go on with the address that was pasted; False when there is none."""
        pasted = self.query_one("#pasted", Line)
        if device or self.login is None or self.login.is_over or not pasted.value.strip():
            return False
        self.login.paste(pasted.value)
        pasted.value = ""
        return True

    def log_in(self, sheet: Sheet, later: Callable[[Then], None], over: Callable[[str], None], *, device: bool) -> None:
        """Begin; `over` is told what went wrong, or nothing once somebody has logged in."""
        if self.login is not None:
            self.login.stop()
        self.login = login = Login(sheet.oauth(), sheet.email, self.client_secret, later)
        opened = False

        def changed() -> None:
            nonlocal opened
            if self.login is not login:
                return
            self.say(login)
            if login.problem is not None or login.tokens is not None:
                over(login.problem.shown if login.problem is not None else "")
            elif login.url and not login.code and not opened:
                opened = True
                open_link(login.url)
                self.app.copy_to_clipboard(login.url)
                self.screen.set_focus(self.query_one("#pasted", Line))

        self.say(login)
        login.begin(changed, device=device)

    def say(self, login: Login | None) -> None:
        """How far the login is."""
        words, code, qr = "", "", []
        if login is not None and not login.is_over:
            qr = login.qr
            if login.code:
                words = f"Open {login.url} on any device, and type the code {login.code}"
            elif login.url:
                words = f"Log in on the page that your browser shows, or open it by its address:\n{login.url}"
            else:
                words = "Asking the provider…"
            code = login.code
        self.query_one("#login-words", Static).update(words)
        self.query_one("#login-words").display = bool(words)
        self.query_one("#pasted-row").display = bool(words) and not code and login is not None and bool(login.url)
        self.set_class(bool(qr), "-coded")  # then the code has the room of what was asked before
        lines = self.query_one("#login-qr", Lines)
        lines.display = bool(qr)
        lines.styles.height = len(qr)
        lines.write_lines([[("  ", ""), (line, "qr")] for line in qr])
