/* units.c: quantities with units: durations, sizes, percentages. */
#include "experiments/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "spred/text.h"

struct unit {
    const char *name;
    double number, divisor; /* of the base unit; the divisor keeps ms exact */
};

enum outcome { READ, NOT_A_NUMBER, NO_UNIT, UNKNOWN_UNIT };

static enum outcome read_quantity(const char *text, const struct unit *units,
                                  double *out)
{
    char number[64];
    size_t length = strspn(text, "+-.0123456789");
    /* An exponent belongs to the number only if digits follow it. */
    if (length && (text[length] == 'e' || text[length] == 'E')) {
        size_t sign = length + 1 + strspn(text + length + 1, "+-");
        size_t exponent = strspn(text + sign, "0123456789");
        if (exponent)
            length = sign + exponent;
    }
    double value;
    if (length >= sizeof number)
        return NOT_A_NUMBER;
    memcpy(number, text, length);
    number[length] = '\0';
    if (!spred_parse_real(number, &value) || !(value >= 0))
        return NOT_A_NUMBER;
    text += length;
    text += strspn(text, " ");
    if (*text == '\0')
        return NO_UNIT;
    for (; units->name; units++)
        if (strcmp(text, units->name) == 0) {
            value = value * units->number / units->divisor;
            if (!isfinite(value))
                return NOT_A_NUMBER;
            *out = value;
            return READ;
        }
    return UNKNOWN_UNIT;
}

const char *spec_duration(const char *text, double *seconds)
{
    static const struct unit units[] = {{"ms", 1, 1000}, {"s", 1, 1},
                                        {"min", 60, 1},  {"h", 3600, 1},
                                        {"d", 86400, 1}, {NULL, 0, 0}};
    static const char *const wrong[] = {
        NULL, "is not a duration, expected for example 120 s or 10 min",
        "has no unit, expected for example 120 s or 10 min",
        "has an unknown unit, expected ms, s, min, h or d, "
        "for example 120 s or 10 min"};
    return wrong[read_quantity(text, units, seconds)];
}

const char *spec_size(const char *text, double *bytes)
{
    static const struct unit units[] = {
        {"B", 1, 1},         {"kB", 1e3, 1},         {"MB", 1e6, 1},
        {"GB", 1e9, 1},      {"TB", 1e12, 1},        {"KiB", 1024, 1},
        {"MiB", 1048576, 1}, {"GiB", 1073741824, 1}, {"TiB", 1099511627776, 1},
        {NULL, 0, 0}};
    static const char *const wrong[] = {
        NULL, "is not a size, expected for example 4 GiB or 512 MiB",
        "has no unit, expected for example 4 GiB or 512 MiB",
        "has an unknown unit, expected B, kB, MB, GB, TB, KiB, MiB, GiB or "
        "TiB, for example 4 GiB"};
    return wrong[read_quantity(text, units, bytes)];
}

const char *spec_share(const char *text, double *share)
{
    static const struct unit units[] = {{"%", 1, 100}, {NULL, 0, 0}};
    static const char *const wrong[] = {
        NULL, "is not a percentage, expected for example 20%",
        "has no unit, expected for example 20%",
        "has an unknown unit, expected for example 20%"};
    double value;
    const char *problem = wrong[read_quantity(text, units, &value)];
    if (!problem && value > 1)
        return "is more than 100%";
    if (!problem)
        *share = value;
    return problem;
}

static int same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

void spec_shortest(double value, char *text)
{
    if (value >= 0 && value < 1e15 && same(value, floor(value))) {
        snprintf(text, 32, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        double back;
        snprintf(text, 32, "%.*g", digits, value);
        for (char *c = text; *c; c++)
            if (*c == ',')
                *c = '.'; /* a comma-decimal locale */
        if (spred_parse_real(text, &back) && same(back, value))
            return;
    }
}

void spec_shortest_share(double share, char *text)
{
    /* Neighbours: share * 100 may round away from what was written. */
    double near = share * 100;
    const double tries[] = {near, nextafter(near, 0), nextafter(near, 200)};
    size_t best = 32;
    snprintf(text, 32, "%.17g%%", near);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        char candidate[32];
        double back;
        spec_shortest(tries[i], candidate);
        size_t length = strlen(candidate);
        if (length < best && length < 31 &&
            spred_parse_real(candidate, &back) && same(back / 100, share)) {
            best = length;
            memcpy(text, candidate, length);
            memcpy(text + length, "%", 2);
        }
    }
}
