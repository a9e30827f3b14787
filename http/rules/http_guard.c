//  The rules are those of RFC 9112, sections 3, 5 and 6; a sender that keeps them passes. A field
//  name that only begins like a length may be a folded or spaced-out Content-Length, as
//  libmicrohttpd reads it.
//  SPDX-License-Identifier: Apache-2.0
#include "http/rules/http_guard.h"

#include <glib.h>

#define SCHEME "http://"
#define NOT_A_LINE "a line of the head is not NAME: VALUE, ended by CR and LF"

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
        unsigned char byte = (unsigned char) *at;
        if (byte > '%' && byte != 0x7f)
            continue;  //  as nearly all do
        if (byte <= ' ' || byte == 0x7f)
            s_fault (self, "the request target holds a space or a control character");
        if (byte == '%' && at[1] == '0' && at[2] == '0')
            s_fault (self, "the request target holds a zero byte (%00)");
    }
    if (target[0] == '/' || strcmp (target, "*") == 0)
        return;
    if (g_ascii_strncasecmp (target, SCHEME, sizeof SCHEME - 1) != 0)
        s_fault (self, "the request target is neither a path nor an http URL");
    else {
        const char *authority = target + sizeof SCHEME - 1;
        self->authority = text_of (authority, strcspn (authority, "/?#"));
        if (self->authority.size == 0)
            s_fault (self, "the request target names no host");
    }
}

void
http_guard_lines (
    http_guard_t *self, const char *method, const char *target, size_t size, const char *version)
{
    if (method + strlen (method) + 1 != target || target + size + 1 != version)
        s_fault (self, "the request line is not METHOD, TARGET and VERSION with a space between");
    self->next = version + strlen (version) + 2;
    if (self->next[-1] != 0)
        s_fault (self, NOT_A_LINE);
}

//  Check that a field begins at the end of the last one, and that its line ended with CR and LF.
static void
s_line (http_guard_t *self, text_t name, text_t value)
{
    const char *end = value.data + value.size;
    if (name.data != self->next || end[0] != 0 || end[1] != 0)
        s_fault (self, NOT_A_LINE);
    self->next = end + 2;
}

void
http_guard_end (http_guard_t *self, const char *end)
{
    if (self->next && self->next + 2 != end)
        s_fault (self, NOT_A_LINE);
}

//  Where a character may stand: 1, in a token: letters, digits and -!#$%&'*+.^_`|~ (RFC 9110,
//  5.6.2); 2, in a host: letters, digits and -._~%!$&'()*+,;= (RFC 3986, 3.2.2); 3, in both.
#define IN_TOKEN 1
#define IN_HOST 2
static const uint8_t s_places[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  //  00 to 0f
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  //  10 to 1f
    0, 3, 0, 1, 3, 3, 3, 3, 2, 2, 3, 3, 2, 3, 3, 0,  //  20 to 2f
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 2, 0, 2, 0, 0,  //  30 to 3f
    0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,  //  40 to 4f
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 1, 3,  //  50 to 5f
    1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,  //  60 to 6f
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 1, 0, 3, 0,  //  70 to 7f
};

static bool
s_is_token (text_t name)
{
    for (size_t index = 0; index < name.size; index++)
        if (!(s_places[(unsigned char) name.data[index]] & IN_TOKEN))
            return false;
    return name.size > 0;
}

//  Return the value without spaces and tabs at its end, which do not belong to it.
static text_t
s_trimmed (text_t value)
{
    while (value.size && (value.data[value.size - 1] == ' ' || value.data[value.size - 1] == '\t'))
        value.size--;
    return value;
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

static bool
s_is_digit (char byte)
{
    return byte >= '0' && byte <= '9';
}

//  Return true for a host as in a URL (RFC 3986, 3.2.2), with or without a port; it may be empty.
static bool
s_is_host (text_t host)
{
    size_t size = host.size;
    while (size && s_is_digit (host.data[size - 1]))
        size--;
    size = size && host.data[size - 1] == ':' ? size - 1 : host.size;
    bool is_literal = size > 2 && host.data[0] == '[' && host.data[size - 1] == ']';
    for (size_t index = is_literal; index < size - is_literal; index++) {
        char byte = host.data[index];
        if (!(s_places[(unsigned char) byte] & IN_HOST) && !(is_literal && byte == ':'))
            return false;
    }
    return true;
}

static void
s_host (http_guard_t *self, text_t value)
{
    self->hosts++;
    if (!s_is_host (value))
        s_fault (self, "Host is not a host name or address, with or without a port");
    if (self->authority.size > 0 &&
        (self->authority.size != value.size ||
            strncasecmp (self->authority.data, value.data, value.size) != 0))
        s_fault (self, "the request target names another host than Host");
}

static void
s_transfer_encoding (http_guard_t *self, text_t value)
{
    self->transfer_encodings++;
    if (!text_is_word (value, "chunked"))
        s_fault (self, "Transfer-Encoding must be chunked");
}

//  Look at the name of a field without a number.
static void
s_other_name (http_guard_t *self, text_t name)
{
    if (!s_is_token (name))
        s_fault (self, "a header field's name is not a token");
    else if (text_begins_with_word (name, "content-length") ||
             text_begins_with_word (name, "transfer-encoding"))
        s_fault (self, "a header field only begins like Content-Length or Transfer-Encoding");
}

void
http_guard_field (http_guard_t *self, http_field_t field, text_t name, text_t value)
{
    if (self->next)
        s_line (self, name, value);
    value = s_trimmed (value);
    if (field == HTTP_FIELD_OTHER)
        s_other_name (self, name);
    else if (field == HTTP_FIELD_CONTENT_LENGTH)
        s_content_length (self, value);
    else if (field == HTTP_FIELD_TRANSFER_ENCODING)
        s_transfer_encoding (self, value);
    else if (field == HTTP_FIELD_HOST)
        s_host (self, value);
    if (value.size && memchr (value.data, '\r', value.size))
        s_fault (self, "a header field's value holds a CR");
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
    if (!is_http_1_1 && self->transfer_encodings)
        s_fault (self, "Transfer-Encoding needs HTTP/1.1");
    if (self->hosts > 1)
        s_fault (self, "Host is given twice");
    if (is_http_1_1 && self->hosts == 0)
        s_fault (self, "Host is missing");
    return self->fault;
}
