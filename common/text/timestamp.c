//  Read a date-time by position, since RFC 3339 fixes every place up to the seconds. Count days in
//  years that begin in March, so that the leap day is the last day.
//  SPDX-License-Identifier: Apache-2.0
#include "common/text/timestamp.h"

#include <glib.h>

#include "common/text/digits.h"

#define US_PER_SECOND 1000000
#define SECONDS_PER_DAY 86400
#define DAYS_PER_ERA 146097      //  400 years
#define DAYS_BEFORE_1970 719468  //  from 0000-03-01
#define SECONDS_END 19           //  the end of the seconds in "2022-02-02T19:39:05"

//  Return a number of two digits, or -1 if they are not both digits.
static inline int
s_pair (const char *digits)
{
    unsigned tens = (unsigned) (digits[0] - '0');
    unsigned ones = (unsigned) (digits[1] - '0');
    return tens <= 9 && ones <= 9 ? (int) (10 * tens + ones) : -1;
}

static int
s_days_in_month (int year, int month)
{
    static const int s_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return s_days[month - 1] + (month == 2 && leap);
}

static int64_t
s_days_since_1970 (int year, int month, int day)
{
    //  Add one era of 400 years and subtract it again, so that no number is negative.
    int march_year = year + 400 - (month <= 2);
    int march_month = (month + 9) % 12;
    int year_of_era = march_year % 400;
    int day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t) (march_year / 400 - 1) * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970;
}

//  Return the local time up to the seconds, as seconds since 1970. A 60th second counts like the
//  others.
static bool
s_parse_seconds (const char *text, int64_t *seconds)
{
    if (text[4] != '-' || text[7] != '-' || (text[10] | 0x20) != 't' || text[13] != ':' ||
        text[16] != ':')
        return false;
    int century = s_pair (text);
    int year_of_century = s_pair (text + 2);
    int year = 100 * century + year_of_century;
    int month = s_pair (text + 5);
    int day = s_pair (text + 8);
    int hour = s_pair (text + 11);
    int minute = s_pair (text + 14);
    int second = s_pair (text + 17);
    if (century < 0 || year_of_century < 0 || month < 1 || month > 12 || day < 1 ||
        day > s_days_in_month (year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60)
        return false;
    *seconds =
        s_days_since_1970 (year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    return true;
}

//  Read the fraction between the seconds and the offset: nothing, or a point and digits. Return its
//  end, or 0 if no digit follows the point.
static size_t
s_parse_fraction (text_t text, int *fraction_us)
{
    static const int s_weights[] = {100000, 10000, 1000, 100, 10, 1};
    *fraction_us = 0;
    if (text.data[SECONDS_END] != '.')
        return SECONDS_END;
    const char *digits = text.data + SECONDS_END + 1;
    size_t size = text.size - (SECONDS_END + 1);
    size_t count = 0;
    for (; count < size && digits[count] >= '0' && digits[count] <= '9'; count++)
        if (count < G_N_ELEMENTS (s_weights))
            *fraction_us += (digits[count] - '0') * s_weights[count];
    return count > 0 ? SECONDS_END + 1 + count : 0;
}

//  Read "Z", "z", or a sign and hh:mm: the time by which local time is ahead of UTC.
static bool
s_parse_offset (const char *text, size_t size, int *offset_seconds)
{
    *offset_seconds = 0;
    if (size == 1)
        return (text[0] | 0x20) == 'z';
    if (size != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
        return false;
    int hours = s_pair (text + 1);
    int minutes = s_pair (text + 4);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *offset_seconds = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
    return true;
}

bool
timestamp_parse (text_t text, int64_t *time_us)
{
    int64_t seconds = 0;
    int fraction_us = 0;
    int offset_seconds = 0;
    if (text.size <= SECONDS_END || !s_parse_seconds (text.data, &seconds))
        return false;
    size_t offset_at = s_parse_fraction (text, &fraction_us);
    if (offset_at == 0 ||
        !s_parse_offset (text.data + offset_at, text.size - offset_at, &offset_seconds))
        return false;
    seconds -= offset_seconds;
    //  A 60th second that is a leap second has become the first one of a UTC day.
    if (text.data[17] == '6' && seconds % SECONDS_PER_DAY != 0)
        return false;
    int64_t instant_us = seconds * US_PER_SECOND + fraction_us;
    if (instant_us < TIMESTAMP_MIN_US || instant_us > TIMESTAMP_MAX_US)
        return false;
    *time_us = instant_us;
    return true;
}

//  Write the last count digits (an even count) of a number and the byte that follows. Return the
//  end.
static inline char *
s_put (char *at, int64_t number, int count, char next)
{
    uint32_t rest = (uint32_t) number;
    for (int place = count - 2; place >= 0; place -= 2) {
        digits_pair (rest % 100, at + place);
        rest /= 100;
    }
    at[count] = next;
    return at + count + 1;
}

void
timestamp_print (int64_t time_us, char text[TIMESTAMP_SIZE])
{
    g_assert (time_us >= TIMESTAMP_MIN_US && time_us <= TIMESTAMP_MAX_US);
    int64_t since_0000_us = time_us - TIMESTAMP_MIN_US;
    int64_t seconds = since_0000_us / US_PER_SECOND;
    //  Count from the 1st of March of the year -400, so that no number is negative.
    int64_t day = seconds / SECONDS_PER_DAY - 60 + DAYS_PER_ERA;
    int64_t day_of_era = day % DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    int64_t year = (day / DAYS_PER_ERA - 1) * 400 + year_of_era + (month <= 2);
    char *at = s_put (text, year, 4, '-');
    at = s_put (at, month, 2, '-');
    at = s_put (at, day_of_year - (153 * march_month + 2) / 5 + 1, 2, 'T');
    at = s_put (at, seconds / 3600 % 24, 2, ':');
    at = s_put (at, seconds / 60 % 60, 2, ':');
    at = s_put (at, seconds % 60, 2, '.');
    at = s_put (at, since_0000_us % US_PER_SECOND, 6, 'Z');
    *at = '\0';
}
