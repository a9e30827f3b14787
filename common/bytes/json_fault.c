//  yajl reports the place and the reason. We check UTF-8 first, because yajl accepts overlong forms
//  and surrogates.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_fault.h"

#include <glib.h>
#include <yajl/yajl_parse.h>

//  Set line and column to the place of the byte at offset.
static void
s_place (json_fault_t *self, text_t text, size_t offset)
{
    self->line = 1;
    self->column = 1;
    for (size_t at = 0; at < offset; at++) {
        if (text.data[at] == '\n') {
            self->line++;
            self->column = 1;
        }
        else if ((text.data[at] & 0xc0) != 0x80)
            self->column++;
    }
}

//  yajl says "parse error: what is wrong" and ends with a full stop, a new line, or both.
static void
s_describe (json_fault_t *self, yajl_handle yajl)
{
    unsigned char *error = yajl_get_error (yajl, 0, NULL, 0);
    if (!error)
        g_error ("json_fault: yajl has no memory");
    const char *what = strstr ((const char *) error, ": ");
    what = what ? what + 2 : (const char *) error;
    g_strlcpy (self->what, what, sizeof self->what);
    size_t size = strlen (self->what);
    while (size > 0 && (self->what[size - 1] == '\n' || self->what[size - 1] == '.'))
        self->what[--size] = '\0';
    yajl_free_error (yajl, error);
}

//  yajl copies its stack for every 128 levels, so a text of brackets alone would cost the square of
//  its size. Stop at the depth that the reader of messages refuses anyway.
static int
s_enter (void *context)
{
    return ++*(unsigned *) context <= JSON_FAULT_MAX_DEPTH;
}

static int
s_leave (void *context)
{
    --*(unsigned *) context;
    return 1;
}

static const yajl_callbacks s_callbacks = {.yajl_start_map = s_enter,
    .yajl_end_map = s_leave,
    .yajl_start_array = s_enter,
    .yajl_end_array = s_leave};

//  yajl does not check whether it got memory, so these functions end the process if there is none.
static void *
s_allocate (void *context, size_t size)
{
    (void) context;
    return g_malloc (size);
}

static void *
s_reallocate (void *context, void *bytes, size_t size)
{
    (void) context;
    return g_realloc (bytes, size);
}

static void
s_free (void *context, void *bytes)
{
    (void) context;
    g_free (bytes);
}

static void
s_describe_depth (json_fault_t *self)
{
    g_strlcpy (self->what, "is nested deeper than " G_STRINGIFY (JSON_FAULT_MAX_DEPTH) " levels",
        sizeof self->what);
}

static bool
s_find_syntax (text_t text, json_fault_t *fault)
{
    unsigned depth = 0;
    yajl_alloc_funcs memory = {s_allocate, s_reallocate, s_free, NULL};
    yajl_handle yajl = yajl_alloc (&s_callbacks, &memory, &depth);
    size_t offset = text.size;
    yajl_status status = yajl_parse (yajl, (const unsigned char *) text.data, text.size);
    if (status == yajl_status_ok)
        status = yajl_complete_parse (yajl);
    else if (yajl_get_bytes_consumed (yajl) > 0)
        offset = yajl_get_bytes_consumed (yajl) - 1;  //  the last byte it took is the bad one
    if (status != yajl_status_ok) {
        s_place (fault, text, offset);
        fault->is_too_deep = status == yajl_status_client_canceled;
        if (fault->is_too_deep)
            s_describe_depth (fault);
        else
            s_describe (fault, yajl);
    }
    yajl_free (yajl);
    return status != yajl_status_ok;
}

bool
json_fault_find (text_t text, json_fault_t *fault)
{
    const char *end = NULL;
    fault->is_too_deep = false;
    //  It also stops at a zero byte, which yajl reports.
    if (!g_utf8_validate_len (text.data, text.size, &end) && *end != '\0') {
        s_place (fault, text, (size_t) (end - text.data));
        g_strlcpy (fault->what, "a byte that is not UTF-8", sizeof fault->what);
        return true;
    }
    return s_find_syntax (text, fault);
}
