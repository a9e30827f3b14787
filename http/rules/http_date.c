//  SPDX-License-Identifier: Apache-2.0
#include "http/rules/http_date.h"

#include <glib.h>

//  The names are English in every locale.
bool
http_date_set (http_date_t *self, time_t second)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm parts;
    if (second == self->second || !gmtime_r (&second, &parts))
        return false;
    self->second = second;
    g_snprintf (self->text, sizeof self->text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
        days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900,
        parts.tm_hour, parts.tm_min, parts.tm_sec);
    return true;
}
