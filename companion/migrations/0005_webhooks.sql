-- Several receivers of notices for a site, each with the events that it wants, and a log of what was sent to which.

-- `position` is the receiver's place in the site's settings: 0 for `webhook`, from 1 on for `webhooks`, and none for one that the
-- command `webhooks` added. `secret` is sealed for 'app:' and the id; with this id those from before open as they lie.
CREATE TABLE webhooks (
    id         TEXT PRIMARY KEY,
    app_key    TEXT NOT NULL REFERENCES apps (key) ON DELETE CASCADE,
    url        TEXT NOT NULL,
    secret     TEXT NOT NULL,
    events     TEXT NOT NULL,
    position   BIGINT,
    created_ms BIGINT NOT NULL
);
CREATE INDEX webhooks_app ON webhooks (app_key);
INSERT INTO webhooks (id, app_key, url, secret, events, position, created_ms)
    SELECT c.app_key || ':webhook', c.app_key, c.client_id, c.client_secret, 'all', 0, a.updated_ms
    FROM app_credentials c JOIN apps a ON a.key = c.app_key WHERE c.kind = 'webhook';
DELETE FROM app_credentials WHERE kind = 'webhook';

-- A row is from here on one event for one receiver; `state`: waiting, delivered, failed. `claims` counts how often it was taken to
-- be sent, which keeps two processes from sending it at once; `tries` those whose end is known. The schedule counts from
-- `first_ms`, when it was first sent.
ALTER TABLE notices ADD COLUMN webhook_id TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN action TEXT NOT NULL DEFAULT 'fp.delete';
ALTER TABLE notices ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting';
ALTER TABLE notices ADD COLUMN claims BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notices ADD COLUMN first_ms BIGINT;
UPDATE notices SET webhook_id = app_key || ':webhook';
UPDATE notices SET first_ms = created_ms WHERE tries > 0;
UPDATE notices SET state = CASE WHEN outcome = 'delivered' THEN 'delivered' ELSE 'failed' END WHERE ended_ms IS NOT NULL;
DROP INDEX notices_due;
CREATE INDEX notices_due ON notices (state, next_ms);
CREATE INDEX notices_webhook ON notices (webhook_id, created_ms);
CREATE INDEX notices_app ON notices (app_key, created_ms);
CREATE INDEX notices_ended ON notices (ended_ms);
