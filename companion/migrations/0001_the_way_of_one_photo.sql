-- Statements that SQLite and PostgreSQL both take: text ids, integer milliseconds, no database-made values.

-- Who is signed in. The token itself is only in the visitor's browser; here is its SHA-256.
CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    app_key    TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    seen_ms    BIGINT NOT NULL
);
CREATE INDEX sessions_seen ON sessions (seen_ms);

-- One sign-in that ended well: the provider's token and whose it is.
CREATE TABLE connections (
    id           TEXT PRIMARY KEY,
    app_key      TEXT NOT NULL,
    source       TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    account_name TEXT NOT NULL,
    access_token TEXT NOT NULL,
    expires_ms   BIGINT,
    created_ms   BIGINT NOT NULL
);

-- A session points to at most one connection of each source. The id is public: thumbnails are signed for it,
-- so they end with the sign-out.
CREATE TABLE session_connections (
    id            TEXT PRIMARY KEY,
    session_id    TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    source        TEXT NOT NULL,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    UNIQUE (session_id, source)
);
CREATE INDEX session_connections_connection ON session_connections (connection_id);

-- A sign-in that was offered. `state_hash` is there between the popup's opening and the provider's answer,
-- `outcome` ('connected' or a problem code) once it has ended.
CREATE TABLE attempts (
    id_hash          TEXT PRIMARY KEY,
    session_id       TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    source           TEXT NOT NULL,
    rerequest        BIGINT NOT NULL,
    state_hash       TEXT UNIQUE,
    state_expires_ms BIGINT NOT NULL DEFAULT 0,
    outcome          TEXT,
    created_ms       BIGINT NOT NULL,
    ended_ms         BIGINT
);
CREATE INDEX attempts_session ON attempts (session_id, source);

-- What is in the storage.
CREATE TABLE files (
    handle      TEXT PRIMARY KEY,
    app_key     TEXT NOT NULL,
    source      TEXT NOT NULL,
    source_path TEXT NOT NULL,
    object_key  TEXT NOT NULL,
    container   TEXT,
    filename    TEXT NOT NULL,
    mimetype    TEXT NOT NULL,
    size        BIGINT NOT NULL,
    sha256      TEXT NOT NULL,
    width       BIGINT,
    height      BIGINT,
    caption     TEXT,
    taken       TEXT,
    created_ms  BIGINT NOT NULL
);

-- One photo's way into the storage. `request_key` makes asking twice the same job; the handle is chosen at once,
-- so that a job which is run again writes over what it left behind. `state`: queued, running, stored, failed.
CREATE TABLE jobs (
    id            TEXT PRIMARY KEY,
    request_key   TEXT NOT NULL UNIQUE,
    app_key       TEXT NOT NULL,
    connection_id TEXT REFERENCES connections (id) ON DELETE SET NULL,
    source        TEXT NOT NULL,
    path          TEXT NOT NULL,
    accept        TEXT NOT NULL,
    container     TEXT,
    prefix        TEXT NOT NULL,
    handle        TEXT NOT NULL,
    state         TEXT NOT NULL,
    received      BIGINT NOT NULL,
    total         BIGINT,
    problem       TEXT,
    created_ms    BIGINT NOT NULL,
    updated_ms    BIGINT NOT NULL
);
CREATE INDEX jobs_queue ON jobs (state, created_ms);
CREATE INDEX jobs_connection ON jobs (connection_id);
