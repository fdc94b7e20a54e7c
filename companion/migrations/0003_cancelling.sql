-- Whose wish a job is, so that it can be taken back in the same session and in no other. Jobs from before belong to nobody: they
-- have ended, or go on to their end.
ALTER TABLE jobs ADD COLUMN session_id TEXT NOT NULL DEFAULT '';
CREATE INDEX jobs_session ON jobs (session_id, source, path);

-- How many photos of a session were taken back without counting among its `stores`.
ALTER TABLE sessions ADD COLUMN cancelled BIGINT NOT NULL DEFAULT 0;
