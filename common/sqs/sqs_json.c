//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/sqs_json.h"

#include <glib.h>
#include <yajl/yajl_tree.h>

#include "common/bytes/json_depth.h"

#define DECIMAL 10

sqs_json_t *
sqs_json_read (text_t text)
{
    char fault[256];
    return text.data && json_depth_is_bounded (text)
               ? yajl_tree_parse (text.data, fault, sizeof fault)
               : NULL;
}

void
sqs_json_free (sqs_json_t **self_p)
{
    yajl_tree_free (*self_p);
    *self_p = NULL;
}

static const sqs_json_t *
s_find (const sqs_json_t *object, const char *name, yajl_type type)
{
    const char *path[] = {name, NULL};
    yajl_val value = (yajl_val) (gpointer) object;
    return yajl_tree_get (value, (const char **) (gpointer) path, type);
}

const char *
sqs_json_string (const sqs_json_t *object, const char *name)
{
    const sqs_json_t *value = s_find (object, name, yajl_t_string);
    return value ? value->u.string : NULL;
}

const sqs_json_t *
sqs_json_member (const sqs_json_t *object, const char *name)
{
    return s_find (object, name, yajl_t_object);
}

size_t
sqs_json_count (const sqs_json_t *object, const char *name)
{
    const sqs_json_t *value = s_find (object, name, yajl_t_array);
    return value ? value->u.array.len : 0;
}

const sqs_json_t *
sqs_json_at (const sqs_json_t *object, const char *name, size_t index)
{
    return s_find (object, name, yajl_t_array)->u.array.values[index];
}

bool
sqs_json_is_true (const sqs_json_t *object, const char *name)
{
    return s_find (object, name, yajl_t_true) != NULL;
}

int64_t
sqs_json_number (const sqs_json_t *object, const char *name)
{
    const sqs_json_t *value = s_find (object, name, yajl_t_number);
    const char *text = value ? value->u.number.r : sqs_json_string (object, name);
    return text ? g_ascii_strtoll (text, NULL, DECIMAL) : 0;
}
