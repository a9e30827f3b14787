//  The buses, by which messages get from gateways to processors. Only the table BUSES knows all of
//  them. To add a bus, add a row, and write two files with these functions:
//
//    gateway/link/link_NAME.c        link_t *link_NAME_new (const link_setup_t *setup)
//    processor/intake/source_NAME.c  source_t *source_NAME_new (const source_setup_t *setup)
//
//  choose_link, choose_source and the flags of both programs come from the table.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BUS_H
#define DOWNLINK_BUS_H

#include "common/domain/partition.h"

//  The buses with a broker, which keeps messages. They have a file of settings (--NAME-config,
//  bus_settings.h), and names on the broker (--topic, --dead-letter).
//
//  ROW (NAME, name, partitioner, needs_it, setting, help)
//    name         in --bus
//    partitioner  the function that a new state should have (partition.h)
//    needs_it     true: other programs choose partitions by this function, so a state needs it
//    setting      a setting that the file must have
//    help         the help for the flag of the file
#define BROKER_BUSES(ROW)                                                                          \
    ROW (KAFKA, kafka, MURMUR2, true, "bootstrap.servers",                                         \
        "settings for librdkafka, one name=value a line; bootstrap.servers has to be among them. " \
        "For --bus=kafka")                                                                         \
    ROW (RABBITMQ, rabbitmq, XXH3, false, "url",                                                   \
        "one name=value a line: url, amqp://HOST:PORT/VHOST or amqps://, has to be among them; "   \
        "user, password, vhost, heartbeat, tls.ca, tls.cert, tls.key, tls.verify. For "            \
        "--bus=rabbitmq")                                                                          \
    ROW (SQS, sqs, XXH3, false, "region",                                                          \
        "settings for SQS, one name=value a line; region has to be among them, endpoint, fifo, "   \
        "profile, visibility_seconds and wait_seconds may be. For --bus=sqs")

//  ZeroMQ goes straight to the processors.
#define BUSES(ROW)                                                                                 \
    ROW (ZMQ, zmq, XXH3, false, NULL, NULL)                                                        \
    BROKER_BUSES (ROW)

#define BUS_MEMBER(NAME, ...) BUS_##NAME,
typedef enum { BUSES (BUS_MEMBER) BUS_COUNT } bus_t;

//  The bus that the user has chosen.
typedef struct {
    bus_t bus;
    const char *settings;     //  path of the file of settings; not NULL with a broker
    const char *topic;        //  the topic, or the beginning of the names of queues
    const char *dead_letter;  //  where bad messages go; NULL: they are only logged
} bus_choice_t;

//  The flags of a program, as the options read them.
typedef struct {
    int bus;
    const char *settings[BUS_COUNT];
    const char *topic;
    const char *dead_letter;
} bus_flags_t;

//  Rows for a program's table of options. flags: a bus_flags_t.
#define BUS_NAME_BEHIND_BAR(NAME, name, ...) "|" #name
#define BUS_OPTIONS(flags)                                                                         \
    {"bus", OPTION_CHOICE, &(flags).bus, "zmq", "zmq" BROKER_BUSES (BUS_NAME_BEHIND_BAR), 0, 0,    \
        "how messages get from gateways to processors, which need the same bus; zmq: straight; "   \
        "else a broker keeps them, and other programs may write messages there too"},              \
    {                                                                                              \
        "topic", OPTION_TEXT, &(flags).topic, "downlink", "NAME", 0, 0,                            \
            "with a broker: the topic, or the beginning of the names of the queues, one for each " \
            "partition of the state; made if it does not exist"                                    \
    }

//  Return the name in --bus.
const char *bus_name (bus_t self);

//  Return the partition function that a new state should have with this bus; and true if the bus
//  needs that function.
partitioner_t bus_partitioner (bus_t self);
bool bus_needs_partitioner (bus_t self);

//  Return the setting that the file of a bus must have; NULL: the bus has no broker and no file.
const char *bus_needed_setting (bus_t self);

#define BUS_REFUSAL_SIZE 384

//  Set *choice from the flags, whose texts are borrowed. If the flags contradict each other, write
//  a sentence and return false.
bool bus_choose (const bus_flags_t *flags, bus_choice_t *choice, char refusal[BUS_REFUSAL_SIZE])
    __attribute__ ((warn_unused_result));

#endif
