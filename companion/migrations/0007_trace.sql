-- The name of the request that asked for a photo, so that the log lines of its transfer are found with those of the request.
ALTER TABLE jobs ADD COLUMN trace TEXT NOT NULL DEFAULT '';
