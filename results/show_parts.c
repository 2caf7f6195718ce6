/* show_parts.c: what `explain` tells below a run's row: how each lambda ended,
 * and how sparse its networks are. */
#include <string.h>

#include "results/field.h"
#include "results/show_parts.h"

/* Column i of the row with so many digits; "-": no value. */
static const char *real(sqlite3_stmt *s, int i, int digits,
                        char out[RESULTS_REAL_SIZE])
{
    if (sqlite3_column_type(s, i) == SQLITE_NULL)
        return "-";
    return results_print_real(out, sqlite3_column_double(s, i), digits);
}

static const char *text(sqlite3_stmt *s, int i)
{
    const char *found = (const char *)sqlite3_column_text(s, i);
    return found ? found : "";
}

typedef enum spred_status print_row(struct spred_env *env, sqlite3_stmt *s,
                                    struct spred_buffer *out);

/* The head once, then a line for each row of the run. */
static enum spred_status each_row(struct spred_env *env,
                                  struct results_view *view, int64_t id,
                                  const char *sql, const char *head,
                                  print_row *print, struct spred_buffer *out)
{
    sqlite3_stmt *statement = NULL;
    int more = 0;
    SPRED_TRY(results_sql_prepare(env, view->db, view->path, sql, &statement));
    sqlite3_bind_int64(statement, 1, id);
    enum spred_status status =
        results_sql_step(env, view->db, view->path, statement, &more);
    if (!status && more)
        status = spred_buffer_add(env, out, "%s", head);
    while (!status && more) {
        status = print(env, statement, out);
        if (!status)
            status =
                results_sql_step(env, view->db, view->path, statement, &more);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum spred_status print_point(struct spred_env *env, sqlite3_stmt *s,
                                     struct spred_buffer *out)
{
    char cells[6][RESULTS_REAL_SIZE];
    return spred_buffer_add(
        env, out, "%6s %12s %8s %10s %7s %10s %10s %8s  %s\n",
        real(s, 0, 6, cells[0]), real(s, 1, 6, cells[1]), text(s, 2),
        real(s, 3, 3, cells[2]), text(s, 4), real(s, 5, 3, cells[3]),
        real(s, 6, 3, cells[4]), text(s, 7), text(s, 8));
}

enum spred_status results_show_points(struct spred_env *env,
                                      struct results_view *view, int64_t id,
                                      int every, int convex,
                                      struct spred_buffer *out)
{
#define POINTS(value, which)                                                   \
    "SELECT p.output, coalesce(p.lambda_ratio, p.lambda), p.step, p.seconds, " \
    "(SELECT count(*) FROM points q WHERE q.run = p.run AND q.output IS "      \
    "p.output AND q.lambda_index IS p.lambda_index), "                         \
    "(SELECT q." value " FROM points q WHERE q.run = p.run AND q.output IS "   \
    "p.output AND q.lambda_index IS p.lambda_index ORDER BY q.number LIMIT "   \
    "1), p." value ", p.support, p.stop FROM points p WHERE p.run = ?" which   \
    " ORDER BY p.number"
#define HEAD(what, value)                                                      \
    "\n" what " (their whole course: points.csv):\n"                           \
    "output       lambda    steps    seconds    seen  first " value            \
    "   last " value "  support  ended\n"
    if (every)
        return each_row(env, view, id, POINTS("gap", ""),
                        HEAD("Every asked gap", "gap"), print_point, out);
    if (!convex)
        return each_row(env, view, id, POINTS("kkt", " AND p.last = 1"),
                        HEAD("Every lambda (ratio), worst stationarity", "kkt"),
                        print_point, out);
    return each_row(env, view, id, POINTS("gap", " AND p.last = 1"),
                    HEAD("Every lambda (ratio), relative gap", "gap"),
                    print_point, out);
}

static enum spred_status print_mark(struct spred_env *env, sqlite3_stmt *s,
                                    struct spred_buffer *out)
{
    char cells[7][RESULTS_REAL_SIZE];
    char *rule = spred_format(
        env, "%s%s%s", text(s, 2), sqlite3_column_double(s, 3) > 0 ? " " : "",
        sqlite3_column_double(s, 3) > 0 ? real(s, 3, 4, cells[0]) : "");
    if (!rule)
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_buffer_add(env, out, "%4s %7s  %-28s %11s %10s %13s %10s %8s\n",
                         text(s, 0), text(s, 1), rule, real(s, 4, 4, cells[1]),
                         text(s, 5), real(s, 6, 4, cells[2]),
                         real(s, 7, 4, cells[3]), real(s, 8, 4, cells[4]));
    spred_free(env, rule);
    if (!status && *text(s, 9))
        status =
            spred_buffer_add(env, out, "             left: %s\n", text(s, 9));
    return status;
}

enum spred_status results_show_marks(struct spred_env *env,
                                     struct results_view *view, int64_t id,
                                     struct spred_buffer *out)
{
    return each_row(
        env, view, id,
        "SELECT m.mark, m.candidate, coalesce(m.rule, ''), m.threshold, "
        "1.0 * m.weights / max(m.nonzero, 1), m.nonzero, "
        "m.macs_dense / max(m.macs, 1), m.validation, m.accuracy, "
        "(SELECT group_concat(l.name || ' ' || l.nonzero || ' of ' || "
        "l.weights || CASE WHEN l.units_left < l.units THEN ' (' || "
        "l.units_left || ' of ' || l.units || ' units)' ELSE '' END, ', ') "
        "FROM (SELECT * FROM layers WHERE run = m.run AND mark = m.mark "
        "ORDER BY number) l) FROM marks m WHERE m.run = ? ORDER BY m.number",
        "\nCompression (weights by nonzero weights; multiply-adds: times "
        "fewer):\n"
        "mark setting  zero by                      compression    nonzero "
        "multiply-adds validation accuracy\n",
        print_mark, out);
}
