//  The rules are those of RFC 9112, sections 3, 5 and 6, where a sender that keeps them never runs
//  into one of ours. Field names that only begin like a length are what a folded or spaced-out
//  Content-Length looks like after libmicrohttpd has parsed it.
//  SPDX-License-Identifier: Apache-2.0
#include "http/http_guard.h"

static void
s_fault (http_guard_t *self, const char *fault)
{
    if (!self->fault)
        self->fault = fault;
}

void
http_guard_target (http_guard_t *self, const char *target)
{
    for (const char *at = target; *at; at++) {
        if ((unsigned char) *at <= ' ' || *at == 0x7f)
            s_fault (self, "the request target holds a space or a control character");
        if (at[0] == '%' && at[1] == '0' && at[2] == '0')
            s_fault (self, "the request target holds a zero byte (%00)");
    }
}

static bool
s_is_token (text_t name)
{
    //  All but letters, of which most names are made.
    static const char others[] = "-0123456789!#$%&'*+.^_`|~";
    for (size_t index = 0; index < name.size; index++) {
        char byte = name.data[index];
        bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        if (!is_letter && (byte == 0 || (byte != '-' && !strchr (others, byte))))
            return false;
    }
    return name.size > 0;
}

static bool
s_begins_like (text_t name, const char *expected)
{
    return name.size > strlen (expected) && text_begins_with_word (name, expected);
}

static void
s_content_length (http_guard_t *self, text_t value)
{
    self->content_lengths++;
    uint64_t length = 0;
    if (value.size == 0 || value.size > 18)
        s_fault (self, "Content-Length must be a number");
    for (size_t index = 0; index < value.size && index < 18; index++) {
        if (value.data[index] < '0' || value.data[index] > '9')
            s_fault (self, "Content-Length must be a number");
        length = length * 10 + (uint64_t) (value.data[index] - '0');
    }
    self->is_length_known = true;
    self->content_length = length;
}

void
http_guard_field (http_guard_t *self, text_t name, text_t value)
{
    if (!s_is_token (name))
        s_fault (self, "a header field's name is not a token");
    else if (s_begins_like (name, "content-length") || s_begins_like (name, "transfer-encoding"))
        s_fault (self, "a header field only begins like Content-Length or Transfer-Encoding");
    else if (text_is_word (name, "content-length"))
        s_content_length (self, value);
    else if (text_is_word (name, "transfer-encoding")) {
        self->transfer_encodings++;
        if (!text_is_word (value, "chunked"))
            s_fault (self, "Transfer-Encoding must be chunked");
    }
    else if (text_is_word (name, "host"))
        self->hosts++;
    if (value.size && memchr (value.data, 0, value.size))
        s_fault (self, "a header field's value holds a zero byte");
}

const char *
http_guard_verdict (http_guard_t *self, bool is_http_1_1)
{
    if (self->content_lengths > 1)
        s_fault (self, "Content-Length is given twice");
    if (self->transfer_encodings > 1)
        s_fault (self, "Transfer-Encoding is given twice");
    if (self->content_lengths && self->transfer_encodings)
        s_fault (self, "Content-Length and Transfer-Encoding exclude each other");
    if (self->hosts > 1)
        s_fault (self, "Host is given twice");
    if (is_http_1_1 && self->hosts == 0)
        s_fault (self, "Host is missing");
    return self->fault;
}
