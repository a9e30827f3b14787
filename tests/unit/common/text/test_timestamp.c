//  Points in time as text, both ways.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/text/timestamp.h"

typedef struct {
    const char *text;
    int64_t time_us;
} good_t;

static const good_t s_good[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01t00:00:00z", 0},
    {"1969-12-31T23:59:59.999999Z", -1},
    {"2022-02-02T19:39:05.86337+01:00", 1643827145863370},
    {"2022-02-02T18:39:05.86337Z", 1643827145863370},
    {"2022-02-02T14:09:05.86337-04:30", 1643827145863370},
    {"2022-02-02T18:39:05.86337-00:00", 1643827145863370},
    {"2022-02-02T18:39:05.1Z", 1643827145100000},
    {"2022-02-02T18:39:05.1234567Z", 1643827145123456},
    {"2022-02-02T18:39:05.999999999999999999999999999999999Z", 1643827145999999},
    {"1969-12-31T23:59:59.0000009Z", -1000000},
    {"2000-02-29T12:00:00Z", 951825600000000},
    {"1900-03-01T00:00:00Z", -2203891200000000},
    {"2024-02-29T23:59:59+23:59", 1709164859000000},
    {"2024-02-28T00:00:59-23:59", 1709164799000000},
    //  the leap second at the end of 2016, here and there
    {"2016-12-31T23:59:60Z", 1483228800000000},
    {"2016-12-31T15:59:60-08:00", 1483228800000000},
    {"2017-01-01T05:29:60.5+05:30", 1483228800500000},
    //  the first and the last instant
    {"0000-01-01T00:00:00Z", TIMESTAMP_MIN_US},
    {"0000-01-01T01:00:00+01:00", TIMESTAMP_MIN_US},
    {"9999-12-31T23:59:59.999999Z", TIMESTAMP_MAX_US},
    {"9999-12-31T22:59:59.9999999-01:00", TIMESTAMP_MAX_US},
};

static const char *const s_bad[] = {
    "",
    "2",
    "2022-02-02",
    "2022-02-02T18:39:05",
    "2022-02-02T18:39Z",
    "2022-02-02 18:39:05Z",
    "2022-02-02_18:39:05Z",
    "20220202T183905Z",
    "2022-2-02T18:39:05Z",
    "22-02-02T18:39:05Z",
    "+2022-02-02T18:39:05Z",
    "-022-02-02T18:39:05Z",
    "12022-02-02T18:39:05Z",
    "2022/02/02T18:39:05Z",
    "2022-02-02T18.39.05Z",
    " 2022-02-02T18:39:05Z",
    "2022-02-02T18:39:05Z ",
    "2022-02-02T18:39:05ZZ",
    "2022-02-02T18:39:05 Z",
    "2022-02-02T18:39:05UTC",
    "2022-02-02T18:39:05.Z",
    "2022-02-02T18:39:05.",
    "2022-02-02T18:39:05.5",
    "2022-02-02T18:39:05,5Z",
    "2022-02-02T18:39:05.5.5Z",
    "2022-02-02T18:39:05.-5Z",
    "2022-02-02T18:39:05+01",
    "2022-02-02T18:39:05+0100",
    "2022-02-02T18:39:05+1:00",
    "2022-02-02T18:39:05+01-00",
    "2022-02-02T18:39:05+24:00",
    "2022-02-02T18:39:05+01:60",
    "2022-02-02T18:39:05+01:0",
    "2022-02-02T18:39:05+01:000",
    "2022-02-02T18:39:05=01:00",
    "2022-02-02T18:39:05.5+",
    "2022-00-02T18:39:05Z",
    "2022-13-02T18:39:05Z",
    "2022-02-00T18:39:05Z",
    "2022-02-29T18:39:05Z",
    "2024-02-30T18:39:05Z",
    "1900-02-29T18:39:05Z",
    "2100-02-29T18:39:05Z",
    "2022-04-31T18:39:05Z",
    "2022-01-32T18:39:05Z",
    "2022-02-02T24:00:00Z",
    "2022-02-02T18:60:05Z",
    "2022-02-02T18:39:61Z",
    "2022-02-02T18:39:6:Z",
    "2022-02-02T1a:39:05Z",
    "2022-02-02T18:39:0/Z",
    "2\331\2422-02-02T18:39:05Z",
    //  a 60th second that is none in UTC
    "2016-12-31T23:59:60+01:00",
    "2016-12-31T12:00:60Z",
    "2016-12-31T23:58:60Z",
    //  outside the years 0000 to 9999 in UTC
    "0000-01-01T00:59:59+01:00",
    "9999-12-31T23:00:00-01:00",
    "9999-12-31T23:59:60Z",
};

