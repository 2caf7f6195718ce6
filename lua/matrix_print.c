/* matrix_print.c: a matrix as text: its shape and its corner. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lua/matrix.h"

enum {
    CORNER = 6,   /* rows and columns of a matrix that are shown */
    A_LINE = 8,   /* values of a vector on a line */
    LINES = 3,    /* of a vector */
    ENTRIES = 10, /* of a sparse matrix */
    CELL = 24     /* bytes of a number */
};

/* One line or several, gathered before any of it is handed to Lua. */
struct page {
    char text[4096];
    size_t length;
};

static void put(struct page *page, const char *text, size_t width)
{
    size_t length = strlen(text);
    size_t blanks = width > length ? width - length : 0;
    if (page->length + blanks + length >= sizeof page->text)
        return;
    memset(page->text + page->length, ' ', blanks);
    memcpy(page->text + page->length + blanks, text, length);
    page->length += blanks + length;
}

/* nan without the sign that printf may give it. */
static void number(char cell[CELL], double value)
{
    if (isnan(value))
        snprintf(cell, CELL, "nan");
    else
        snprintf(cell, CELL, "%.6g", value);
}

static void put_vector(struct page *page, const struct spred_matrix *m)
{
    char cells[A_LINE * LINES][CELL];
    size_t n = matrix_size(m), shown = n, width = 0;
    if (n > A_LINE * LINES)
        shown = A_LINE * LINES;
    for (size_t k = 0; k < shown; k++) {
        number(cells[k],
               matrix_value(m, m->cols == 1 ? k : 0, m->cols == 1 ? 0 : k));
        width = strlen(cells[k]) > width ? strlen(cells[k]) : width;
    }
    for (size_t k = 0; k < shown; k++) {
        put(page, k % A_LINE == 0 ? "\n " : "", 0);
        put(page, cells[k], width + 1);
    }
    put(page, shown < n ? " ..." : "", 0);
}

static void put_corner(struct page *page, const struct spred_matrix *m)
{
    char cells[CORNER][CORNER][CELL];
    size_t width[CORNER] = {0};
    size_t rows = m->rows < CORNER ? m->rows : CORNER;
    size_t cols = m->cols < CORNER ? m->cols : CORNER;
    for (size_t j = 0; j < cols; j++)
        for (size_t i = 0; i < rows; i++) {
            number(cells[i][j], matrix_value(m, i, j));
            size_t length = strlen(cells[i][j]);
            width[j] = length > width[j] ? length : width[j];
        }
    for (size_t i = 0; i < rows; i++) {
        put(page, "\n ", 0);
        for (size_t j = 0; j < cols; j++)
            put(page, cells[i][j], width[j] + (j > 0 ? 2 : 1));
        put(page, cols < m->cols ? "  ..." : "", 0);
    }
    if (rows < m->rows && cols > 0) {
        put(page, "\n ", 0);
        for (size_t j = 0; j < cols; j++)
            put(page, "...", width[j] + (j > 0 ? 2 : 1));
    }
}

static void put_entries(struct page *page, const struct spred_matrix *m)
{
    char line[96], cell[CELL];
    size_t stored = spred_matrix_stored(m), j = 0;
    for (size_t e = 0; e < stored && e < ENTRIES; e++) {
        while ((size_t)m->colptr[j + 1] <= e)
            j++;
        number(cell, m->values[e]);
        snprintf(line, sizeof line, "\n  (%ld, %zu)  %s",
                 (long)m->rowind[e] + 1, j + 1, cell);
        put(page, line, 0);
    }
    put(page, stored > ENTRIES ? "\n  ..." : "", 0);
}

/* Also for a matrix whose memory is gone: an error's text may show it. */
static int to_text(lua_State *L)
{
    const struct lua_matrix *matrix = binding_check(L, 1, &binding_matrix);
    const struct spred_matrix *m = &matrix->m;
    struct page page = {.length = 0};
    char head[160];
    if (matrix->alive && !*matrix->alive) {
        lua_pushfstring(L, "matrix %I x %I of a run that is over",
                        (lua_Integer)m->rows, (lua_Integer)m->cols);
        return 1;
    }
    int used = snprintf(head, sizeof head, "matrix %zu x %zu (%s%s", m->rows,
                        m->cols, matrix_storage_name(m->storage),
                        matrix->read_only ? ", read only" : "");
    if (m->storage == SPRED_CSC)
        snprintf(head + used, sizeof head - (size_t)used,
                 ", %zu stored: %.3g%%)", spred_matrix_stored(m),
                 matrix_size(m) ? 100 * (double)spred_matrix_stored(m) /
                                      (double)matrix_size(m)
                                : 0);
    else
        snprintf(head + used, sizeof head - (size_t)used, ")");
    put(&page, head, 0);
    if (m->storage == SPRED_CSC)
        put_entries(&page, m);
    else if (matrix_is_vector(m))
        put_vector(&page, m);
    else
        put_corner(&page, m);
    lua_pushlstring(L, page.text, page.length);
    return 1;
}

const struct binding_entry matrix_print_methods[] = {
    {"__tostring", to_text, "tostring(m)",
     "The shape, the storage and the first values of a matrix."},
    {0}};
