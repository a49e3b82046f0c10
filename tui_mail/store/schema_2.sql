-- mail.db, version 2: changes that copy, upload and rearrange folders; the server's own identities; the engine's status.

ALTER TABLE message ADD COLUMN identity TEXT NOT NULL DEFAULT '';  -- the server's own name of the content: gm:…, id:…
ALTER TABLE message ADD COLUMN labels TEXT NOT NULL DEFAULT '';    -- Gmail's, parted by U+001F
ALTER TABLE message ADD COLUMN unborn INTEGER NOT NULL DEFAULT 0;  -- 1 made here, and the server has never had it
CREATE INDEX message_identity ON message (account_id, identity) WHERE identity != '';

ALTER TABLE journal ADD COLUMN name TEXT NOT NULL DEFAULT '';      -- folder changes: what it was called
ALTER TABLE journal ADD COLUMN new_name TEXT NOT NULL DEFAULT '';  -- … and is to be called
CREATE INDEX journal_undo ON journal (undo_of) WHERE undo_of IS NOT NULL;
ALTER TABLE journal_item ADD COLUMN source INTEGER;                -- copy: the message that this one is a copy of
CREATE INDEX journal_item_source ON journal_item (source) WHERE source IS NOT NULL;

CREATE TABLE link (                                                -- what the engine says of each account's line
    account TEXT PRIMARY KEY,
    status TEXT NOT NULL,                                          -- AccountStatus, as JSON
    told REAL NOT NULL                                             -- time.time() when it was written
) WITHOUT ROWID;
