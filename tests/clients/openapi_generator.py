"""Post and read with the Python client of openapi-generator: PROGRAM URL CHANNEL."""
import datetime
import json
import sys

import openapi_client
from openapi_client import (
    LaunchData, Message, MissionData, PostMessagesRequest, RocketLaunched, RocketLaunchedMetadata,
    RocketMissionChanged, RocketMissionChangedMetadata, RocketSpeedIncreased,
    RocketSpeedIncreasedMetadata, SpeedData)

url, channel = sys.argv[1:]
now = datetime.datetime.now(datetime.timezone.utc)


def metadata(kind, number):
    return {"channel": channel, "message_number": number, "message_time": now, "message_type": kind}


launched = RocketLaunched(
    metadata=RocketLaunchedMetadata(**metadata("RocketLaunched", 1)),
    message=LaunchData(type="Falcon-9", launch_speed=500, mission="ARTEMIS"))
faster = RocketSpeedIncreased(
    metadata=RocketSpeedIncreasedMetadata(**metadata("RocketSpeedIncreased", 2)),
    message=SpeedData(by=9007199254740000))
other = RocketMissionChanged(
    metadata=RocketMissionChangedMetadata(**metadata("RocketMissionChanged", 4)),
    message=MissionData(new_mission="MIR"))
#  The client itself refuses a bad number. It counts characters where the gateway counts bytes.
refused = RocketLaunched(
    metadata=RocketLaunchedMetadata(**{**metadata("RocketLaunched", 1), "channel": "\u00e9" * 100}),
    message=launched.message)

with openapi_client.ApiClient(openapi_client.Configuration(host=url)) as client:
    messages, rockets = openapi_client.MessagesApi(client), openapi_client.RocketsApi(client)
    one = messages.post_messages(PostMessagesRequest(launched), prefer="wait=10")
    many = messages.post_messages(
        PostMessagesRequest([Message(faster), Message(other)]), prefer="wait=10")
    try:
        messages.post_messages(PostMessagesRequest(refused))
    except openapi_client.exceptions.BadRequestException as error:
        problem = error.data
    rocket = rockets.get_rocket(channel)
    page = rockets.list_rockets(mission="MIR", limit=1000)
    try:
        rockets.get_rocket("nobody")
    except openapi_client.exceptions.NotFoundException as error:
        nobody = error.data
print(json.dumps({
    "applied": [one.accepted, many.accepted],
    "refused": [problem.status, problem.errors[0].pointer],
    "rocket": [rocket.type, rocket.speed, rocket.mission, rocket.status.value,
               rocket.explosion_reason, rocket.missing],
    "listed": [found.id for found in page.rockets if found.id == channel] == [channel],
    "nobody": nobody.type}))
