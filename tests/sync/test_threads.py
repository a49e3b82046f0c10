"""Conversations on a real server: placed when there is nothing else to do, muted for every client."""

from __future__ import annotations

from tests.sync.conftest import Person, message, settled, shown, subjects_shown, wait_for
from tui_mail.model import Role
from tui_mail.store.threads import FEW


def answer(number: int, parent: int) -> bytes:
    """A message that answers another one."""
    field = f"In-Reply-To: <m{parent}@test.example>\r\nMIME-Version".encode()
    return message(number).replace(b"MIME-Version", field, 1)


def test_a_first_sync_ends_with_exact_threads(person: Person) -> None:
    """Hundreds of answers that only name their parents, newest first, in a chain: one conversation."""
    person.deliver(1)
    person.server.deliver(person.user, *(answer(number, number - 1) for number in range(2, FEW + 30)))
    with person.client() as client:
        settled(client)
        wait_for(lambda: len({row.thread for row in shown(client)}) == 1, "one thread")
        assert len(shown(client)) == FEW + 29


def test_what_comes_to_a_muted_conversation_is_read_for_other_clients_too(person: Person) -> None:
    """And other mail is not."""
    person.deliver(1)
    with person.client() as client:
        settled(client)
        (one,) = shown(client)
        client.mute(one.id, muted=True).result()
        person.server.deliver(person.user, answer(2, 1), message(3))
        wait_for(lambda: len(subjects_shown(client, Role.INBOX)) == 3, "both are here")
        wait_for(lambda: [row.subject for row in shown(client) if row.unread] == ["Number 3", "Number 1"], "as here")
        wait_for(lambda: ["\\Seen" in flags for flags in person.flags()] == [False, True, False], "and there")
