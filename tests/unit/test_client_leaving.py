"""Why an account cannot go, in words that lead on."""

from __future__ import annotations

import pytest

from tui_mail.client.leaving import refuse_loss
from tui_mail.errors import UsageError
from tui_mail.store.holdings import Holdings

SYNC, OUTBOX = "`tui-mail sync` sends what waits first", "decided in the outbox"


@pytest.mark.parametrize(
    ("what", "said", "unsaid"),
    [
        (Holdings(waiting=1), ("there is still 1 action", SYNC), (OUTBOX,)),
        (Holdings(waiting=2, sending=1), ("there are still 2 actions", "1 message in the outbox", SYNC), (OUTBOX,)),
        (Holdings(sending=2, undecided=2), ("there are still 2 messages in the outbox", OUTBOX), (SYNC,)),
        (Holdings(sending=2, undecided=1), (SYNC, OUTBOX), ()),
    ],
)
def test_what_waits_is_sent_and_what_asks_is_decided(
    what: Holdings, said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    """No sync sends what a server refused, or has perhaps."""
    with pytest.raises(UsageError) as caught:
        refuse_loss(what, deleting=False)
    for words in said:
        assert words in caught.value.sentence
    for words in unsaid:
        assert words not in caught.value.sentence


def test_nothing_is_in_the_way() -> None:
    refuse_loss(Holdings(messages=5), deleting=False)
