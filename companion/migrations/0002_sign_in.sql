-- Sites in the database, sign-ins that only the tab which began them can complete, sealed tokens, Meta's duties.

-- Tokens lay open until now, and sessions were bound to no origin. Neither is carried over: visitors sign in once more.
DELETE FROM attempts;
DELETE FROM sessions;
DELETE FROM connections;

-- A site: its settings as JSON. `seeded` is 1 for one that the configuration names and nothing else has changed.
CREATE TABLE apps (
    key        TEXT PRIMARY KEY,
    settings   TEXT NOT NULL,
    seeded     BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);

-- What a site has of its own: an app at a provider (`kind` is facebook, instagram or pages), or a receiver of notices
-- (`kind` is webhook, and `client_id` its URL). The secret is sealed.
CREATE TABLE app_credentials (
    app_key       TEXT NOT NULL REFERENCES apps (key) ON DELETE CASCADE,
    kind          TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    PRIMARY KEY (app_key, kind)
);

-- Counts the changes of what a process keeps in memory, so that it sees that another has changed it.
CREATE TABLE revisions (
    name   TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO revisions (name, number) VALUES ('apps', 0);

-- `origin` is the page's, empty for a program. `remembered` is 1 where the site asked for `sessionCache`.
ALTER TABLE sessions ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN remembered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN stores BIGINT NOT NULL DEFAULT 0;

-- Ids of accounts are of one app of the provider's, so an account is found by source, `client_id` and `account_id`.
-- `access_token` is sealed from here on.
ALTER TABLE connections ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN refreshed_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX connections_account ON connections (source, client_id, account_id);

-- `binding`: how a sign-in is tied to the tab that began it: `completion` (a code that only that tab receives), `typed`
-- (a code that it shows) or `unbound`. `appurl` says where that tab is; `typing` that its code is asked for (1) or was typed (2),
-- in the browser whose cookie has the hash `browser_hash`.
-- A provider's answer waits in `connection_id` until the code comes.
ALTER TABLE attempts ADD COLUMN binding TEXT NOT NULL DEFAULT 'completion';
ALTER TABLE attempts ADD COLUMN appurl TEXT;
ALTER TABLE attempts ADD COLUMN switch_account BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN verifier TEXT;
ALTER TABLE attempts ADD COLUMN typing BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN browser_hash TEXT;
ALTER TABLE attempts ADD COLUMN connection_id TEXT REFERENCES connections (id) ON DELETE SET NULL;
ALTER TABLE attempts ADD COLUMN code_hash TEXT;
ALTER TABLE attempts ADD COLUMN code_expires_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX attempts_connection ON attempts (connection_id);

-- Whose photo a file is, so that it is found when they ask for its deletion. Both are empty for files from before.
ALTER TABLE files ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN account_id TEXT NOT NULL DEFAULT '';
CREATE INDEX files_account ON files (source, client_id, account_id);

-- Whose photo a job stores, for the same reason. A running one with a `problem` has had its access removed, and ends as soon as
-- it notices.
ALTER TABLE jobs ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN account_id TEXT NOT NULL DEFAULT '';
CREATE INDEX jobs_account ON jobs (source, client_id, account_id);

-- A person's wish that what is kept of them be deleted. `account_id` is emptied once it is fulfilled.
CREATE TABLE deletions (
    code       TEXT PRIMARY KEY,
    source     TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    account_id TEXT NOT NULL,
    files      BIGINT NOT NULL DEFAULT 0,
    kept       BIGINT NOT NULL DEFAULT 0,
    created_ms BIGINT NOT NULL,
    done_ms    BIGINT
);
CREATE INDEX deletions_done ON deletions (done_ms);

-- Notices to sites, until they are delivered or given up.
CREATE TABLE notices (
    id         TEXT PRIMARY KEY,
    app_key    TEXT NOT NULL,
    body       TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    next_ms    BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    ended_ms   BIGINT,
    outcome    TEXT
);
CREATE INDEX notices_due ON notices (ended_ms, next_ms);
