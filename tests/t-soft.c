/* t-soft.c: every GDS file of the shared data against its reference readings,
 * and the rows and the matrix of the paper's protocol. */
#include "test.h"

#include "spred/loader.h"
#include "spred/paper.h"
#include "spred/text.h"

struct reference {
    const char *file;
    size_t samples, features, missing;
    const char *types; /* "name subsets/covered; ..." */
    size_t rows, labels;
    double deviation, first, last, majority;
};

/* The lines of soft/REFERENCE.tsv, made by other programs. */
static const struct reference references[] = {
    {"GDS507.soft.gz", 17, 22645, 0, "disease state 2/17; individual 10/17", 34,
     12, 3176.03, 0.0119036, -0.00308561, 0.265},
    {"L1F507_full.soft.gz", 17, 22645, 0,
     "disease state 2/17; individual 10/17", 34, 12, 3176.03, 0.0119036,
     -0.00308561, 0.265},
    {"L1R128_all_gpl8300.soft.gz", 128, 12625, 0,
     "cell type 10/128; disease state 6/128; gender 2/125; age 4/123; other "
     "2/100",
     604, 24, 1.85246, 0.0276219, 0.00397, 0.137},
    {"L1R2308_srbct_null.soft.gz", 63, 2308, 1282, "disease state 4/63", 63, 4,
     0.968447, 0.646822, 0.234935, 0.365},
    {"L1R2736_sarcoma_gpl96_full.soft.gz", 105, 22283, 0,
     "disease state 10/105", 105, 10, 716.127, -0.0637782, -0.00329684, 0.200},
    {"L1R505_rcc_gpl96.soft.gz", 17, 22283, 0,
     "disease state 2/17; individual 10/17", 34, 12, 2556.02, -0.0817561,
     0.0138036, 0.265},
    {"L1R71019_bladder_gpl96.soft.gz", 57, 22283, 0,
     "disease state 5/57; specimen 3/57; protocol 5/57", 171, 13, 1.72528,
     0.207325, 0.0371362, 0.234}};

static char *types_of(struct spred_env *env, const struct spred_data *data)
{
    struct spred_buffer text = {0};
    for (size_t t = 0; t < data->n_targets; t++) {
        size_t covered = 0;
        for (size_t i = 0; i < data->x.rows; i++)
            covered += data->targets[t].codes[i] >= 0;
        assert_ok(env, spred_buffer_add(env, &text, "%s%s %zu/%zu",
                                        t ? "; " : "", data->targets[t].name,
                                        data->targets[t].n_levels, covered));
    }
    return text.text;
}

/* The entry of A as the authors' loader has it: it computes in single precision
 * and adds a column up row by row, which costs the mean its last digits. */
static double in_single(const double *x, const struct spred_paper *paper,
                        size_t row, double s)
{
    float sum = 0;
    for (size_t r = 0; r < paper->rows; r++)
        sum += (float)x[paper->sample[r]];
    float mean = sum / (float)paper->rows;
    return (double)(((float)x[paper->sample[row]] - mean) / (float)s);
}

