#!/usr/bin/env python3
"""Lists all rockets, then shows each as it changes: consume.py [URL] [CHANNEL]

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import sys
import time
import urllib.parse
import urllib.request

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8088"
channel = sys.argv[2] if len(sys.argv) > 2 else None

if "DOWNLINK_TOKEN" in os.environ:  # for a gateway with tokens
    opener = urllib.request.build_opener()
    opener.addheaders.append(("Authorization", "Bearer " + os.environ["DOWNLINK_TOKEN"]))
    urllib.request.install_opener(opener)


def show(rocket):
    print(rocket["id"], rocket["status"], rocket["speed"], rocket["mission"], flush=True)


def all_rockets():
    """Page by page, the fastest first. Pages stay right while rockets change."""
    cursor = None
    while True:
        query = {"sort": "-speed", "limit": 1000, **({"cursor": cursor} if cursor else {})}
        with urllib.request.urlopen(f"{url}/rockets?{urllib.parse.urlencode(query)}") as answer:
            page = json.load(answer)
        yield from page["rockets"]
        cursor = page["next"]
        if not cursor:
            return


def events(last_id):
    """The events of one connection, as (name, data, id)."""
    request = urllib.request.Request(
        url + "/events" + (f"?id={urllib.parse.quote(channel)}" if channel else ""),
        headers={"Last-Event-ID": last_id} if last_id else {})
    name, data = "message", []
    with urllib.request.urlopen(request, timeout=60) as stream:
        for line in stream:
            field, _, value = line.decode().rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                last_id = value
            elif not field and not value and data:  # an empty line ends an event
                yield name, json.loads("\n".join(data)), last_id
                name, data = "message", []


if not channel:
    for one in all_rockets():
        show(one)
last = None
while True:
    try:
        for event, content, last in events(last):
            if event == "rocket":
                show(content)
    except OSError as error:
        print(f"again in a second: {error}", file=sys.stderr)
    time.sleep(1)  # with Last-Event-ID the next stream goes on where this one ended, if it can
