//  The tag is a hash of the body, so it changes exactly when the body does. Each coding has its own
//  tag, because its bytes differ.
//  SPDX-License-Identifier: Apache-2.0
#include "http/answers.h"

#include <glib.h>

#include "common/text/digits.h"
#include "common/text/text_hash.h"
#include "http/http_encoding.h"

#define TAG_SIZE (DIGITS_HEX + sizeof "\"-identity\"")

void
answer_json (http_request_t *request, unsigned status, text_t body)
{
    http_answer (request,
        &(http_response_t){.status = status, .content_type = "application/json", .body = body});
}

void
answer_problem (http_request_t *request, unsigned status, const char *name, const char *detail)
{
    answer_problem_with (request, &(problem_t){.status = status, .name = name, .detail = detail});
}

void
answer_problem_with (http_request_t *request, const problem_t *problem)
{
    json_writer_t *json = json_writer_new ();
    const http_response_t response = problem_response (problem, http_request_id (request), json);
    http_answer (request, &response);
    json_writer_destroy (&json);
}

//  Return true if If-None-Match holds the tag: a list of tags, weak or not, or *.
static bool
s_matches (const char *field, const char *tag)
{
    if (!field)
        return false;
    bool found = false;
    char **tags = g_strsplit (field, ",", -1);
    for (char **one = tags; *one && !found; one++) {
        const char *text = g_strstrip (*one);
        if (g_str_has_prefix (text, "W/"))
            text += 2;
        found = strcmp (text, tag) == 0 || strcmp (text, "*") == 0;
    }
    g_strfreev (tags);
    return found;
}

//  Write a tag: most have no coding, and printf is slow.
static void
s_write_tag (text_t body, http_coding_t coding, char tag[TAG_SIZE])
{
    char *end = tag + 1 + DIGITS_HEX;
    tag[0] = '"';
    digits_hex (text_hash (body), tag + 1);
    if (coding == CODING_IDENTITY)
        memcpy (end, "\"", sizeof "\"");
    else
        g_snprintf (end, (size_t) (tag + TAG_SIZE - end), "-%s\"", http_coding_name (coding));
}

void
answer_tagged (http_request_t *request, const http_response_t *response)
{
    http_coding_t coding = http_encoding_choose (request, response);
    char tag[TAG_SIZE];
    s_write_tag (response->body, coding, tag);
    http_response_t tagged = *response;
    size_t index = 0;
    while (tagged.fields[index].name)
        index++;
    g_assert (index < HTTP_FIELDS_MAX);
    tagged.fields[index].name = "ETag";
    tagged.fields[index].value = tag;
    char *known = http_request_list (request, HTTP_FIELD_IF_NONE_MATCH);
    //  The library sends no body with 304, but its Content-Length: that must be the one of 200.
    if (s_matches (known, tag))
        tagged.status = 304;
    g_free (known);
    http_answer (request, &tagged);
}
