//  Fuzz the values of options: numbers, sizes, durations, fractions, choices, words, switches. The
//  first byte chooses the kind. A value that is refused changes nothing, and one that is taken is
//  in its range and is read again as itself.
//  SPDX-License-Identifier: Apache-2.0
#include "common/options/option_value.h"
#include "tests/fuzz/input.h"

#define NUMBER 77
#define MIN_NUMBER 2
#define MAX_NUMBER (UINT64_C (1) << 30)

//  The place of a value of any kind.
typedef union {
    uint64_t number;
    double fraction;
    const char *text;
    int choice;
    bool is_on;
    uint8_t bytes[sizeof (uint64_t)];
} value_t;

static void
s_number (option_kind_t kind, const char *text, const char *unit)
{
    uint64_t value = NUMBER;
    uint64_t again = 0;
    option_t option = {
        .name = "number", .kind = kind, .value = &value, .min = MIN_NUMBER, .max = MAX_NUMBER};
    if (!option_set (&option, text)) {
        g_assert (value == NUMBER);
        return;
    }
    char *printed = g_strdup_printf ("%" G_GUINT64_FORMAT "%s", value, unit);
    g_assert (value >= MIN_NUMBER && value <= MAX_NUMBER);
    option.value = &again;
    g_assert (option_set (&option, printed) && again == value);
    g_free (printed);
}

static void
s_other (option_kind_t kind, const char *text)
{
    value_t value;
    value_t before;
    memset (&value, 0, sizeof value);
    before = value;
    option_t option = {.name = "other", .kind = kind, .value = &value, .choices = "fsync|os|off"};
    bool is_set = option_set (&option, text);
    g_assert (is_set || memcmp (value.bytes, before.bytes, sizeof value.bytes) == 0);
    if (is_set && kind == OPTION_FRACTION)
        g_assert (value.fraction >= 0 && value.fraction <= 1);
    if (is_set && kind == OPTION_CHOICE)
        g_assert (value.choice >= 0 && value.choice < 3);
    if (is_set && (kind == OPTION_WORD || kind == OPTION_TEXT))
        g_assert (value.text == text);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    option_kind_t kind = (option_kind_t) (input_byte (&input) % (OPTION_SWITCH + 1));
    char *text = input_string (input_rest (&input));
    option_t option = {.name = "option", .kind = kind, .choices = "KEY:id|-id", .min = 1, .max = 2};
    if (kind == OPTION_NUMBER || kind == OPTION_SIZE)
        s_number (kind, text, "");
    else if (kind == OPTION_DURATION)
        s_number (kind, text, "ms");
    else
        s_other (kind, text);
    char *expectation = option_expectation (&option);
    g_assert (*expectation);
    g_free (expectation);
    g_free (text);
    return 0;
}
