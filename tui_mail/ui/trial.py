"""Looking at both servers of an account that is being set up: what each of them told, and what is to be said of it.

What belongs here: the threads of one test and what came of it. What must never be here: widgets, and what each step is
(client/checking).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from tui_mail.config.guards import Guard, accounts_elsewhere, guards
from tui_mail.errors import AuthenticationRefused, MailError
from tui_mail.model import Account
from tui_mail.paths import Paths, paths
from tui_mail.settings import Cure, Leg, LegReport, StepDone
from tui_mail.text import SafeText
from tui_mail.ui.bridge import Then

LEGS: tuple[Leg, Leg] = ("incoming", "outgoing")
NEXT = "\n✗ The outgoing server has a problem, too: it is next."


class Trial:
    """One test of an account; thrown away for the next one."""

    def __init__(self, account: Account, others: Sequence[Account], here: Paths, later: Callable[[Then], None]) -> None:
        """`later` does something on the screen's thread."""
        self.account = account
        self.steps: dict[Leg, list[StepDone]] = {"incoming": [], "outgoing": []}
        self.reports: dict[Leg, LegReport] = {}
        self.guards: list[Guard] = guards(account, others)
        self._others, self._here = others, here
        self._later = later
        self._stop = threading.Event()

    def begin(self, secrets: Mapping[Leg, str], changed: Callable[[], None], *, letter: bool) -> None:
        """Look at both servers at once; `changed` is called on the screen's thread. `letter`: to oneself."""
        for leg in self._legs:
            words = (leg, dict(secrets), changed, letter)
            threading.Thread(target=self._look, args=words, name=f"trial-{leg}", daemon=True).start()

    def stop(self) -> None:
        """Whatever comes now is of no interest."""
        self._stop.set()

    @property
    def is_over(self) -> bool:
        """Every server was looked at."""
        return len(self.reports) == len(self._legs)

    @property
    def is_good(self) -> bool:
        """Everything worked, and nothing would lose or double mail."""
        grave = any(guard.grave for guard in self.guards)
        return self.is_over and not grave and all(report.ok for report in self.reports.values())

    @property
    def cures(self) -> list[Cure]:
        """Ways out of the problem that is said."""
        failed = self._failed
        return list(failed[0].cures) if failed else []

    @property
    def problem(self) -> str:
        """What went wrong, one server at a time; empty when nothing did."""
        failed = self._failed
        if not failed or failed[0].problem is None:
            return ""
        first = failed[0].problem
        alike = len({report.problem.sentence for report in failed if report.problem}) == 1
        return f"✗ {first.shown}" if alike else f"✗ {failed[0].leg.capitalize()}: {first.shown}{NEXT}"

    @property
    def refused_password(self) -> Leg | None:
        """The server whose password was not accepted, when that is what is said."""
        failed = self._failed
        if not failed or not isinstance(failed[0].problem, AuthenticationRefused):
            return None
        server = self.account.incoming if failed[0].leg == "incoming" else self.account.outgoing
        typed = server is not None and server.auth == "password" and not server.password_command
        return failed[0].leg if typed else None

    @property
    def notes(self) -> list[SafeText]:
        """What a person should know before going on."""
        seen = dict.fromkeys(words for report in self.reports.values() for words in report.warnings)
        return [*(guard.words for guard in self.guards), *seen]

    @property
    def learnt(self) -> list[SafeText]:
        """What the message to oneself told, which its step has no room for."""
        return [
            SafeText(f"A message was {report.steps[-1].words}.")
            for report in self.reports.values()
            if report.ok and "sent_copy" in report.facts
        ]

    @property
    def _legs(self) -> list[Leg]:
        return [leg for leg in LEGS if leg == "incoming" or self.account.outgoing is not None]

    @property
    def _failed(self) -> list[LegReport]:
        return [report for leg in LEGS if (report := self.reports.get(leg)) is not None and report.problem is not None]

    def _look(self, leg: Leg, secrets: Mapping[Leg, str], changed: Callable[[], None], letter: bool) -> None:
        """On a thread: the steps of one server."""
        from tui_mail.client.checking import check_leg
        from tui_mail.client.examining import seen_by
        from tui_mail.config.secrets import secret as find_secret

        def note(what: Then) -> None:
            def then() -> None:
                if not self._stop.is_set():
                    what()
                    changed()

            self._later(then)

        def tell(done: StepDone) -> None:
            note(lambda: self.steps[leg].append(done))

        try:
            secret = secrets.get(leg) or find_secret(self.account, leg)
            other = secrets.get("incoming")
            report = check_leg(self.account, leg, secret, tell, self._stop, letter=letter, other_secret=other)
        except MailError as error:
            report = LegReport(leg, problem=error)
        except Exception as error:  # a thread's top: the person gets a sentence
            report = LegReport(leg, problem=MailError("The test itself failed; nothing was changed.", repr(error)))
        elsewhere = accounts_elsewhere(self._here, [paths()])

        def over() -> None:
            self.reports[leg] = report
            self.guards = guards(self.account, self._others, seen_by(self.reports.values()), elsewhere=elsewhere)

        note(over)
