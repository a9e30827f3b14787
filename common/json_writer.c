//  A thin dress over yajl_gen: yajl reports misuse as a status, here it meets a check.
//  SPDX-License-Identifier: Apache-2.0
#include "json_writer.h"

#include <glib.h>
#include <yajl/yajl_gen.h>

struct json_writer {
    yajl_gen gen;
};

static void
s_check (yajl_gen_status status)
{
    if (status != yajl_gen_status_ok)
        g_error ("json_writer: misused, yajl says %d", (int) status);
}

json_writer_t *
json_writer_new (void)
{
    json_writer_t *self = g_new0 (json_writer_t, 1);
    self->gen = yajl_gen_alloc (NULL);
    g_assert (self->gen);
    return self;
}

void
json_writer_destroy (json_writer_t **self_p)
{
    json_writer_t *self = *self_p;
    if (!self)
        return;
    yajl_gen_free (self->gen);
    g_free (self);
    *self_p = NULL;
}

void
json_writer_reset (json_writer_t *self)
{
    yajl_gen_reset (self->gen, NULL);
    yajl_gen_clear (self->gen);
}

void
json_begin_object (json_writer_t *self)
{
    s_check (yajl_gen_map_open (self->gen));
}

void
json_end_object (json_writer_t *self)
{
    s_check (yajl_gen_map_close (self->gen));
}

void
json_begin_array (json_writer_t *self)
{
    s_check (yajl_gen_array_open (self->gen));
}

void
json_end_array (json_writer_t *self)
{
    s_check (yajl_gen_array_close (self->gen));
}

void
json_key (json_writer_t *self, const char *name)
{
    json_string (self, name);
}

void
json_text (json_writer_t *self, text_t text)
{
    if (text.data)
        s_check (yajl_gen_string (self->gen, (const unsigned char *) text.data, text.size));
    else
        json_null (self);
}

void
json_string (json_writer_t *self, const char *string)
{
    json_text (self, text_from (string));
}

void
json_int (json_writer_t *self, int64_t value)
{
    s_check (yajl_gen_integer (self->gen, value));
}

void
json_uint (json_writer_t *self, uint64_t value)
{
    char digits[24];
    int size = g_snprintf (digits, sizeof digits, "%" G_GUINT64_FORMAT, value);
    s_check (yajl_gen_number (self->gen, digits, (size_t) size));
}

void
json_double (json_writer_t *self, double value)
{
    s_check (yajl_gen_double (self->gen, value));
}

void
json_bool (json_writer_t *self, bool value)
{
    s_check (yajl_gen_bool (self->gen, value));
}

void
json_null (json_writer_t *self)
{
    s_check (yajl_gen_null (self->gen));
}

text_t
json_writer_text (const json_writer_t *self)
{
    const unsigned char *bytes = NULL;
    size_t size = 0;
    s_check (yajl_gen_get_buf (self->gen, &bytes, &size));
    return text_of ((const char *) bytes, size);
}
