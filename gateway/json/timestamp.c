/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Own arithmetic, since gmtime_r takes a lock of the whole process and a page has a hundred times. Days become dates
 * and back in years that begin in March, so that the leap day is the last (Howard Hinnant, "chrono-compatible low-level
 * date algorithms"). The era of 400 years has 146,097 days.
 */
#include "gateway/json/timestamp.h"

#include <string.h>

#define SECONDS_PER_DAY INT64_C(86400)
#define SECONDS_MIN INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define NANOS_PER_SECOND 1000000000
/* From 0000-03-01 to 1970-01-01, and so that days stay positive. */
#define DAYS_BEFORE_1970 719468

struct date {
    unsigned year;  /* 1 to 9999 */
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
};

static struct date date_of(unsigned days_since_1_march_0)
{
    unsigned era = days_since_1_march_0 / 146097;
    unsigned day_of_era = days_since_1_march_0 % 146097;
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

    return (struct date){.year = year_of_era + era * 400 + (month <= 2),
                         .month = month,
                         .day = day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

/* Since 1970; negative before. */
static int64_t days_of(struct date date)
{
    unsigned year = date.month <= 2 ? date.year - 1 : date.year;
    unsigned era = year / 400;
    unsigned year_of_era = year % 400;
    unsigned month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
    unsigned day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int64_t)era * 146097 + day_of_era - DAYS_BEFORE_1970;
}

static void put_digits(char *at, unsigned value, unsigned digits)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Answers the number of characters. */
static unsigned put_fraction(char *at, unsigned nanos)
{
    unsigned digits = 9;

    if (nanos == 0)
        return 0;
    for (; digits > 3 && nanos % 1000 == 0; digits -= 3)
        nanos /= 1000;
    at[0] = '.';
    put_digits(at + 1, nanos, digits);
    return digits + 1;
}

unsigned pl_timestamp_format(int64_t seconds, int32_t nanos, char ret_text[PL_TIMESTAMP_CHARS])
{
    if (seconds < SECONDS_MIN || seconds > SECONDS_MAX || nanos < 0 || nanos >= NANOS_PER_SECOND)
        return 0;
    uint64_t from_march_0 = (uint64_t)(seconds + DAYS_BEFORE_1970 * SECONDS_PER_DAY);
    unsigned second_of_day = (unsigned)(from_march_0 % SECONDS_PER_DAY);
    struct date date = date_of((unsigned)(from_march_0 / SECONDS_PER_DAY));
    memcpy(ret_text, "0000-00-00T00:00:00", 19);
    put_digits(ret_text, date.year, 4);
    put_digits(ret_text + 5, date.month, 2);
    put_digits(ret_text + 8, date.day, 2);
    put_digits(ret_text + 11, second_of_day / 3600, 2);
    put_digits(ret_text + 14, second_of_day / 60 % 60, 2);
    put_digits(ret_text + 17, second_of_day % 60, 2);
    unsigned chars = 19 + put_fraction(ret_text + 19, (unsigned)nanos);
    ret_text[chars] = 'Z';
    return chars + 1;
}

/* Takes so many digits off the text; false when they are not there, or above max. */
static bool take_digits(const char **text, unsigned digits, unsigned max, unsigned *ret_value)
{
    unsigned value = 0;

    for (; digits > 0; digits--, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (unsigned)(**text - '0');
    }
    *ret_value = value;
    return value <= max;
}

static bool take_char(const char **text, char expected)
{
    if (**text != expected)
        return false;
    (*text)++;
    return true;
}

static bool take_either(const char **text, char upper, char lower)
{
    return take_char(text, upper) || take_char(text, lower);
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **text, int64_t *ret_days)
{
    struct date date;

    if (!take_digits(text, 4, 9999, &date.year) || !take_char(text, '-') || !take_digits(text, 2, 12, &date.month) ||
        !take_char(text, '-') || !take_digits(text, 2, 31, &date.day))
        return false;
    if (date.year == 0 || date.month == 0 || date.day == 0 || date.day > days_in(date.year, date.month))
        return false;
    *ret_days = days_of(date);
    return true;
}

static bool take_time(const char **text, int64_t *ret_seconds)
{
    unsigned hour, minute, second;

    if (!take_digits(text, 2, 23, &hour) || !take_char(text, ':') || !take_digits(text, 2, 59, &minute) ||
        !take_char(text, ':') || !take_digits(text, 2, 59, &second))
        return false;
    *ret_seconds = (int64_t)hour * 3600 + minute * 60 + second;
    return true;
}

static bool take_fraction(const char **text, int32_t *ret_nanos)
{
    int32_t nanos = 0;
    unsigned digits = 0;
    unsigned digit;

    if (take_char(text, '.')) {
        for (; digits < 9 && take_digits(text, 1, 9, &digit); digits++)
            nanos = nanos * 10 + (int32_t)digit;
        if (digits == 0)
            return false;
    }
    for (; digits < 9; digits++)
        nanos *= 10;
    *ret_nanos = nanos;
    return true;
}

static bool take_offset(const char **text, int64_t *ret_seconds)
{
    unsigned hours, minutes;

    *ret_seconds = 0;
    if (take_either(text, 'Z', 'z'))
        return true;
    int sign = **text == '-' ? -1 : 1;
    if (!take_either(text, '+', '-') || !take_digits(text, 2, 23, &hours) || !take_char(text, ':') ||
        !take_digits(text, 2, 59, &minutes))
        return false;
    *ret_seconds = sign * ((int64_t)hours * 3600 + minutes * 60);
    return true;
}

bool pl_timestamp_parse(const char *text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    int64_t days, second_of_day, offset;
    int32_t nanos;

    if (!take_date(&text, &days) || !take_either(&text, 'T', 't') || !take_time(&text, &second_of_day) ||
        !take_fraction(&text, &nanos) || !take_offset(&text, &offset) || *text != '\0')
        return false;
    int64_t seconds = days * SECONDS_PER_DAY + second_of_day - offset;
    if (seconds < SECONDS_MIN || seconds > SECONDS_MAX)
        return false;
    *ret_seconds = seconds;
    *ret_nanos = nanos;
    return true;
}
