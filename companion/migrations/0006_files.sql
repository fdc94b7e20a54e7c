-- Files: who may do what with them, uploads from the device, and removing.

-- `access` is `public` (whoever has the handle reads) or `private`. `session_id` is the session that stored it, which may do more
-- than others. `tags` is the client's own JSON.
ALTER TABLE files ADD COLUMN access TEXT NOT NULL DEFAULT 'public';
ALTER TABLE files ADD COLUMN session_id TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN tags TEXT;
-- When the site's server said that it wants to keep the file.
ALTER TABLE files ADD COLUMN claimed_ms BIGINT;
-- A file that is removed is gone for everybody at this time; its bytes go afterwards, and then its row, unless `keep_object` is 1:
-- then the bytes stay in the storage, where they are the site's.
ALTER TABLE files ADD COLUMN removed_ms BIGINT;
ALTER TABLE files ADD COLUMN keep_object BIGINT NOT NULL DEFAULT 0;
-- A file that is not stored but linked: with whose token it is fetched when it is read, and until when that is so.
ALTER TABLE files ADD COLUMN link_connection TEXT;
ALTER TABLE files ADD COLUMN link_expires_ms BIGINT;
CREATE INDEX files_link ON files (link_connection);
CREATE INDEX files_removed ON files (removed_ms);
CREATE INDEX files_app ON files (app_key, created_ms);

-- What a client said of a file that no provider describes, and the sizes between which its policy allows it.
ALTER TABLE jobs ADD COLUMN access TEXT NOT NULL DEFAULT 'public';
ALTER TABLE jobs ADD COLUMN filename TEXT;
ALTER TABLE jobs ADD COLUMN mimetype TEXT;
ALTER TABLE jobs ADD COLUMN tags TEXT;
ALTER TABLE jobs ADD COLUMN least_bytes BIGINT;
ALTER TABLE jobs ADD COLUMN most_bytes BIGINT;

-- An upload in parts, until all are there and a job makes the file of them. Part `n` lies in the storage at `<prefix><n>`.
CREATE TABLE uploads (
    id          TEXT PRIMARY KEY,
    app_key     TEXT NOT NULL,
    filename    TEXT NOT NULL,
    mimetype    TEXT NOT NULL,
    size        BIGINT NOT NULL,
    storage     TEXT NOT NULL,
    container   TEXT,
    prefix      TEXT NOT NULL,
    access      TEXT NOT NULL,
    tags        TEXT,
    least_bytes BIGINT,
    most_bytes  BIGINT,
    created_ms  BIGINT NOT NULL,
    touched_ms  BIGINT NOT NULL
);
CREATE INDEX uploads_touched ON uploads (touched_ms);
CREATE TABLE upload_parts (
    upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    part      BIGINT NOT NULL,
    size      BIGINT NOT NULL,
    etag      TEXT NOT NULL,
    PRIMARY KEY (upload_id, part)
);
