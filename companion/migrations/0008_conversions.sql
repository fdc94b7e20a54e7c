-- Conversion: results that are kept, and what is done to a file while it is stored.

-- A result lies in the storage until it has not been asked for in a long while, or its time is over. `id` is the digest of the recipe
-- and of the versions of all files that went into it, so a row is never wrong, only of no more use.
CREATE TABLE conversions (
    id         TEXT PRIMARY KEY,
    app_key    TEXT NOT NULL,
    storage    TEXT NOT NULL,
    object_key TEXT NOT NULL,
    mimetype   TEXT NOT NULL,
    size       BIGINT NOT NULL,
    sha256     TEXT NOT NULL,
    width      BIGINT NOT NULL,
    height     BIGINT NOT NULL,
    used_ms    BIGINT NOT NULL,
    expires_ms BIGINT
);
CREATE INDEX conversions_used ON conversions (used_ms);
CREATE INDEX conversions_object ON conversions (storage, object_key);

-- The files that went into a result, each in the version (`sha256`) of then. With any of them it goes.
CREATE TABLE conversion_files (
    conversion TEXT NOT NULL,
    handle     TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    PRIMARY KEY (conversion, handle)
);
CREATE INDEX conversion_files_handle ON conversion_files (handle);

-- What is done to a job's file before it is kept: the JSON of its tasks; none for most.
ALTER TABLE jobs ADD COLUMN recipe TEXT;
