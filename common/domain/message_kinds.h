//  The list of message kinds. All code that depends on the kinds is made from this list: the enum,
//  the names, the rules, the members of a frame, packing and unpacking, the JSON reader, and the
//  place of each member in a CloudEvent.
//
//  To add a kind:
//  1. Add a row to MESSAGE_KINDS: its name here, the number that stands in frames (never used before),
//     and its messageType. Add the messageType to MESSAGE_KIND_RULE.
//  2. Add its MESSAGE_MEMBERS_NAME: each member's JSON name and its field in message_t (message.h).
//     Frames hold the members in this order. A field that message_t lacks goes into
//     message_content_hash too; a static assertion in message.c asks for it.
//  3. Fold it into a rocket: the compiler names the switch in rocket.c that lacks the case.
//     New state of a rocket also needs rocket_view_t and the columns of processor/save/.
//  4. Describe it for users: docs/protocol.md, gateway/pages/openapi.json (kinds and the text of the
//     rule), CHANGELOG.md. Test it: tests/support/oracle.py, tests/fuzz/corpus/.
//  An older processor refuses a frame with an unknown kind, so update processors before gateways.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MESSAGE_KINDS_H
#define DOWNLINK_MESSAGE_KINDS_H

//  ROW (NAME, number, messageType)
#define MESSAGE_KINDS(ROW)                                                                         \
    ROW (LAUNCHED, 1, "RocketLaunched")                                                            \
    ROW (SPED_UP, 2, "RocketSpeedIncreased")                                                       \
    ROW (SLOWED, 3, "RocketSpeedDecreased")                                                        \
    ROW (EXPLODED, 4, "RocketExploded")                                                            \
    ROW (MISSION_CHANGED, 5, "RocketMissionChanged")

#define MESSAGE_KIND_RULE                                                                          \
    "must be RocketLaunched, RocketSpeedIncreased, RocketSpeedDecreased, RocketExploded "          \
    "or RocketMissionChanged"

//  TEXT (name, field): at most MESSAGE_TEXT_MAX_BYTES. NUMBER (name, field): 0 to
//  MESSAGE_NUMBER_MAX.
#define MESSAGE_MEMBERS_LAUNCHED(TEXT, NUMBER)                                                     \
    TEXT ("type", type) NUMBER ("launchSpeed", speed) TEXT ("mission", mission)
#define MESSAGE_MEMBERS_SPED_UP(TEXT, NUMBER) NUMBER ("by", speed)
#define MESSAGE_MEMBERS_SLOWED(TEXT, NUMBER) NUMBER ("by", speed)
#define MESSAGE_MEMBERS_EXPLODED(TEXT, NUMBER) TEXT ("reason", reason)
#define MESSAGE_MEMBERS_MISSION_CHANGED(TEXT, NUMBER) TEXT ("newMission", mission)

#endif
