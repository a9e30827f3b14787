//  SPDX-License-Identifier: Apache-2.0
#include "launch/complaints.h"

#include <stdio.h>
#include <yajl/yajl_tree.h>

#include "common/bytes/json_depth.h"
#include "common/process/clock.h"
#include "common/text/visible_text.h"

#define PAUSE_MS 10000  //  at least, between two complaints, over all outages

bool
complaints_is_permanent (unsigned status)
{
    bool is_for_now = status == 408 || status == 425 || status == 429;
    return (status >= 300 && status < 500 && !is_for_now) || status == 501 || status == 505;
}

static bool
s_is_due (complaints_t *self)
{
    int64_t now_ms = clock_ms ();
    if (self->is_told || (self->told_ms && now_ms - self->told_ms < PAUSE_MS))
        return false;
    self->is_told = true;
    self->told_ms = now_ms;
    return true;
}

static const char *
s_line_end (const complaints_t *self)
{
    return self->is_line_open ? "\n" : "";
}

void
complaints_add_silence (complaints_t *self)
{
    if (s_is_due (self))
        fprintf (stderr,
            "%sdownlink-launch: %s does not answer: is a gateway running there? Trying again every "
            "%llu ms\n",
            s_line_end (self), self->place->authority, (unsigned long long) self->retry_ms);
}

void
complaints_add_fault (const complaints_t *self, const char *fault)
{
    fprintf (stderr, "%sdownlink-launch: %s is not believed: %s\n", s_line_end (self),
        self->place->authority, fault);
}

//  Return the detail of the problem in an answer, in quotes. The caller frees it.
static char *
s_detail (const http_answer_t *answer)
{
    const char *const path[] = {"detail", NULL};
    const guint8 *start = answer->buffer->data + answer->body_start;
    char *body = g_strndup ((const char *) start, answer->body_size);
    bool is_bounded = json_depth_is_bounded (text_from (body));
    yajl_val problem = is_bounded ? yajl_tree_parse (body, NULL, 0) : NULL;
    yajl_val detail = problem ? yajl_tree_get (problem, (const char **) path, yajl_t_string) : NULL;
    GString *text = g_string_new (detail ? NULL : "without a reason");
    if (detail)
        visible_text_add_quoted (text, YAJL_GET_STRING (detail));
    yajl_tree_free (problem);
    g_free (body);
    return g_string_free (text, FALSE);
}

void
complaints_add_status (complaints_t *self, const http_answer_t *answer)
{
    if (!s_is_due (self))
        return;
    char *detail = s_detail (answer);
    fprintf (stderr, "%sdownlink-launch: %s answers %u, %s. Trying again every %llu ms\n",
        s_line_end (self), self->place->url, answer->status, detail,
        (unsigned long long) self->retry_ms);
    g_free (detail);
}

void
complaints_add_refusal (const complaints_t *self, const http_answer_t *answer)
{
    char *detail = s_detail (answer);
    fprintf (stderr,
        "%sdownlink-launch: %s answers %u, %s. Sending it again would not change that: is this "
        "where a gateway takes messages?\n",
        s_line_end (self), self->place->url, answer->status, detail);
    g_free (detail);
}

void
complaints_end (complaints_t *self)
{
    self->is_told = false;
}
