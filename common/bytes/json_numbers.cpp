//  Rewrite numbers that simdjson does not handle exactly. It refuses numbers beyond 64 bits and
//  beyond a double, which are valid JSON, and rounds fractions: 9007199254740990.5 would look like
//  an integer. No member of a message takes a number with more than 16 digits, or one that is no
//  integer.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_numbers.hpp"

#include <glib.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#define PLAIN_MAX_DIGITS 18
#define WHOLE_MAX_DIGITS 16
#define EXPONENT_MAX 1000000000  //  beyond the size of any text

//  An integer in the form digits * 10^zeros.
struct whole_t {
    char digits[WHOLE_MAX_DIGITS];
    size_t count = 0;  //  of digits, without zeros before and behind them; 0: the number is 0
    long zeros = 0;
};

static long
s_read_exponent (std::string_view text)
{
    long exponent = 0;
    bool is_negative = !text.empty () && text[0] == '-';
    for (char digit : text)
        if (g_ascii_isdigit (digit) && exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (digit - '0');
    return is_negative ? -exponent : exponent;
}

//  Add the next digit of a mantissa. Zeros wait in whole->zeros until another digit follows them.
//  Return false if there are too many digits.
static bool
s_add_digit (whole_t *whole, char digit)
{
    if (digit == '0') {
        whole->zeros += whole->count > 0;
        return true;
    }
    if (whole->count + (size_t) whole->zeros >= WHOLE_MAX_DIGITS)
        return false;
    memset (whole->digits + whole->count, '0', (size_t) whole->zeros);
    whole->count += (size_t) whole->zeros;
    whole->zeros = 0;
    whole->digits[whole->count++] = digit;
    return true;
}

//  Read a number without its sign. Return false if it is no integer, or one of too many digits.
static bool
s_read_whole (std::string_view number, whole_t *whole)
{
    size_t exponent_at = std::min (number.find_first_of ("eE"), number.size ());
    std::string_view mantissa = number.substr (0, exponent_at);
    size_t point = std::min (mantissa.find ('.'), mantissa.size ());
    for (char digit : mantissa)
        if (digit != '.' && !s_add_digit (whole, digit))
            return false;
    if (whole->count == 0) {
        whole->zeros = 0;
        return true;
    }
    whole->zeros -= (long) (mantissa.size () - point - (point < mantissa.size ()));
    if (exponent_at < number.size ())
        whole->zeros += s_read_exponent (number.substr (exponent_at + 1));
    return whole->zeros >= 0 && (long) whole->count + whole->zeros <= WHOLE_MAX_DIGITS;
}

//  Write the shortest form, which has no more characters than the number had.
static void
s_rewrite (char *number, size_t size)
{
    whole_t whole;
    size_t sign = number[0] == '-';
    if (!s_read_whole (std::string_view (number + sign, size - sign), &whole)) {
        memset (number, ' ', size);
        std::copy_n ("0.5", 3, number);
        return;
    }
    char form[WHOLE_MAX_DIGITS + 8] = "0";
    if (whole.count > 0 && whole.zeros == 0)
        g_snprintf (form, sizeof form, "%.*s", (int) whole.count, whole.digits);
    else if (whole.count > 0)
        g_snprintf (form, sizeof form, "%.*se%ld", (int) whole.count, whole.digits, whole.zeros);
    size_t length = strlen (form);
    g_assert (sign + length <= size);
    memset (number + sign, ' ', size - sign);
    std::copy_n (form, length, number + sign);
}

bool
json_numbers_rewrite (char *text, size_t size)
{
    bool in_string = false;
    bool is_rewritten = false;
    for (size_t at = 0; at < size; at++) {
        if (text[at] == '"')
            in_string = !in_string;
        else if (in_string && text[at] == '\\')
            at++;
        else if (!in_string && (text[at] == '-' || g_ascii_isdigit (text[at]))) {
            std::string_view number (text + at, size - at);
            number = number.substr (0, number.find_first_not_of ("+-.0123456789eE"));
            if (number.size () > PLAIN_MAX_DIGITS || number.find_first_of (".eE") != number.npos) {
                s_rewrite (text + at, number.size ());
                is_rewritten = true;
            }
            at += number.size () - 1;
        }
    }
    return is_rewritten;
}
