//  SPDX-License-Identifier: Apache-2.0
#include "http/rules/http_date.h"

#include <criterion/criterion.h>

//  As date(1) writes them: date -u -d @SECOND '+%a, %d %b %Y %H:%M:%S GMT'.
Test (http_date, is_written_as_http_wants_it)
{
    static const struct {
        time_t second;
        const char *text;
    } dates[] = {
        {1, "Thu, 01 Jan 1970 00:00:01 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {1795631761, "Wed, 25 Nov 2026 18:36:01 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    http_date_t date = {0};
    for (size_t index = 0; index < sizeof dates / sizeof dates[0]; index++) {
        cr_expect (http_date_set (&date, dates[index].second));
        cr_expect_str_eq (date.text, dates[index].text);
        cr_expect_not (http_date_set (&date, dates[index].second), "it is the same one");
    }
}
