//  For the tests of message_json: read a body and note the results. Every body is read several
//  times, at the very end of a readable page: with other bytes behind it each time, and with a pause
//  after each message. Neither must make a difference.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEST_READ_BODIES_H
#define DOWNLINK_TEST_READ_BODIES_H

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/bytes/message_json.h"

#define MAX_BODY_BYTES (1024 * 1024)
#define ROOM_BYTES (2 * MAX_BODY_BYTES)

//  The calls of a reading, one line each, to compare as a whole.
typedef struct {
    char text[64 * 1024];
    size_t size;
    message_json_t *pauses;  //  pause this reader at each call; NULL: none
} record_t;

static void s_write (record_t *self, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

static inline void
s_write (record_t *self, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    size_t room = sizeof self->text - self->size;
    int size = vsnprintf (self->text + self->size, room, format, arguments);
    va_end (arguments);
    cr_assert (size >= 0 && (size_t) size < room);
    self->size += (size_t) size;
}

static inline void
s_write_text (record_t *self, const char *name, text_t text)
{
    if (!text.data)
        return;
    s_write (self, " %s=", name);
    for (size_t at = 0; at < text.size; at++)
        s_write (self, (unsigned char) text.data[at] < 0x20 ? "\\x%02x" : "%c", text.data[at]);
}

static inline void
s_pause (const record_t *self)
{
    if (self->pauses)
        message_json_pause (self->pauses);
}

static const char *const s_kind_names[] = {
#define ROW(NAME, number, type) [number] = (type),
    MESSAGE_KINDS (ROW)
#undef ROW
};

static inline void
s_accept (void *context, size_t index, const message_t *message)
{
    message_fault_t fault;
    cr_assert (message_check (message, &fault));
    s_write (context, "%zu: %s", index, s_kind_names[message->kind]);
    s_write_text (context, "channel", message->channel);
    s_write (context, " number=%lu time=%ld speed=%lu", message->number, message->time_us,
        message->speed);
    s_write_text (context, "type", message->type);
    s_write_text (context, "mission", message->mission);
    s_write_text (context, "reason", message->reason);
    s_write (context, "\n");
    s_pause (context);
}

static inline void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    s_write (context, "%zu: '%s' %s\n", index, pointer, detail);
    s_pause (context);
}

static message_json_t *s_reader;
static char *s_room_end;  //  where the page begins that must not be touched

static inline void
s_set_up (void)
{
    size_t page = (size_t) sysconf (_SC_PAGESIZE);
    char *room =
        mmap (NULL, ROOM_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq ((void *) room, MAP_FAILED);
    s_room_end = room + ROOM_BYTES;
    cr_assert_eq (mprotect (s_room_end, page, PROT_NONE), 0);
    s_reader = message_json_new (MAX_BODY_BYTES);
}

static inline void
s_tear_down (void)
{
    message_json_destroy (&s_reader);
    cr_expect_null (s_reader);
    message_json_destroy (&s_reader);
}

static inline void
s_read_once (
    record_t *self, text_t body, const char padding[MESSAGE_JSON_PADDING], message_json_form_t form)
{
    char *at = s_room_end - MESSAGE_JSON_PADDING - body.size;
    const char *detail = NULL;
    memcpy (at, body.data, body.size);
    memcpy (at + body.size, padding, MESSAGE_JSON_PADDING);
    self->size = 0;
    self->text[0] = '\0';
    message_json_result_t result =
        message_json_read (s_reader, at, body.size, form, s_accept, s_refuse, self, &detail);
    while (result == MESSAGE_JSON_PAUSED)
        result = message_json_go_on (s_reader, s_accept, s_refuse, self);
    if (result == MESSAGE_JSON_BROKEN) {
        cr_expect_eq (self->size, 0, "told before broken: %s", self->text);
        s_write (self, "broken: %s\n", detail);
    }
}

//  Return the calls, valid until the next reading.
static inline const char *
s_read (text_t body, message_json_form_t form)
{
    static const char *const paddings[] = {"}", "]]]]]]]]]", ",\"by\":1}}]"};
    static record_t record;
    static record_t again;
    char padding[MESSAGE_JSON_PADDING] = {0};
    s_read_once (&record, body, padding, form);
    for (size_t at = 0; at < sizeof paddings / sizeof paddings[0]; at++) {
        memset (padding, ' ', sizeof padding);
        memcpy (padding, paddings[at], strlen (paddings[at]));
        s_read_once (&again, body, padding, form);
        cr_expect_str_eq (again.text, record.text, "padding %zu", at);
    }
    again.pauses = s_reader;
    s_read_once (&again, body, padding, form);
    again.pauses = NULL;
    cr_expect_str_eq (again.text, record.text, "with pauses");
    return record.text;
}

static inline const char *
s_read_document (const char *text)
{
    return s_read (text_from (text), MESSAGE_JSON_DOCUMENT);
}

static inline const char *
s_read_lines (const char *text)
{
    return s_read (text_from (text), MESSAGE_JSON_LINES);
}

#define METADATA(type)                                                                             \
    "\"metadata\":{\"channel\":\"c\",\"messageNumber\":3,"                                         \
    "\"messageTime\":\"2022-02-02T19:39:05.86337+01:00\",\"messageType\":\"" type "\"}"
#define SPED_UP "{" METADATA ("RocketSpeedIncreased") ",\"message\":{\"by\":3000}}"
#define SPED_UP_TOLD "RocketSpeedIncreased channel=c number=3 time=1643827145863370 speed=3000\n"

typedef struct {
    const char *text;
    const char *told;
} case_t;

//  Read each text as a document and as a line; expect the same first fault.
static inline void
s_expect_first_fault (const case_t *cases, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        size_t size = strlen (cases[at].told);
        cr_expect_eq (strncmp (s_read_document (cases[at].text), cases[at].told, size), 0, "%s: %s",
            cases[at].text, s_read_document (cases[at].text));
        cr_expect_eq (
            strncmp (s_read_lines (cases[at].text), cases[at].told, size), 0, "%s", cases[at].text);
    }
}

#define EXPECT_FIRST_FAULT(cases) s_expect_first_fault (cases, sizeof cases / sizeof cases[0])

//  Read each text as a document and as a line; expect the same message.
static inline void
s_expect_message (const case_t *cases, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        cr_expect_str_eq (s_read_document (cases[at].text), cases[at].told, "%s", cases[at].text);
        cr_expect_str_eq (s_read_lines (cases[at].text), cases[at].told, "%s", cases[at].text);
    }
}

#define EXPECT_MESSAGE(cases) s_expect_message (cases, sizeof cases / sizeof cases[0])

#endif
