-- mail.db, version 4: conversations.

CREATE TABLE alias (                               -- Message-IDs whose thread is not called after themselves
    id_hash INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL                        -- … or after whom it was called, before that one was joined to another
);
CREATE TABLE member (                              -- the messages that were placed: those up to meta's `placed`
    thread INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (thread, message_id)
) WITHOUT ROWID;
CREATE TABLE muted (thread INTEGER PRIMARY KEY);   -- what comes to these counts as read

DROP INDEX message_view;                           -- with the thread in it, a list of threads is read from the index alone
CREATE INDEX message_view ON message (view_folder, date DESC, id DESC, thread);
