#!/usr/bin/env python3
"""Sends the messages of one rocket: produce.py [URL] [CHANNEL]

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8088"
channel = sys.argv[2] if len(sys.argv) > 2 else str(uuid.uuid4())

if "DOWNLINK_TOKEN" in os.environ:  # for a gateway with tokens
    opener = urllib.request.build_opener()
    opener.addheaders.append(("Authorization", "Bearer " + os.environ["DOWNLINK_TOKEN"]))
    urllib.request.install_opener(opener)


def message(number, kind, **body):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    return {"metadata": {"channel": channel, "messageNumber": number, "messageTime": now,
                         "messageType": kind}, "message": body}


def post(messages, **headers):
    """Send until it is accepted. Repeat it when in doubt: a message counts once."""
    body = "\n".join(json.dumps(one) for one in messages).encode()
    headers["Content-Type"] = "application/x-ndjson"
    while True:
        pause = 1.0
        try:
            request = urllib.request.Request(url + "/messages", body, headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code < 500:  # repeating does not help: the answer names the fault and its place
                sys.exit(f"refused: {error.read().decode()}")
            pause = float(error.headers.get("Retry-After", pause))
        except OSError as error:  # nobody listens, or the answer was lost
            print(f"again in {pause} s: {error}", file=sys.stderr)
        time.sleep(pause)


print(post([message(1, "RocketLaunched", type="Falcon-9", launchSpeed=500, mission="ARTEMIS")]))
# That number 3 comes before number 2 changes nothing, and that number 2 comes twice neither.
print(post([message(3, "RocketSpeedIncreased", by=3000),
            message(2, "RocketSpeedDecreased", by=100)]))
# With Prefer: wait=5 the answer comes once the messages are in the state.
print(post([message(2, "RocketSpeedDecreased", by=100),
            message(4, "RocketMissionChanged", newMission="SHUTTLE_MIR")], Prefer="wait=5"))
with urllib.request.urlopen(f"{url}/rockets/{channel}") as answer:
    print(json.load(answer))
