/* csv.c: splits CSV and TSV by RFC 4180: quotes, "" and line ends in quotes. */
#include "csv.h"

#include <string.h>

char spred_csv_delimiter(const char *bytes, size_t length)
{
    static const char delimiters[] = "\t,;";
    size_t counts[3] = {0, 0, 0}, best = 0;
    int quoted = 0;
    for (size_t i = 0; i < length && (quoted || bytes[i] != '\n'); i++) {
        if (bytes[i] == '"')
            quoted = !quoted;
        for (size_t d = 0; d < 3 && !quoted; d++)
            counts[d] += bytes[i] == delimiters[d];
    }
    for (size_t d = 1; d < 3; d++)
        best = counts[d] > counts[best] ? d : best;
    return counts[best] ? delimiters[best] : 0;
}

void spred_csv_init(struct csv *csv, struct spred_env *env,
                    const struct spred_bytes *file)
{
    memset(csv, 0, sizeof *csv);
    spred_scan_init(&csv->scan, env, file);
    csv->next = csv->line_begin = csv->scan.next;
    csv->end = csv->scan.end;
    csv->line = 1;
    csv->delimiter =
        spred_csv_delimiter(csv->next, (size_t)(csv->end - csv->next));
}

static void new_line(struct csv *csv)
{
    csv->line++;
    csv->line_begin = csv->next;
}

int spred_csv_record(struct csv *csv)
{
    while (csv->next < csv->end) {
        const char *c = csv->next;
        while (c < csv->end && (*c == '\r' || *c == ' '))
            c++;
        if (c < csv->end && *c != '\n')
            break;
        csv->next = c < csv->end ? c + 1 : c;
        new_line(csv);
    }
    csv->scan.line = csv->line;
    csv->scan.begin = csv->line_begin;
    csv->cell = (struct spred_span){csv->next, 0};
    return csv->next < csv->end;
}

/* next stands behind the opening quote; ends behind the closing one. */
static enum spred_status quoted(struct csv *csv)
{
    const char *from = csv->next;
    for (;; csv->next++) {
        if (csv->next == csv->end)
            return spred_scan_fail(&csv->scan, from - 1,
                                   "found a quote that never ends, expected "
                                   "a closing \"");
        if (*csv->next == '"') {
            if (csv->next + 1 == csv->end || csv->next[1] != '"')
                break;
            csv->doubled = 1;
            csv->next++;
        } else if (*csv->next == '\n') {
            csv->line++;
            csv->line_begin = csv->next + 1;
        }
    }
    csv->cell = (struct spred_span){from, (size_t)(csv->next - from)};
    csv->next++;
    return SPRED_OK;
}

enum spred_status spred_csv_cell(struct csv *csv, int *more)
{
    *more = 0;
    csv->doubled = 0;
    csv->scan.line = csv->line;
    csv->scan.begin = csv->line_begin;
    const char *from = csv->next;
    if (from < csv->end && *from == '"') {
        csv->next++;
        SPRED_TRY(quoted(csv));
        if (csv->next < csv->end && *csv->next == '\r')
            csv->next++;
        if (csv->next < csv->end && *csv->next != '\n' &&
            *csv->next != csv->delimiter)
            return spred_scan_fail(&csv->scan, from,
                                   "found text behind the closing quote, "
                                   "expected a delimiter");
    } else {
        while (csv->next < csv->end && *csv->next != csv->delimiter &&
               *csv->next != '\n')
            csv->next++;
        csv->cell = (struct spred_span){from, (size_t)(csv->next - from)};
        if (csv->cell.length && (csv->next == csv->end || *csv->next == '\n') &&
            csv->next[-1] == '\r')
            csv->cell.length--;
    }
    if (csv->next < csv->end) {
        *more = *csv->next == csv->delimiter;
        csv->next++;
        if (!*more)
            new_line(csv);
    }
    return SPRED_OK;
}

char *spred_csv_text(struct csv *csv)
{
    char *text = spred_utf8(csv->scan.env, spred_span_trim(csv->cell));
    if (text && csv->doubled) {
        char *to = text;
        for (const char *c = text; *c; c++) {
            *to++ = *c;
            c += c[0] == '"' && c[1] == '"';
        }
        *to = '\0';
    }
    return text;
}
