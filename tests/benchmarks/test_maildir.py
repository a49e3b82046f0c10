"""The filled mailbox is what Dovecot would have made itself."""

from __future__ import annotations

import pytest

from tests.benchmarks.maildir import BODY_NEEDLE, NEEDLES, SUBJECT_NEEDLE, UIDVALIDITY, fill, warm
from tests.servers.dovecot import Dovecot

pytestmark = pytest.mark.server


def test_a_filled_mailbox_has_the_planned_mail_in_order(dovecot: Dovecot) -> None:
    """UIDs from 1, flags from the file names, the dates and bytes of the plan, and the words to search for."""
    user = dovecot.new_user()
    filled = fill(dovecot, user, 100, folders=("INBOX", "Projects/Museum"))
    assert (filled["INBOX"].count, filled["Projects/Museum"].count) == (100, 13)
    warm(dovecot, user)
    with dovecot.connect(user, "INBOX") as client:
        assert client.response("UIDVALIDITY")[1] == [str(UIDVALIDITY).encode()]
        assert client.uid("SEARCH", "ALL")[1][0].split() == [b"%d" % uid for uid in range(1, 101)]
        assert len(client.search(None, "SUBJECT", SUBJECT_NEEDLE)[1][0].split()) == NEEDLES
        assert len(client.search(None, "BODY", BODY_NEEDLE)[1][0].split()) == NEEDLES
        assert 0 < len(client.search(None, "UNSEEN")[1][0].split()) < 60
        newest = client.fetch("100", "(BODY.PEEK[])")[1][0]
        assert isinstance(newest, tuple)
        assert newest[1] == filled["INBOX"].newest
    with dovecot.connect(user, "Projects/Museum") as client:
        assert len(client.uid("SEARCH", "ALL")[1][0].split()) == 13
