--  Bring the tables of format 1 to those of schema.sql. A processor runs this file, as one
--  transaction. Processors of the release before may go on meanwhile: they ignore the new columns.
--  SPDX-License-Identifier: Apache-2.0

--  Saves wait behind this script, and it waits behind readers: give up soon, and try again.
SET LOCAL lock_timeout = '1s';

ALTER TABLE downlink.partition
    ADD COLUMN IF NOT EXISTS feed bytea,
    ADD COLUMN IF NOT EXISTS feed_offset bigint;

ALTER TABLE downlink.state
    ADD COLUMN IF NOT EXISTS partitioner text NOT NULL DEFAULT 'xxh3';

UPDATE downlink.state SET format = 2 WHERE format = 1;
