-- mail.db, version 6: what a message is in an inbox (model.Kind).

ALTER TABLE message ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;    -- 0: stored before; what the row tells must do
