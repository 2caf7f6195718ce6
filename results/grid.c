/* grid.c: a grid of text cells as a Markdown table. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "results/field.h"
#include "results/table.h"

char (*results_grid_row(struct results_grid *grid, size_t row))[RESULTS_CELL]
{
    return grid->cells + row * grid->stride;
}

/* Characters (not bytes) of UTF-8 text. */
static size_t width_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void results_grid_text(char out[RESULTS_CELL], const char *text)
{
    size_t n = 0;
    for (; *text && n + 4 < RESULTS_CELL; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '|')
            out[n++] = '\\';
        out[n++] = (char)(c < ' ' || c == 127 ? ' ' : c);
    }
    while (n && *text && ((unsigned char)out[n - 1] & 0xC0) == 0x80)
        n--; /* a character cut in two */
    if (n && *text && (unsigned char)out[n - 1] >= 0xC0)
        n--;
    out[n] = '\0';
}

void results_grid_real(char out[RESULTS_CELL], double value, int digits)
{
    char number[RESULTS_REAL_SIZE];
    snprintf(out, RESULTS_CELL, "%s",
             isnan(value) ? "-" : results_print_real(number, value, digits));
}

void results_grid_count(char out[RESULTS_CELL], double value)
{
    if (isnan(value))
        snprintf(out, RESULTS_CELL, "-");
    else
        snprintf(out, RESULTS_CELL, value < 100 ? "%.1f" : "%.0f", value);
    size_t end = strlen(out);
    if (end > 2 && strcmp(out + end - 2, ".0") == 0)
        out[end - 2] = '\0';
}

void results_grid_interval(char out[RESULTS_CELL], double mean, double half)
{
    if (isnan(mean))
        snprintf(out, RESULTS_CELL, "-");
    else if (isnan(half))
        snprintf(out, RESULTS_CELL, "%.3f", mean);
    else if (half > 0.5) /* too few trials to say anything */
        snprintf(out, RESULTS_CELL, "%.3f ± >0.5", mean);
    else
        snprintf(out, RESULTS_CELL, "%.3f ± %.3f", mean, half);
}

/* Columns (but the first) that say nothing in any row are left out. */
static void drop_empty(struct results_grid *grid)
{
    size_t kept = 1;
    for (size_t j = 1; j < grid->columns; j++) {
        int any = 0;
        for (size_t i = 1; i < grid->rows; i++)
            any = any || strcmp(results_grid_row(grid, i)[j], "-") != 0;
        for (size_t i = 0; any && kept < j && i < grid->rows; i++)
            memcpy(results_grid_row(grid, i)[kept],
                   results_grid_row(grid, i)[j], RESULTS_CELL);
        kept += any != 0;
    }
    grid->columns = kept;
}

static enum spred_status print_rows(struct spred_env *env,
                                    struct results_grid *grid, size_t left,
                                    const size_t *width,
                                    struct spred_buffer *out)
{
    for (size_t i = 0; i < grid->rows; i++) {
        for (size_t j = 0; j < grid->columns; j++) {
            const char *text = results_grid_row(grid, i)[j];
            int pad = (int)(width[j] - width_of(text));
            SPRED_TRY(spred_buffer_add(env, out, "| %*s%s%*s ",
                                       j < left ? 0 : pad, "", text,
                                       j < left ? pad : 0, ""));
        }
        SPRED_TRY(spred_buffer_add(env, out, "|\n"));
        for (size_t j = 0; i == 0 && j < grid->columns; j++) {
            SPRED_TRY(spred_buffer_add(env, out, "|%s", j < left ? ":" : "-"));
            for (size_t k = 0; k < width[j]; k++)
                SPRED_TRY(spred_buffer_append(env, out, "-", 1));
            SPRED_TRY(spred_buffer_add(env, out, "%s", j < left ? "-" : ":"));
        }
        if (i == 0)
            SPRED_TRY(spred_buffer_add(env, out, "|\n"));
    }
    return spred_buffer_add(env, out, "\n");
}

enum spred_status results_grid_print(struct spred_env *env,
                                     struct results_grid *grid, size_t left,
                                     struct spred_buffer *out)
{
    drop_empty(grid);
    size_t *width = spred_alloc(env, grid->columns, sizeof *width);
    if (!width)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < grid->rows; i++)
        for (size_t j = 0; j < grid->columns; j++)
            if (width_of(results_grid_row(grid, i)[j]) > width[j])
                width[j] = width_of(results_grid_row(grid, i)[j]);
    enum spred_status status = print_rows(env, grid, left, width, out);
    spred_free(env, width);
    return status;
}

enum spred_status results_grid_new(struct spred_env *env,
                                   struct results_grid *grid, size_t rows,
                                   const char *const *heads)
{
    *grid = (struct results_grid){NULL, rows + 1, 0, 0};
    while (heads[grid->columns])
        grid->columns++;
    grid->stride = grid->columns;
    grid->cells =
        spred_alloc(env, grid->rows * grid->stride, sizeof *grid->cells);
    if (!grid->cells)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < grid->columns; j++)
        results_grid_text(grid->cells[j], heads[j]);
    return SPRED_OK;
}
