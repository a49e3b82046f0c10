-- mail.db, version 1. Everything that can be read from a server again, and the journal, which cannot.
-- `message` keeps two truths side by side: where and how the server has it (folder_id, uid, flags, keywords)
-- and what the screen shows (view_*): the server's truth with every unfinished change laid over it.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE folder (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    delimiter TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL DEFAULT '',
    selectable INTEGER NOT NULL DEFAULT 1,
    uidvalidity INTEGER NOT NULL DEFAULT 0,
    uidnext INTEGER NOT NULL DEFAULT 0,         -- every UID below it has been seen
    highestmodseq INTEGER NOT NULL DEFAULT 0,   -- every change up to it is stored
    synced_min_uid INTEGER NOT NULL DEFAULT 0,  -- every UID from it up is stored; 1 complete, 0 nothing yet
    on_server INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,           -- displayed messages, kept in the same transaction as they are
    unread INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0,         -- grows with every change of it or of a message in it
    arrangement INTEGER NOT NULL DEFAULT 0,     -- grows when a displayed message came or went
    scanned INTEGER NOT NULL DEFAULT 0,         -- when flags and deletions were last compared whole
    UNIQUE (account_id, name)
);

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    folder_id INTEGER,          -- NULL: gone from where it was, perhaps to be found elsewhere
    uid INTEGER,                -- NULL: the server has not told it yet
    flags INTEGER NOT NULL DEFAULT 0,
    keywords TEXT NOT NULL DEFAULT '',
    view_folder INTEGER,
    view_flags INTEGER NOT NULL DEFAULT 0,
    view_keywords TEXT NOT NULL DEFAULT '',
    state INTEGER NOT NULL DEFAULT 0,
    date INTEGER NOT NULL,
    internaldate INTEGER NOT NULL,
    size INTEGER NOT NULL,
    subject TEXT NOT NULL,
    from_ TEXT NOT NULL,
    to_ TEXT NOT NULL,
    cc TEXT NOT NULL,
    message_id TEXT NOT NULL,
    msgid_hash INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    refs TEXT NOT NULL,
    list_id TEXT NOT NULL,
    has_attachments INTEGER NOT NULL,
    has_body INTEGER NOT NULL DEFAULT 0,        -- 1 in bodies.db, 2 too large for the policy, 3 the server will not give it
    snippet TEXT NOT NULL DEFAULT '',
    lost_since INTEGER NOT NULL DEFAULT 0       -- when the server's place of it was lost
);
CREATE UNIQUE INDEX message_place ON message (folder_id, uid) WHERE uid IS NOT NULL;
CREATE INDEX message_view ON message (view_folder, date DESC, id DESC);
CREATE INDEX message_lost ON message (account_id, msgid_hash) WHERE uid IS NULL;
CREATE INDEX message_bodiless ON message (account_id, date DESC) WHERE has_body = 0;

CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    batch INTEGER NOT NULL,                     -- changes of one key press share it
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    target INTEGER,                             -- move: folder_id
    add_flags INTEGER NOT NULL DEFAULT 0,
    remove_flags INTEGER NOT NULL DEFAULT 0,
    add_keywords TEXT NOT NULL DEFAULT '',
    remove_keywords TEXT NOT NULL DEFAULT '',
    verb TEXT NOT NULL DEFAULT '',              -- what the person did: archived, deleted, …
    undo_of INTEGER,                            -- batch that this change takes back
    undone INTEGER NOT NULL DEFAULT 0,          -- when it was undone, as a count; -1: and cannot be redone
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL
);
CREATE INDEX journal_open ON journal (account_id, id) WHERE state IN ('queued', 'running', 'failed');
CREATE INDEX journal_batch ON journal (batch);

CREATE TABLE journal_item (
    journal_id INTEGER NOT NULL REFERENCES journal (id),
    message_id INTEGER NOT NULL,
    from_folder INTEGER,
    stage INTEGER NOT NULL DEFAULT 0,           -- 0 to do, 1 copied, 2 the server has carried it out
    probe INTEGER NOT NULL DEFAULT 0,           -- UIDNEXT of the target before the copy was sent
    PRIMARY KEY (journal_id, message_id)
) WITHOUT ROWID;
CREATE INDEX journal_item_message ON journal_item (message_id);

CREATE TABLE wanted (message_id INTEGER PRIMARY KEY, asked INTEGER NOT NULL) WITHOUT ROWID;
