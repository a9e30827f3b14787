--  The tables of a state, in a schema of their own. docs/state.md describes the columns.
--  A processor runs this file, as one transaction, in a database that has no schema `downlink`.
--  upgrade.sql brings the tables of the format before to this one.
--  SPDX-License-Identifier: Apache-2.0

CREATE SCHEMA downlink;

--  One row: the traits of the state, and its mark.
CREATE TABLE downlink.state (
    format int NOT NULL,      --  2: this file
    id uuid NOT NULL,
    partitions int NOT NULL,  --  P
    ordering text NOT NULL,   --  converge or latest
    ancestors text NOT NULL,  --  UUIDs of the states that it was moved from, the newest first
    mark text NOT NULL,       --  of downlink-move; empty: processors may start
    partitioner text NOT NULL DEFAULT 'xxh3'  --  or murmur2
);

--  The fence of each partition. A save must find the epoch, the writer and the position that it
--  expects, and sets a new position.
CREATE TABLE downlink.partition (
    number int PRIMARY KEY,
    epoch bigint NOT NULL,  --  raised with each new owner
    writer bytea,           --  id of the processor that raised it
    position bigint NOT NULL,  --  the number of the last save
    feed bytea,             --  with a bus that keeps messages: what it reads them from
    feed_offset bigint      --  and the next record to read
) WITH (fillfactor = 50);

--  Ownership, apart from the fences: a save that waits for a replica must not delay a lease.
--  A lease is live while the row of its owner in `member` is.
CREATE TABLE downlink.lease (
    partition int PRIMARY KEY,
    owner bytea             --  id of a processor
) WITH (fillfactor = 50);

CREATE TABLE downlink.member (
    id bytea PRIMARY KEY,   --  new at each start of a processor
    frames text NOT NULL,   --  endpoint for frames
    is_sharing bool NOT NULL,  -- takes its share of the partitions; not when it comes or leaves
    lease_until timestamptz NOT NULL
) WITH (fillfactor = 50);

--  One row for each rocket. Texts and ids are compared byte by byte.
CREATE TABLE downlink.rocket (
    partition int NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text COLLATE "C",
    speed bigint NOT NULL,
    mission text COLLATE "C",
    status text COLLATE "C" NOT NULL,
    explosion_reason text COLLATE "C",
    last_message_number bigint NOT NULL,
    last_message_time_us bigint NOT NULL,
    messages_applied bigint NOT NULL,
    conflicts bigint NOT NULL,
    gaps_closed bigint NOT NULL,
    type_number bigint NOT NULL,
    mission_number bigint NOT NULL,
    explosion_number bigint NOT NULL,
    seen bytea NOT NULL,
    hashes bytea NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (partition, id)
) WITH (fillfactor = 80);

--  What other programs should read.
CREATE VIEW downlink.rockets AS
    SELECT id, type, speed, mission, status, explosion_reason, last_message_number,
        to_timestamp (last_message_time_us / 1000000)
            + last_message_time_us % 1000000 * interval '1 microsecond' AS last_message_time,
        messages_applied, conflicts, gaps_closed, partition
    FROM downlink.rocket;