static void check_paper(struct spred_env *env, const struct spred_data *data,
                        const struct reference *want)
{
    struct spred_paper paper;
    struct spred_matrix a;
    double s = 0;
    assert_ok(env, spred_paper_rows(env, data, &paper));
    assert_int_equal(paper.rows, want->rows);
    assert_int_equal(paper.labels, want->labels);
    assert_int_equal(paper.types, data->n_targets);
    assert_near(paper.majority, want->majority, 5.01e-4);
    assert_near(paper.ceiling, 1. / (double)data->n_targets, 1e-15);
    double guess = 0; /* (1 - q^T)/(1 - q)/T is a mean of powers */
    for (size_t t = 0; t < data->n_targets; t++)
        guess += pow(.8, (double)t) / (double)data->n_targets;
    assert_near(paper.informed, guess, 1e-14);
    assert_ok(env, spred_paper_matrix(env, data, &paper, &a, &s));
    assert_int_equal(a.rows, want->rows);
    assert_int_equal(a.cols, want->features);
    double first = a.f64[0], last = a.f64[a.rows * a.cols - 1];
    assert_near(s / want->deviation, 1, 2e-6);
    assert_near(first / want->first, 1, 5e-4);
    assert_near(last / want->last, 1, 5e-4);
    if (data->missing == 0) {
        const double *x = data->x.f64, *y = x + data->x.rows * (a.cols - 1);
        first = in_single(x, &paper, 0, s);
        last = in_single(y, &paper, a.rows - 1, s);
    }
    assert_near(first / want->first, 1, 2e-6);
    assert_near(last / want->last, 1, 2e-6);
    double square = 0, mean = 0, size = (double)(a.rows * a.cols);
    for (size_t j = 0; j < a.cols; j++) { /* A + column mean / s is raw / s */
        double sum = 0;
        for (size_t i = 0; i < a.rows; i++) {
            double raw = data->x.f64[paper.sample[i] + j * data->x.rows];
            raw = isnan(raw) ? 0 : raw / s;
            sum += a.f64[i + j * a.rows];
            mean += raw / size;
            square += raw * raw / size;
        }
        assert_near(sum, 0, 1e-9);
    }
    assert_near(square - mean * mean, 1, 1e-9);
    spred_matrix_free(env, &a);
    spred_paper_free(env, &paper);
}

static void read_references(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    if (!shared_data()) {
        print_message("# no SPRED_SHARED_DATA: the real files are not read\n");
        return;
    }
    for (size_t f = 0; f < sizeof references / sizeof *references; f++) {
        const struct reference *want = &references[f];
        char path[4096];
        struct spred_data data;
        snprintf(path, sizeof path, "%s/soft/%s", shared_data(), want->file);
        assert_ok(&env, spred_load(&env, path, NULL, &data));
        assert_int_equal(data.x.rows, want->samples);
        assert_int_equal(data.x.cols, want->features);
        assert_int_equal(data.missing, want->missing);
        size_t missing = 0;
        for (size_t e = 0; e < data.x.rows * data.x.cols; e++)
            missing += isnan(data.x.f64[e]) != 0;
        assert_int_equal(missing, want->missing);
        char *types = types_of(&env, &data);
        assert_string_equal(types, want->types);
        spred_free(&env, types);
        char hash[SPRED_HEX_SIZE];
        assert_ok(&env, spred_sha256_file(&env, path, hash));
        assert_string_equal(data.hash, hash);
        assert_string_equal(data.note, "");
        check_paper(&env, &data, want);
        spred_data_free(&env, &data);
    }
}

/* Names and cells that can be read off the file by eye. */
static void read_gds507(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data data;
    char path[4096], *why = NULL;
    spred_env_init(&env);
    if (!shared_data())
        return;
    snprintf(path, sizeof path, "%s/soft/GDS507.soft.gz", shared_data());
    assert_ok(&env, spred_load(&env, path, NULL, &data));
    assert_string_equal(data.name, "GDS507");
    assert_string_equal(data.samples[0], "GSM11815");
    assert_string_equal(data.samples[16], "GSM12448");
    assert_string_equal(data.features[1], "200001_at");
    assert_string_equal(data.symbols[1], "CAPNS1");
    assert_string_equal(data.symbols[22644], "--Control");
    assert_near(data.x.f64[0], 4254.0, 0);
    assert_near(data.x.f64[17 + 1], 12010.7, 0);
    assert_near(data.x.f64[17 * 22645 - 1], 12.7, 0);
    assert_non_null(strstr(data.source, "Renal clear cell carcinoma"));
    const struct spred_target *target =
        spred_data_target(&data, "disease state");
    assert_non_null(target);
    assert_string_equal(target->levels[0], "RCC");
    assert_int_equal(target->codes[0], 0);
    assert_int_equal(target->codes[16], 1);
    assert_string_equal(data.targets[1].levels[0], "035");
    assert_ptr_equal(spred_data_auto_target(&env, &data, &why), target);
    assert_non_null(strstr(why, "covers 17 of 17 samples, 2 classes"));
    spred_free(&env, why);
    spred_data_free(&env, &data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(read_references),
                                       cmocka_unit_test(read_gds507)};
    return cmocka_run_group_tests_name("soft", tests, NULL, NULL);
}
