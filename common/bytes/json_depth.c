//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_depth.h"

//  Return the place of the quote that ends a string, or the end of the text.
static size_t
s_string_end (text_t text, size_t at)
{
    while (at < text.size && text.data[at] != '"')
        at += text.data[at] == '\\' ? 2 : 1;
    return at;
}

//  Refuse a slash outside of strings. yajl accepts comments, which JSON does not have, and a
//  comment could hide a quote from this function.
bool
json_depth_is_bounded (text_t text)
{
    int depth = 0;
    bool has_comment = false;
    for (size_t at = 0; at < text.size && depth <= JSON_TREE_MAX_DEPTH; at++) {
        char byte = text.data[at];
        if (byte == '"')
            at = s_string_end (text, at + 1);
        else if (byte == '[' || byte == '{')
            depth++;
        else if (byte == ']' || byte == '}')
            depth--;
        has_comment = has_comment || byte == '/';
    }
    return depth <= JSON_TREE_MAX_DEPTH && !has_comment;
}
