-- Hours of which viewing was removed: of sessions that started then, or (online) of somebody who was online then; between first_at
-- and last_at, both included. From data_from on nothing of it is missing. Its key is the first three columns.
CREATE TABLE lost (
    client_id INTEGER NOT NULL,
    online    BOOLEAN NOT NULL,
    hour      BIGINT NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    data_from BIGINT NOT NULL
);

-- Until now what was removed left its versions behind, and no mark.
INSERT INTO lost SELECT client_id, online, hour, hour, hour + 3599999, hour - ((hour % 86400000) + 86400000) % 86400000 + 86400000
    FROM versions CROSS JOIN (VALUES (false), (true)) AS kinds(online)
    WHERE kind = 1 AND changes > 0 AND (client_id, hour) NOT IN (
        SELECT client_id, started_at - ((started_at % 3600000) + 3600000) % 3600000 FROM (
            SELECT client_id, started_at FROM sessions UNION ALL SELECT client_id, started_at FROM reports));

-- Points (kind 2) and records of days (kind 3) fall apart into ledger (5, 6), payments (7, 8) and viewing (9, 10), each with a stamp of
-- its own: the number of its formula, the revision of the policy and the versions.
CREATE TEMP TABLE parts AS SELECT kind, client_id, start_at, body::JSON AS body,
        regexp_extract(stamp, '^v(\d+) a(\d+) p(\d+)', ['v', 'a', 'p']) AS versions
    FROM figures WHERE kind IN (2, 3);

INSERT INTO figures
    SELECT kind + 3, client_id, start_at, 'f1 r0 a' || versions.a, json_object('opening_active', body->'opening_active',
            'flows', body->'flows', 'total_accounts', body->'total_accounts', 'active_by_tariff', coalesce(body->'active_by_tariff', '{}'::JSON))
        FROM parts WHERE regexp_matches((body->'flows')::VARCHAR, ':[1-9]')
    UNION ALL SELECT kind + 5, client_id, start_at, 'f1 r0 p' || versions.p, body->'payments'
        FROM parts WHERE (body->'payments'->>'Count')::BIGINT > 0
    UNION ALL SELECT kind + 7, client_id, start_at, 'f1 r0 v' || versions.v, body->'watch'
        FROM parts WHERE (body->'watch'->>'Sessions')::BIGINT > 0;

-- What was computed of viewing that is gone stays: days of which an hour is lost.
INSERT INTO figures
    SELECT 11, client_id, start_at, '', json_object('to', start_at + 86400000, 'watch', body->'watch', 'hours', (
            SELECT to_json(coalesce(list(json_object('from', hours.start_at, 'to', hours.start_at + 3600000, 'watch', hours.body->'watch')
                ORDER BY hours.start_at), []))
            FROM parts AS hours WHERE hours.kind = 2 AND hours.client_id = days.client_id
                AND hours.start_at >= days.start_at AND hours.start_at < days.start_at + 86400000))
        FROM parts AS days WHERE kind = 3 AND (body->'watch'->>'Sessions')::BIGINT > 0 AND EXISTS (FROM lost
            WHERE lost.client_id = days.client_id AND NOT online AND hour >= days.start_at AND hour < days.start_at + 86400000)
    UNION ALL SELECT 13, client_id, start_at, '', json_object('to', start_at + 86400000, 'online', body::JSON)
        FROM figures AS days WHERE kind = 1 AND (body::JSON->'accounts'->>'Count')::BIGINT > 0 AND EXISTS (FROM lost
            WHERE lost.client_id = days.client_id AND online AND hour >= days.start_at AND hour < days.start_at + 86400000);

-- Days on which nobody was online have no figure any more. The greatest number of a day that is recorded is one of its own (17).
DELETE FROM figures WHERE kind = 1 AND (body::JSON->'accounts'->>'Count')::BIGINT = 0 AND (body::JSON->'devices'->>'Count')::BIGINT = 0;
UPDATE figures SET stamp = 'f1 r0 o' || regexp_extract(stamp, ' o(\d+) ', 1) WHERE kind = 1;
INSERT INTO figures SELECT 17, client_id, start_at, stamp, body FROM figures
    WHERE kind = 1 AND (client_id, start_at) IN (SELECT client_id, start_at FROM parts WHERE kind = 3);

-- Snapshots depend on everything, and are computed anew.
DELETE FROM figures WHERE kind IN (2, 3, 4);
DROP TABLE parts;
