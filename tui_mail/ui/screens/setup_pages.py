"""The pages of the assistant: which fields there are, and how they and the answers become each other.

What belongs here: fields, words, what is shown of a look at a server. What must never be here: which page comes
when, and what is asked of discovery and servers (setup).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.dom import DOMNode
from textual.widget import Widget
from textual.widgets import Static

from tui_mail.model import Protocol, Security
from tui_mail.settings import Cure, Leg, ProviderCard
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.sheet import Sheet
from tui_mail.ui.widgets.form import Control, Mark, Pick, Push, field
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.typing import Line

LOG_LINES = 3
WITH_COMMAND = ("command", "token")
CURES = 4
"""Buttons for ways out at most."""
PROTOCOL_WORDS = {
    Protocol.IMAP: "The server keeps the mail; every device sees what you read, move or delete here. This computer "
    "has copies to read and answer offline.",
    Protocol.POP3: "Mail is fetched and lives on this computer, to be read without any network. Other devices do not "
    "see what you do here; backups are up to you.",
}
"""Several devices, offline use, and who keeps the mail."""
POLICIES = (
    ("never", "leave it on the server"),
    ("14 days", "delete there after 14 days"),
    ("when_deleted", "delete there when I delete it here"),
    ("at_once", "delete there as soon as it is safe here"),
)
POLICY_WORDS = {
    "never": "The server keeps its copy. Read and deleted here is so on this computer only.",
    "14 days": "Other devices see new mail for two weeks. Keep backups of this computer.",
    "when_deleted": "What you put into the trash here goes there too. Do not read this mailbox elsewhere by POP3.",
    "at_once": "Only this computer has the mail then. Keep backups, and read it nowhere else.",
}


class Page(VerticalScroll, can_focus=False):
    """One page; shown when it is its turn."""

    TITLE = ""

    def show(self, sheet: Sheet) -> None:
        """Fill the fields."""

    def read(self, sheet: Sheet) -> None:
        """Take the answers."""

    @property
    def order(self) -> list[Widget]:
        """What takes the focus, in the order of Tab."""
        return [
            one
            for one in self.query("Line, Control")
            if isinstance(one, Line | Control) and not one.disabled and _is_shown(one, self)
        ]


def _is_shown(widget: Widget, page: Page) -> bool:
    node: DOMNode | None = widget
    while isinstance(node, Widget) and node is not page:
        if not node.display:
            return False
        node = node.parent
    return True


def row(label: str, *widgets: Widget, id: str | None = None) -> Horizontal:
    """A line of a form: what it is, and its fields."""
    name = OneLine(classes="form-label")
    name.write([(f" {label}", "quiet")])
    return Horizontal(name, *widgets, classes="form-row", id=id)


def word(text: str) -> OneLine:
    """A quiet word between two fields."""
    line = OneLine(classes="form-word")
    line.write([(text, "quiet")])
    line.styles.width = len(text) + 1
    return line


class WhoPage(Page):
    """Name, address, password."""

    TITLE = "You"

    def compose(self) -> ComposeResult:
        """Three fields."""
        yield Static("Read your mail here: type your address, and the settings are looked for.", classes="form-words")
        yield row("Your name", field("full-name", "as others see it"))
        yield row("E-mail", field("email", "anna@example.org"))
        yield row("Password", field("password", "or leave it empty: a command or a token is chosen next", secret=True))
        yield Static("", id="who-problem", classes="form-problem", markup=False)
        with Horizontal(classes="form-buttons"):
            yield Push("go-on", "Continue")
            yield Push("import", "Take over from another program")

    def show(self, sheet: Sheet) -> None:
        """Fill the fields."""
        for name, value in (("full-name", sheet.full_name), ("email", sheet.email), ("password", sheet.password)):
            self.query_one(f"#{name}", Line).value = value

    def read(self, sheet: Sheet) -> None:
        """Take the answers."""
        sheet.full_name = self.query_one("#full-name", Line).value
        sheet.email = self.query_one("#email", Line).value.strip()
        sheet.password = self.query_one("#password", Line).value


class SettingsPage(Page):
    """Every parameter of both servers."""

    TITLE = "Settings"

    def compose(self) -> ComposeResult:
        """What was found, the protocol, both servers; where they always can be seen: ways out, buttons, the log."""
        with VerticalScroll(id="settings-fields", can_focus=False):
            yield Static("", id="card", markup=False)
            yield Mark("imap", "IMAP", "stays on the server; every device shows the same")
            yield Mark("pop3", "POP3", "comes to this computer; other devices will not see it")
            yield Static("", id="protocol-words", classes="form-words", markup=False)
            with Vertical(id="policy-rows"):
                yield row("On server", Pick("policy", POLICIES))
                yield Static("", id="policy-words", classes="form-words", markup=False)
            for leg in ("incoming", "outgoing"):
                yield from self._leg(leg)
        with Horizontal(id="ports", classes="form-buttons"):
            yield OneLine(id="ports-words")
            for number in range(CURES):
                yield Push(f"port-cure-{number}", "")
        yield Static("", id="settings-problem", classes="form-problem", markup=False)
        with Horizontal(classes="form-buttons"):
            yield Push("go-on", "Test these settings")
            yield Push("back", "Back")
        yield Static("", id="log", markup=False)

    def _leg(self, leg: str) -> ComposeResult:
        securities = ((Security.TLS, "TLS"), (Security.STARTTLS, "STARTTLS"))
        ways = (
            ("password", "password"),
            ("command", "password command"),
            ("oauth2", "login in a browser (OAuth2)"),
            ("token", "OAuth2 token command"),
        )
        yield row(
            leg.capitalize(),
            field(f"{leg}-host", "server"),
            word(" Port"),
            field(f"{leg}-port", only=r"\d{0,5}"),
            Pick(f"{leg}-security", securities),
            id=f"{leg}-row",
        )
        if leg == "outgoing":
            yield row("", Mark("same-login", "same user and password", alone=True))
        yield row("User", field(f"{leg}-user"), Pick(f"{leg}-auth", ways), id=f"{leg}-login")
        yield row("Command", field(f"{leg}-command", "pass show mail/work"), id=f"{leg}-command-row")
        yield row("Password", field(f"{leg}-password", secret=True), id=f"{leg}-password-row")

    def show(self, sheet: Sheet) -> None:
        """Fill the fields."""
        for name, protocol in (("imap", Protocol.IMAP), ("pop3", Protocol.POP3)):
            self.query_one(f"#{name}", Mark).set(sheet.protocol is protocol)
        self.query_one("#policy", Pick).set(sheet.delete_from_server)
        for leg, one in sheet.legs():
            for name in ("host", "port", "user", "command"):
                line = self.query_one(f"#{leg}-{name}", Line)
                if line.value != getattr(one, name):
                    line.value = getattr(one, name)
            self.query_one(f"#{leg}-security", Pick).set(one.security)
            self.query_one(f"#{leg}-auth", Pick).set(one.auth)
        self.query_one("#same-login", Mark).set(sheet.same_login)
        self.query_one("#incoming-password", Line).value = sheet.password
        self.query_one("#outgoing-password", Line).value = sheet.outgoing_password
        self.suit(sheet)

    def suit(self, sheet: Sheet) -> None:
        """Show the rows that matter for these answers."""
        pop = sheet.protocol is Protocol.POP3
        self.query_one("#protocol-words", Static).update(PROTOCOL_WORDS[Protocol.POP3 if pop else Protocol.IMAP])
        self.query_one("#policy-rows").display = pop
        self.query_one("#policy-words", Static).update(POLICY_WORDS.get(sheet.delete_from_server, ""))
        self.query_one("#incoming-password-row").display = sheet.incoming.auth == "password"
        self.query_one("#incoming-command-row").display = sheet.incoming.auth in WITH_COMMAND
        self.query_one("#outgoing-login").display = not sheet.same_login
        self.query_one("#outgoing-command-row").display = not sheet.same_login and sheet.outgoing.auth in WITH_COMMAND
        self.query_one("#outgoing-password-row").display = not sheet.same_login and sheet.outgoing.auth == "password"
        cures = sheet.cures()
        cures = [cure for cure in cures if cure.leg == cures[0].leg]  # a line has room for those of one server
        self.query_one("#ports").display = bool(cures)
        words = self.query_one("#ports-words", OneLine)
        said = " ! " + " ".join(_usually(cure.leg, sheet) for cure in cures[::2])
        words.styles.width = len(said) + 1
        words.write([(said, "warning")])
        self.offer("port-cure", cures)

    def offer(self, prefix: str, cures: Sequence[Cure]) -> None:
        """Buttons for ways out."""
        for number in range(CURES):
            push = self.query_one(f"#{prefix}-{number}", Push)
            push.display = number < len(cures)
            if number < len(cures):
                push.say(cures[number].words)

    def read(self, sheet: Sheet) -> None:
        """Take the answers."""
        for leg, one in sheet.legs():
            one.host = self.query_one(f"#{leg}-host", Line).value.strip()
            one.port = self.query_one(f"#{leg}-port", Line).value.strip()
            one.user = self.query_one(f"#{leg}-user", Line).value
            one.command = self.query_one(f"#{leg}-command", Line).value
        sheet.password = self.query_one("#incoming-password", Line).value
        sheet.outgoing_password = self.query_one("#outgoing-password", Line).value

    def say_card(self, card: ProviderCard | None, why: SafeText, french: bool) -> None:
        """What is known of the provider."""
        lines = [f"Found: {why}"] if why else []
        if card is not None:
            hint = (card.hint_fr or card.hint) if french else card.hint
            lines += [
                f" {safe_line(line)}" for line in (f"{card.name}: {hint}" if hint else card.name, card.link) if line
            ]
        self.query_one("#card", Static).update("\n".join(lines))
        self.query_one("#card").display = bool(lines)
        self.query_one("#settings-fields").scroll_home(animate=False)

    def say_log(self, lines: Sequence[SafeText]) -> None:
        """The last lines of what is being tried."""
        self.query_one("#log", Static).update("\n".join(lines[-LOG_LINES:]))


def reads_french(environment: Mapping[str, str]) -> bool:
    """Whether somebody wants to read French: what gettext looks at, in its order."""
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "C")
    plain = locale.partition(".")[0] in ("C", "POSIX")
    return not plain and (environment.get("LANGUAGE") or locale).startswith("fr")


def _usually(leg: Leg, sheet: Sheet) -> str:
    one = sheet.incoming if leg == "incoming" else sheet.outgoing
    other = "STARTTLS" if one.security is Security.TLS else "TLS"
    return f"{one.port} usually speaks {other}, not {one.security.upper()}."
