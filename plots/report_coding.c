/* report_coding.c: the report's section "Sparse coding": a table of the coders
 * and one of what the codes are worth, by data set. */
#include "plots/html.h"

static enum spred_status put_query(struct plots_context *context,
                                   struct spred_buffer *out, const char *query,
                                   const char *heading,
                                   const struct plots_column *columns)
{
    const struct results_table *t;
    struct spred_env *env = context->env;
    SPRED_TRY(plots_ask(context, query, &t));
    if (t->n_rows == 0)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(env, out, "%s", heading));
    for (size_t at = 0, next; at < t->n_rows; at = next) {
        next = plots_rows_end(t, at, "dataset", t->n_rows);
        SPRED_TRY(spred_buffer_add(env, out, "<h3>"));
        SPRED_TRY(plots_html_text(env, out, results_text(t, at, "dataset")));
        SPRED_TRY(spred_buffer_add(env, out, "</h3>\n"));
        SPRED_TRY(plots_html_table(env, out, t, at, next, columns));
    }
    return SPRED_OK;
}

enum spred_status plots_report_coding(struct plots_context *context,
                                      struct spred_buffer *out)
{
    static const struct plots_column coders[] = {
        {"dictionary", "dictionary", 0, NULL},
        {"lambda", "lambda", 6, NULL},
        {"coder", "solver", 0, NULL},
        {"ending", "statuses", 0, NULL},
        {"certified signals", "certified", 9, NULL},
        {"of", "signals", 9, NULL},
        {"certified [s]", "seconds", 3, NULL},
        {"least [s]", "low", 3, NULL},
        {"most [s]", "high", 3, NULL},
        {"ratio to the fastest", "ratio", 3, NULL},
        {"worst gap", "gap", 2, NULL},
        {"nonzeros", "nonzeros", 3, NULL},
        {"learning [s]", "learning", 3, NULL},
        {NULL, NULL, 0, NULL}};
    static const struct plots_column rates[] = {
        {"dictionary", "dictionary", 0, NULL},
        {"lambda", "lambda", 6, NULL},
        {"nonzeros", "nonzeros", 3, NULL},
        {"|x - Dz|² / |x|²", "squares", 3, NULL},
        {"PSNR with noise [dB]", "noisy", 4, NULL},
        {"PSNR denoised [dB]", "denoised", 4, NULL},
        {"nonzeros of the noisy patches", "noisy_nonzeros", 3, NULL},
        {NULL, NULL, 0, NULL}};
    SPRED_TRY(put_query(
        context, out, "coding",
        "<h2>Sparse coding</h2>\n<p>Seconds are billed for all signals (Gram, "
        "constants, correlations, codes, without certificates): the median "
        "over trials of the run that asked for the smallest gap. A gap is "
        "relative to |x|²/2 and holds for every signal. Learning the "
        "dictionary is not billed to a coder.</p>\n",
        coders));
    return put_query(
        context, out, "rate-distortion",
        "<h2>What the codes are worth</h2>\n<p>Means over the patches that the "
        "dictionary was learned on; PSNR of the whole held-out picture.</p>\n",
        rates);
}
