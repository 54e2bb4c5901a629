-- One counter for the whole directory: a reader sees by it that something changed.
CREATE TABLE revision (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    directory INTEGER NOT NULL
) STRICT;
INSERT INTO revision VALUES (1, 0);

-- Employees. What is searched or must be unique has a column; all of it is in `body` (JSON).
CREATE TABLE user (
    login TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    active INTEGER NOT NULL,
    extension TEXT,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX user_extension ON user (extension) WHERE active = 1 AND extension IS NOT NULL;

-- Lines, menus, queues, trunks and settings: a row each, by kind.
CREATE TABLE directory_part (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- SIP passwords, sealed by the key file. `owner` is `user:LOGIN` or `trunk:ID`.
CREATE TABLE secret (
    owner TEXT PRIMARY KEY,
    sealed BLOB NOT NULL,
    changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where phones are registered. `expires` is wall-clock: it means the same after a restart.
CREATE TABLE registration (
    login TEXT NOT NULL,
    contact TEXT NOT NULL,
    expires INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (login, contact)
) STRICT, WITHOUT ROWID;

-- Calls: opened when they start, closed when they end.
CREATE TABLE call_record (
    id TEXT PRIMARY KEY,
    open INTEGER NOT NULL,
    started INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX call_record_started ON call_record (started);
CREATE INDEX call_record_open ON call_record (id) WHERE open = 1;
