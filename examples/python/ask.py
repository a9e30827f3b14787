#!/usr/bin/env python3
"""Asks a processor for the state of a rocket, past all gateways: ask.py [HOST:PORT] [CHANNEL]

HOST:PORT is where it answers queries, the port above that of its frames; without CHANNEL it is
asked for the five fastest rockets. Needs pyzmq and msgpack. docs/protocol.md has all queries.

SPDX-License-Identifier: Apache-2.0
"""
import sys

import msgpack
import zmq

address = sys.argv[1] if len(sys.argv) > 1 else "localhost:5562"
if len(sys.argv) > 2:
    query = {"op": "get", "id": sys.argv[2]}
else:
    query = {"op": "list", "sort": "-speed", "limit": 5}

with zmq.Context() as context, context.socket(zmq.REQ) as socket:
    socket.setsockopt(zmq.RCVTIMEO, 2000)  # a missing processor does not answer
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(f"tcp://{address}")
    socket.send(msgpack.packb(query))
    try:
        reply = msgpack.unpackb(socket.recv())
    except zmq.Again:
        sys.exit(f"{address} does not answer")

if reply["status"] != 200:  # HTTP's numbers; 421: another processor owns this rocket
    sys.exit(f"{reply['status']}: {reply['detail']}")
for rocket in reply.get("rockets", [reply.get("rocket")]):
    print(rocket["id"], rocket["status"], rocket["speed"], rocket["mission"])
