-- Copying by many processes, and copying again after trouble.

-- `claims` counts how often a job was taken and is the worker's proof that it is still its own: whoever took it over has a higher
-- one. `worker` is the process that runs it, and may until `lease_ms`, which it puts off while it lives. `tries` counts the
-- transfers that failed for reasons that may pass; the next begins not before `due_ms`. `turn_ms` is the job's place in the
-- queue: a visitor's second photo has a later one than another visitor's first.
ALTER TABLE jobs ADD COLUMN claims BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN worker TEXT;
ALTER TABLE jobs ADD COLUMN lease_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN due_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN turn_ms BIGINT NOT NULL DEFAULT 0;
-- Where the bytes are being written, so that whoever takes the job over can remove what is there; and where files go in all: one
-- of the storages that the operator set up, of which the empty one is the first.
ALTER TABLE jobs ADD COLUMN object_key TEXT;
ALTER TABLE jobs ADD COLUMN storage TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN storage TEXT NOT NULL DEFAULT '';
UPDATE jobs SET turn_ms = created_ms;
DROP INDEX jobs_queue;
CREATE INDEX jobs_queue ON jobs (state, turn_ms);
CREATE INDEX jobs_object ON jobs (object_key);
-- The sweeper of the storage asks whether an object is anybody's.
CREATE INDEX files_object ON files (object_key);

-- Work that one process at a time does for all: who does it, and until when it may.
CREATE TABLE leases (
    name     TEXT PRIMARY KEY,
    holder   TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