Test (timestamp, good_date_times_are_read)
{
    for (size_t at = 0; at < sizeof s_good / sizeof s_good[0]; at++) {
        int64_t time_us = 42;
        cr_expect (timestamp_parse (text_from (s_good[at].text), &time_us), "%s", s_good[at].text);
        cr_expect_eq (time_us, s_good[at].time_us, "%s: %ld", s_good[at].text, time_us);
    }
}

Test (timestamp, anything_else_is_refused_and_leaves_the_time_alone)
{
    for (size_t at = 0; at < sizeof s_bad / sizeof s_bad[0]; at++) {
        int64_t time_us = 42;
        cr_expect_not (timestamp_parse (text_from (s_bad[at]), &time_us), "%s", s_bad[at]);
        cr_expect_eq (time_us, 42, "%s", s_bad[at]);
    }
    int64_t time_us = 42;
    cr_expect_not (timestamp_parse ((text_t){0}, &time_us));
}

Test (timestamp, a_date_time_cut_short_anywhere_is_refused)
{
    static const char text[] = "2022-02-02T19:39:05.863370+01:00";
    for (size_t size = 0; size < sizeof text - 1; size++) {
        char *copy = malloc (size + 1);  //  so that a sanitizer sees a byte read too many
        int64_t time_us = 0;
        memcpy (copy, text, size);
        cr_expect_not (timestamp_parse (text_of (copy, size), &time_us), "%zu bytes", size);
        free (copy);
    }
}

Test (timestamp, a_zero_byte_is_no_end)
{
    static const char text[] = "2022-02-02T18:39:05Z\0";
    int64_t time_us = 0;
    cr_expect_not (timestamp_parse (text_of (text, sizeof text - 1), &time_us));
}

Test (timestamp, instants_are_printed_in_utc_with_six_digits)
{
    static const good_t table[] = {{"1970-01-01T00:00:00.000000Z", 0},
        {"1969-12-31T23:59:59.999999Z", -1}, {"2022-02-02T18:39:05.863370Z", 1643827145863370},
        {"2000-02-29T12:00:00.000000Z", 951825600000000},
        {"1900-03-01T00:00:00.000000Z", -2203891200000000},
        {"2017-01-01T00:00:00.500000Z", 1483228800500000},
        {"0000-01-01T00:00:00.000000Z", TIMESTAMP_MIN_US},
        {"0000-02-29T00:00:00.000000Z", TIMESTAMP_MIN_US + 59 * 86400000000},
        {"9999-12-31T23:59:59.999999Z", TIMESTAMP_MAX_US}};
    for (size_t at = 0; at < sizeof table / sizeof table[0]; at++) {
        char text[TIMESTAMP_SIZE];
        timestamp_print (table[at].time_us, text);
        cr_expect_str_eq (text, table[at].text);
    }
}

Test (timestamp, every_day_of_ten_thousand_years_comes_back)
{
    char last[TIMESTAMP_SIZE] = "";
    for (int64_t time_us = TIMESTAMP_MIN_US; time_us <= TIMESTAMP_MAX_US; time_us += 86400000000) {
        char text[TIMESTAMP_SIZE];
        int64_t again_us = 0;
        timestamp_print (time_us, text);
        cr_assert (strcmp (last, text) < 0, "%s after %s", text, last);
        cr_assert (timestamp_parse (text_from (text), &again_us), "%s", text);
        cr_assert_eq (again_us, time_us, "%s", text);
        memcpy (last, text, sizeof last);
    }
    cr_expect_str_eq (last, "9999-12-31T00:00:00.000000Z");
}

Test (timestamp, every_microsecond_place_comes_back)
{
    //  Steps of a prime, so that every field takes many values.
    int64_t time_us = TIMESTAMP_MIN_US;
    for (int count = 0; count < 200000; count++, time_us += 1577846300123) {
        char text[TIMESTAMP_SIZE];
        int64_t again_us = 0;
        timestamp_print (time_us, text);
        cr_assert (timestamp_parse (text_from (text), &again_us), "%s", text);
        cr_assert_eq (again_us, time_us, "%s", text);
    }
}
