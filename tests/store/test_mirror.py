"""What bodies.db knows of mail that is on this computer only, as an older tui-mail left it."""

from __future__ import annotations

from pathlib import Path

from tui_mail.paths import paths
from tui_mail.store import files, local, maildrop, mirror
from tui_mail.store.database import Database, Transaction


def test_a_file_of_version_3(tmp_path: Path) -> None:
    """Places, flags and names are taken over; what it did not know of is noted when the account begins to work."""
    where = paths(tmp_path)
    where.prepare()
    kept = files.open_for_writing(where.data / "bodies.db")
    older = {1: files._BODIES_SCHEMA, 2: files._BODIES_SCHEMA_2, 3: files._BODIES_SCHEMA_3}
    files.migrate(kept, 3, older.__getitem__)
    kept.execute("INSERT INTO local VALUES (5, 'club', 'Work', '', 1, 'blue', 99, 'u5', 12)")
    kept.execute("INSERT INTO local VALUES (6, 'club', 'Sent', 'sent', 1, '', 99, '', 12)")
    kept.close()
    db = Database(where)
    try:
        sql = db.read_bodies()
        places = sql.execute("SELECT * FROM local").fetchall()
        assert places == [(5, "club", "Work", "", 1, "blue", 99), (6, "club", "Sent", "sent", 1, "", 99)]
        assert sql.execute("SELECT * FROM listed").fetchall() == [("club", "u5", 5, 12, 0, 99)]

        def begin(txn: Transaction) -> None:
            account = local.prepare(txn, "club")
            maildrop.know_as(txn, account, [("u5", 5, 12), ("u7", 7, 14)], 100)
            mirror.catch_up(db, txn, account)

        db.run(begin)
        names = [row[0] for row in sql.execute("SELECT uidl FROM listed ORDER BY uidl")]
        assert names == ["u5", "u7"]
        roles = {row[0] for row in sql.execute("SELECT role FROM local_folder WHERE account = 'club'")}
        assert roles == {"inbox", "drafts", "sent", "archive", "junk", "trash"}
    finally:
        db.close()
