"""Post and read with the client of openapi-python-client: PROGRAM URL CHANNEL."""
import datetime
import json
import sys

from downlink_client import Client
from downlink_client.api.messages import post_messages
from downlink_client.api.rockets import get_rocket, list_rockets
from downlink_client.models import (
    LaunchData, MissionData, RocketLaunched, RocketLaunchedMetadata,
    RocketLaunchedMetadataMessageType, RocketMissionChanged, RocketMissionChangedMetadata,
    RocketMissionChangedMetadataMessageType, RocketSpeedIncreased, RocketSpeedIncreasedMetadata,
    RocketSpeedIncreasedMetadataMessageType, SpeedData)

url, channel = sys.argv[1:]
client = Client(url)
now = datetime.datetime.now(datetime.timezone.utc)

launched = RocketLaunched(
    RocketLaunchedMetadata(channel, 1, now, RocketLaunchedMetadataMessageType.ROCKETLAUNCHED),
    LaunchData("Falcon-9", 500, "ARTEMIS"))
faster = RocketSpeedIncreased(
    RocketSpeedIncreasedMetadata(
        channel, 2, now, RocketSpeedIncreasedMetadataMessageType.ROCKETSPEEDINCREASED),
    SpeedData(9007199254740000))
other = RocketMissionChanged(
    RocketMissionChangedMetadata(
        channel, 4, now, RocketMissionChangedMetadataMessageType.ROCKETMISSIONCHANGED),
    MissionData("MIR"))
refused = RocketLaunched(
    RocketLaunchedMetadata(channel, 0, now, RocketLaunchedMetadataMessageType.ROCKETLAUNCHED),
    LaunchData("Falcon-9", 500, "ARTEMIS"))

one = post_messages.sync(client=client, body=launched, prefer="wait=10")
many = post_messages.sync(client=client, body=[faster, other], prefer="wait=10")
problem = post_messages.sync(client=client, body=refused)
rocket = get_rocket.sync(channel, client=client)
page = list_rockets.sync(client=client, mission="MIR", limit=1000)
nobody = get_rocket.sync("nobody", client=client)
print(json.dumps({
    "applied": [one.accepted, many.accepted],
    "refused": [problem.status, problem.errors[0].pointer],
    "rocket": [rocket.type_, rocket.speed, rocket.mission, rocket.status.value,
               rocket.explosion_reason, rocket.missing],
    "listed": [found.id for found in page.rockets if found.id == channel] == [channel],
    "nobody": nobody.type_.value}))
