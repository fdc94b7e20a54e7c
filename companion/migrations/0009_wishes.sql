-- What a page asks of its files besides: sizes in pixels, and keys without the handle.

-- The sizes in pixels that the page takes, as the JSON of the request; none for most.
ALTER TABLE jobs ADD COLUMN image TEXT;
-- 1 where the key is to be path and name alone.
ALTER TABLE jobs ADD COLUMN plain_key BIGINT NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN plain_key BIGINT NOT NULL DEFAULT 0;

-- Keys without a handle, each of which one file has. `claim` is the job's at which it was taken: a later one, which runs while the
-- process of the earlier may still write, takes another key. 0 is when that process is known to have stopped.
CREATE TABLE plain_keys (
    storage    TEXT NOT NULL,
    object_key TEXT NOT NULL,
    handle     TEXT NOT NULL,
    claim      BIGINT NOT NULL,
    taken_ms   BIGINT NOT NULL,
    PRIMARY KEY (storage, object_key)
);
CREATE INDEX plain_keys_handle ON plain_keys (handle);
