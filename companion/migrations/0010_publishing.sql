-- Publishing: the accounts that a site may publish to, connections that are being made, and publications.

-- A Page or an Instagram account, with its own token. `network` is facebook or instagram; `page_id` is the Page through which an
-- Instagram account is reached, and empty where it is reached with Instagram Login. `user_id` is the person who connected it, by the
-- id that they have with the app `client_id`. `tenant` is the site's own name for whom the account belongs to; empty for one.
-- `problem` says by its code why nothing can be published to it any more.
CREATE TABLE accounts (
    id           TEXT PRIMARY KEY,
    app_key      TEXT NOT NULL REFERENCES apps (key) ON DELETE CASCADE,
    tenant       TEXT NOT NULL,
    network      TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    page_id      TEXT NOT NULL,
    name         TEXT NOT NULL,
    username     TEXT,
    picture_url  TEXT,
    access_token TEXT NOT NULL,
    problem      TEXT,
    created_ms   BIGINT NOT NULL,
    refreshed_ms BIGINT NOT NULL,
    UNIQUE (app_key, tenant, network, account_id)
);
CREATE INDEX accounts_user ON accounts (client_id, user_id);

-- What is to be published on one account. Those that were asked for together share `post_id`. `body` is the text, the link and the
-- media, as JSON. `state`: waiting, running, published, failed, cancelled; `phase` is what a running one does, in Meta's words:
-- uploading, processing, publishing. `made` is what has been made at Meta on the way, as JSON: by it another process goes on, and
-- what nothing uses in the end is removed. `claims` counts how often it was taken, as that of jobs.
CREATE TABLE publications (
    id           TEXT PRIMARY KEY,
    post_id      TEXT NOT NULL,
    app_key      TEXT NOT NULL,
    account_id   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL,
    body         TEXT NOT NULL,
    state        TEXT NOT NULL DEFAULT 'waiting',
    phase        TEXT,
    sent         BIGINT NOT NULL DEFAULT 0,
    total        BIGINT,
    made         TEXT NOT NULL DEFAULT '{}',
    left_over    BIGINT NOT NULL DEFAULT 0,
    scheduled_ms BIGINT,
    due_ms       BIGINT NOT NULL,
    tries        BIGINT NOT NULL DEFAULT 0,
    claims       BIGINT NOT NULL DEFAULT 0,
    worker       TEXT,
    lease_ms     BIGINT NOT NULL DEFAULT 0,
    problem      TEXT,
    reason       TEXT,
    remote_id    TEXT,
    remote_url   TEXT,
    trace        TEXT NOT NULL DEFAULT '',
    created_ms   BIGINT NOT NULL,
    updated_ms   BIGINT NOT NULL,
    ended_ms     BIGINT
);
CREATE INDEX publications_due ON publications (state, due_ms);
CREATE INDEX publications_post ON publications (post_id);
CREATE INDEX publications_remote ON publications (remote_id);
CREATE INDEX publications_account ON publications (account_id, created_ms);
CREATE INDEX publications_left ON publications (left_over, due_ms);

-- What one call asked to be published, on one account or several. `request` is what was asked, in the words of who asked, to be told
-- again; `request_key` is the caller's own name for the call: the same again is the same post.
CREATE TABLE posts (
    id           TEXT PRIMARY KEY,
    app_key      TEXT NOT NULL REFERENCES apps (key) ON DELETE CASCADE,
    tenant       TEXT NOT NULL,
    request      TEXT NOT NULL,
    request_key  TEXT UNIQUE,
    scheduled_ms BIGINT,
    created_ms   BIGINT NOT NULL
);
CREATE INDEX posts_app ON posts (app_key, created_ms);

-- Accounts that are being connected. Until the provider answers there is a `state_hash`, afterwards a `session_hash` and what was
-- found, sealed; choosing ends it.
CREATE TABLE connecting (
    id           TEXT PRIMARY KEY,
    app_key      TEXT NOT NULL REFERENCES apps (key) ON DELETE CASCADE,
    tenant       TEXT NOT NULL,
    network      TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    state_hash   TEXT UNIQUE,
    session_hash TEXT UNIQUE,
    client_id    TEXT NOT NULL DEFAULT '',
    user_id      TEXT NOT NULL DEFAULT '',
    found        TEXT,
    expires_ms   BIGINT NOT NULL
);
