//  The functions of rocket.h that need no rocket: copies of views, and names of statuses.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "common/domain/rocket.h"

static const char *const s_status_names[] = {
    [ROCKET_UNKNOWN] = "unknown",
    [ROCKET_FLYING] = "flying",
    [ROCKET_EXPLODED] = "exploded",
    [ROCKET_FORGOTTEN] = "forgotten",
    [ROCKET_GONE] = "forgotten",
};

//  Copy a text to the block's free space, with a byte behind it so that an empty text has data too.
static void
s_move_text (text_t *text, char **free_space)
{
    if (!text->data)
        return;
    memcpy (*free_space, text->data, text->size);
    text->data = *free_space;
    *free_space += text->size + 1;
}

rocket_view_t *
rocket_view_copy (const rocket_view_t *view)
{
    size_t ranges_size = view->seen_count * sizeof *view->seen;
    size_t texts_size =
        view->id.size + view->type.size + view->mission.size + view->explosion_reason.size + 4;
    rocket_view_t *copy = g_malloc0 (sizeof *copy + ranges_size + texts_size);
    *copy = *view;
    number_range_t *ranges = (number_range_t *) (copy + 1);
    if (ranges_size)
        memcpy (ranges, view->seen, ranges_size);
    copy->seen = ranges;
    char *free_space = (char *) (copy + 1) + ranges_size;
    s_move_text (&copy->id, &free_space);
    s_move_text (&copy->type, &free_space);
    s_move_text (&copy->mission, &free_space);
    s_move_text (&copy->explosion_reason, &free_space);
    return copy;
}

size_t
rocket_view_missing (const rocket_view_t *view, number_range_t *gaps)
{
    return number_range_list_gaps (view->seen, view->seen_count, gaps);
}

const char *
rocket_status_name (rocket_status_t status)
{
    g_assert (status >= ROCKET_UNKNOWN && status <= ROCKET_GONE);
    return s_status_names[status];
}

bool
rocket_status_of_stored (text_t name, rocket_status_t *status)
{
    *status = ROCKET_FORGOTTEN;
    return text_equal (name, text_from (s_status_names[ROCKET_FORGOTTEN])) ||
           rocket_status_of (name, status);
}

bool
rocket_status_of (text_t name, rocket_status_t *status)
{
    for (rocket_status_t each = ROCKET_UNKNOWN; each <= ROCKET_EXPLODED; each++)
        if (text_equal (name, text_from (s_status_names[each]))) {
            *status = each;
            return true;
        }
    return false;
}
