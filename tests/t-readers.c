/* t-readers.c: GCT, CLS, CSV, LIBSVM and labels: the shared sets against their
 * README, small files against their cells, malformed ones by their message. */
#include "files.h"

#include "spred/loader.h"

struct expected {
    const char *file;
    size_t samples, features;
    const char *target; /* the class target, NULL: none */
    const char *sizes;  /* "22 40" in order of the classes */
};

static const struct expected sets[] = {
    {"genes/alon.gct.gz", 62, 2000, "class", "22 40"},
    {"genes/golub.gct.gz", 72, 7129, "class", "47 25"},
    {"genes/singh.gct.gz", 102, 12600, "class", "50 52"},
    {"genes/khan.gct.gz", 63, 2308, "class", "8 23 12 20"},
    {"genes/su.gct.gz", 102, 5565, "class", "25 26 28 23"},
    {"genes/west.gct.gz", 49, 7129, "class", "25 24"},
    {"genes/gravier.gct.gz", 168, 2905, "class", "111 57"},
    {"genes/glioma50.gct.gz", 50, 4434, "class", "14 7 14 15"},
    {"genes/all_bcrabl.gct.gz", 79, 12625, "class", "37 42"},
    {"regression/liver_toxicity.csv.gz", 64, 3116, NULL, NULL},
    {"regression/gasoline.csv.gz", 60, 401, NULL, NULL},
    {"regression/bloodbrain.csv.gz", 208, 134, NULL, NULL},
    {"sparse/news20_train.svm.gz", 15935, 62061, "class", NULL},
    {"sparse/pcmac.svm.gz", 1943, 3289, "class", "982 961"}};

static void check_sizes(const struct spred_data *data,
                        const struct spred_target *target, const char *sizes)
{
    char text[256] = "";
    for (size_t k = 0; k < target->n_levels; k++) {
        size_t count = 0, used = strlen(text);
        for (size_t i = 0; i < data->x.rows; i++)
            count += target->codes[i] == (int32_t)k;
        snprintf(text + used, sizeof text - used, "%s%zu", k ? " " : "", count);
    }
    assert_string_equal(text, sizes);
}

static void shared_sets(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    if (!shared_data()) {
        print_message("# no SPRED_SHARED_DATA: the real files are not read\n");
        return;
    }
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        char path[4096];
        struct spred_data data;
        snprintf(path, sizeof path, "%s/%s", shared_data(), sets[s].file);
        assert_ok(&env, spred_load(&env, path, NULL, &data));
        assert_int_equal(data.x.rows, sets[s].samples);
        assert_int_equal(data.x.cols, sets[s].features);
        assert_int_equal(data.missing, 0);
        if (sets[s].target) {
            const struct spred_target *target =
                spred_data_target(&data, sets[s].target);
            assert_non_null(target);
            assert_int_equal(target->kind, SPRED_TARGET_CLASS);
            if (sets[s].sizes)
                check_sizes(&data, target, sets[s].sizes);
            else
                assert_int_equal(target->n_levels, 20);
        } else {
            for (size_t t = 0; t < data.n_targets; t++)
                assert_int_equal(data.targets[t].kind, SPRED_TARGET_REAL);
            assert_int_equal(data.n_targets, s == 9 ? 10 : 1);
        }
        spred_data_free(&env, &data);
    }
}

/* Cells of the shared sets as they stand in the files. */
static void shared_cells(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data data;
    char path[4096];
    spred_env_init(&env);
    if (!shared_data())
        return;
    snprintf(path, sizeof path, "%s/genes/golub.gct.gz", shared_data());
    assert_ok(&env, spred_load(&env, path, NULL, &data));
    assert_string_equal(data.name, "golub");
    assert_string_equal(data.features[0], "AFFX-BioB-5_at");
    assert_string_equal(data.symbols[0], "");
    assert_string_equal(data.samples[71], "S72");
    assert_near(data.x.f64[0], -342, 0);
    assert_near(data.x.f64[2], 22, 0);
    assert_non_null(strstr(data.note, "golub.cls, found beside"));
    assert_int_equal(strlen(data.hash), 64);
    spred_data_free(&env, &data);
    snprintf(path, sizeof path, "%s/regression/bloodbrain.csv.gz",
             shared_data());
    assert_ok(&env, spred_load(&env, path, NULL, &data));
    assert_string_equal(data.targets[0].name, "logBBB");
    assert_near(data.targets[0].values[1], -0.4, 0);
    assert_string_equal(data.features[0], "tpsa");
    assert_string_equal(data.samples[207], "208");
    assert_near(data.x.f64[1], 49.33, 0); /* sample 2, tpsa */
    assert_near(data.x.f64[208 * 3 + 0], 167.067, 0);
    spred_data_free(&env, &data);
    snprintf(path, sizeof path, "%s/sparse/pcmac.svm.gz", shared_data());
    assert_ok(&env, spred_load(&env, path, NULL, &data));
    assert_int_equal(data.x.storage, SPRED_CSC);
    assert_string_equal(data.targets[0].levels[0], "-1");
    assert_string_equal(data.features[3288], "3289");
    double column[1943];
    spred_matrix_column(&data.x, 450, column); /* index 451 */
    assert_near(column[0], 3, 0);
    assert_near(column[1], 0, 0);
    spred_data_free(&env, &data);
}

static void load_text(struct spred_env *env, struct folder *folder,
                      const char *name, const char *text,
                      const struct spred_load_options *options,
                      struct spred_data *data)
{
    const char *path = folder_write(folder, name, text, strlen(text));
    assert_ok(env, spred_load(env, path, options, data));
}

static void small_csv(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    spred_env_init(&env);
    folder_make(&folder);
    /* quotes, a line end in quotes, CRLF, a byte order mark, Latin-1 */
    load_text(&env, &folder, "a.csv",
              "\xEF\xBB\xBFsample,\"f,\"\"1\"\"\",caf\xe9,class\r\n"
              "\"x\ny\",\"1.5\",-2e-3,\"u \"\"v\"\"\"\r\n\r\nz,NA,7,w\r\n",
              NULL, &data);
    assert_int_equal(data.x.rows, 2);
    assert_int_equal(data.x.cols, 2);
    assert_string_equal(data.samples[0], "x\ny");
    assert_string_equal(data.features[0], "f,\"1\"");
    assert_string_equal(data.features[1], "caf\xc3\xa9");
    assert_near(data.x.f64[0], 1.5, 0);
    assert_true(isnan(data.x.f64[1]));
    assert_near(data.x.f64[2], -2e-3, 0);
    assert_int_equal(data.missing, 1);
    assert_string_equal(data.targets[0].levels[1], "w");
    spred_data_free(&env, &data);
    /* no response: the long side holds the features; R's short header */
    load_text(&env, &folder, "b.tsv",
              "s1\ts2\ng1\t1\t2\ng2\t3\t4\ng3\t5\t6\ng4\t7\t8\n", NULL, &data);
    assert_int_equal(data.x.rows, 2);
    assert_int_equal(data.x.cols, 4);
    assert_string_equal(data.samples[1], "s2");
    assert_string_equal(data.features[3], "g4");
    assert_near(data.x.f64[7], 8, 0);
    assert_non_null(strstr(data.note, "samples taken to be in columns"));
    spred_data_free(&env, &data);
    struct spred_load_options options = {.orientation = SPRED_SAMPLES_IN_ROWS};
    load_text(&env, &folder, "b.tsv",
              "s1\ts2\ng1\t1\t2\ng2\t3\t4\ng3\t5\t6\ng4\t7\t8\n", &options,
              &data);
    assert_int_equal(data.x.rows, 4);
    assert_string_equal(data.note, "");
    spred_data_free(&env, &data);
    /* a named response; whole numbers are classes only if they repeat */
    options = (struct spred_load_options){.response = "out, grade"};
    load_text(&env, &folder, "c.csv",
              "f;out;grade\n1;0;1\n2;1;2\n3;0;3\n4;1;4\n5;0;5\n6;1;6\n7;0;7\n"
              "8;1;8\n9;0;9\n10;1;10\n",
              &options, &data);
    assert_int_equal(data.n_targets, 2);
    assert_int_equal(data.targets[0].kind, SPRED_TARGET_CLASS);
    assert_string_equal(data.targets[0].levels[1], "1");
    assert_int_equal(data.targets[1].kind, SPRED_TARGET_REAL);
    assert_near(data.targets[1].values[9], 10, 0);
    assert_string_equal(data.samples[9], "10");
    spred_data_free(&env, &data);
    folder_remove(&folder);
}

static void small_gct(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    spred_env_init(&env);
    folder_make(&folder);
    load_text(&env, &folder, "a.gct",
              "#1.3\n2\t3\t2\t2\nid\tlen\tsymbol\ts1\ts2\ts3\n"
              "tissue\tna\tna\tlung\tliver\tlung\n"
              "dose\tna\tna\t1.5\tNA\t3\n"
              "p1\t9\tBRCA1\t1\t2\t3\np2\t8\tna\t4\t\t6\n",
              NULL, &data);
    assert_int_equal(data.x.rows, 3);
    assert_int_equal(data.x.cols, 2);
    assert_string_equal(data.symbols[0], "BRCA1");
    assert_string_equal(data.symbols[1], "");
    assert_near(data.x.f64[5], 6, 0);
    assert_int_equal(data.missing, 1);
    assert_string_equal(data.targets[0].name, "tissue");
    assert_int_equal(data.targets[0].codes[2], 0);
    assert_int_equal(data.targets[1].kind, SPRED_TARGET_REAL);
    assert_true(isnan(data.targets[1].values[1]));
    spred_data_free(&env, &data);
    /* labels of the user's take the place of the file's own, .cls by name */
    static const char gct[] = "#1.2\n1\t3\nName\tDescription\ta\tb\tc\n"
                              "f\tG\t1\t2\t3\n";
    static const char cls[] = "3 2 1\n# bad good\ngood bad\ngood\n";
    char labels[1024];
    strcpy(labels, folder_write(&folder, "l.cls", cls, sizeof cls - 1));
    struct spred_load_options options = {.labels = labels};
    load_text(&env, &folder, "b.gct", gct, &options, &data);
    assert_int_equal(data.targets[0].codes[0], 1);
    assert_int_equal(data.targets[0].codes[1], 0);
    assert_string_equal(data.symbols[0], "G");
    char first[SPRED_HEX_SIZE];
    strcpy(first, data.hash);
    spred_data_free(&env, &data);
    static const char list[] = "sample\tgrade\nc\tII\na\tI\n";
    strcpy(labels, folder_write(&folder, "l.tsv", list, sizeof list - 1));
    load_text(&env, &folder, "b.gct", gct, &options, &data);
    assert_string_equal(data.targets[0].name, "grade");
    assert_int_equal(data.targets[0].codes[0], 0); /* in order of samples */
    assert_int_equal(data.targets[0].codes[1], -1);
    assert_string_equal(data.targets[0].levels[1], "II");
    assert_string_not_equal(first, data.hash); /* other labels, other data */
    spred_data_free(&env, &data);
    folder_remove(&folder);
}

static void small_svmlight(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    spred_env_init(&env);
    folder_make(&folder);
    load_text(&env, &folder, "a.svm",
              "+1 1:.5 3:-2 # note\n\n-1\t2:1e2\n+1\n1 3:4\n-1 1:1\n1 1:2\n"
              "-1 1:1\n-1 1:1\n1 1:3\n-1 1:1\n",
              NULL, &data);
    assert_int_equal(data.x.rows, 10);
    assert_int_equal(data.x.cols, 3);
    assert_int_equal(data.n_targets, 1);
    assert_string_equal(data.targets[0].levels[0], "-1");
    assert_string_equal(data.targets[0].levels[1], "+1");
    assert_int_equal(data.targets[0].codes[3], 1); /* "1" is "+1" */
    double x[10];
    spred_matrix_column(&data.x, 2, x);
    assert_near(x[0], -2, 0);
    assert_near(x[3], 4, 0);
    assert_near(x[1], 0, 0);
    spred_data_free(&env, &data);
    load_text(&env, &folder, "b.svm", "0.5 1:1\n2 1:2\n", NULL, &data);
    assert_string_equal(data.targets[0].name, "y");
    assert_near(data.targets[0].values[0], .5, 0);
    spred_data_free(&env, &data);
    folder_remove(&folder);
}

struct malformed {
    const char *name, *text, *message; /* the message behind the path */
};

#define HEAD "^DATABASE = Geo\n^DATASET = GDS1\n"
#define SUBSET                                                                 \
    "^SUBSET = GDS1_1\n!subset_description = a\n"                              \
    "!subset_sample_id = GSM1\n!subset_type = t\n"
#define TABLE "!dataset_table_begin\nID_REF\tIDENTIFIER\tGSM1\tGSM2\n"
#define END "!dataset_table_end\n"
#define GCT "#1.2\n1\t2\nName\tDescription\ta\tb\n"

static const struct malformed files[] = {
    {"empty.csv", "", ":1:1: found an empty file"},
    {"text.txt", "hello world\n",
     "unknown format, expected one of the formats "
     "soft-gds"},
    {"page.csv", "<html>, not data</html>\n", "unknown format"},
    {"wide.csv",
     "\xff\xfe"
     "a,b\n",
     "UTF-16"},
    {"a.soft", HEAD, ":2:1: the file ends before !dataset_table_begin"},
    {"a.soft", "^DATABASE = Geo\n^SERIES = GSE1\n", ":2:1: found a GEO family"},
    {"a.soft", HEAD TABLE "p\ts\t1\t2\n",
     ":5:1: the file ends without !dataset_table_end (truncated after 1 rows)"},
    {"a.soft", HEAD TABLE END, ":5:1: the table has no row"},
    {"a.soft", HEAD TABLE "p\ts\t1\n" END, ":5:1: found 3 fields, expected 4"},
    {"a.soft", HEAD TABLE "p\ts\t1\t2\t3\n" END,
     ":5:1: found 5 fields, expected 4"},
    {"a.soft", HEAD TABLE "p\ts\t1\t2x\n" END,
     ":5:7: found '2x', expected a number or null"},
    {"a.soft", HEAD TABLE "p\ts\tinf\t2\n" END, ":5:5: found 'inf'"},
    {"a.soft", HEAD "!dataset_table_begin\nPROBE\tGSM1\n" END,
     ":4:1: found column 'PROBE', expected ID_REF"},
    {"a.soft", HEAD "!dataset_table_begin\nID_REF\tX\n" END,
     ":4:1: no column GSM"},
    {"a.soft", HEAD "!dataset_table_begin\nID_REF\tGSM1\tGSM1\np\t1\t2\n" END,
     ":4:1: found sample column 'GSM1' twice"},
    {"a.soft",
     HEAD "^SUBSET = GDS1_1\n!subset_sample_id = GSM1\n" TABLE
          "p\ts\t1\t2\n" END,
     ":4:1: found a subset without type"},
    {"a.gct", "#1.2\n1 2\n", ":2:1: found '1 2', expected 2 counts"},
    {"a.gct", "#1.2\n0\t2\n", ":2:1: found '0', expected 2 counts"},
    {"a.gct", "#1.2\n", ":1:1: the file ends"},
    {"a.gct", "#1.2\n2\t2\nName\tDescription\ta\tb\nf\tna\t1\t2\n",
     "found 1 rows, expected 2 as line 2 says"},
    {"a.gct", "#1.2\n99999999\t2\nName\tDescription\ta\tb\nf\tna\t1\t2\n",
     "found 1 rows, expected 99999999"},
    {"a.gct", GCT "f\tna\t1\n",
     ":4:1: found 3 fields, expected 1 name, 1 descriptions and 2 values"},
    {"a.gct", GCT "f\tna\t1\t2\t3\n", ":4:1: found 5 fields"},
    {"a.gct", GCT "f\tna\t1\t0x2\n", ":4:8: found '0x2', expected a number"},
    {"a.csv", "a,b\n", ":2:1: no row after the header"},
    {"a.csv", "id,b\nx,1\ny,1,2\n", ":3:1: found 3 fields, expected 2"},
    {"a.csv", "id,b\nx,1\ny\n", ":3:1: found 1 fields, expected 2"},
    {"a.csv", "id,b,class\nx,1,u\ny,one,v\n",
     ":3:3: found 'one' in column 'b', expected a number"},
    {"a.csv", "id,b\nx,\"1\ny,2\n", ":2:3: found a quote that never ends"},
    {"a.csv", "id,b\nx,\"1\"2\n", ":2:3: found text behind the closing quote"},
    {"a.csv", "1,2\n3,4\n", ":1:1: found a first row of numbers"},
    {"a.csv", "id,y\nx,1\ny,2\n", "found no column of values"},
    {"a.csv", "id,f,y\nx,1,\ny,2,NA\n", "column 'y' is empty"},
    {"a.svm", "1 1:2 3\n", ":1:7: found '3', expected index:value"},
    {"a.svm", "1 1:2\n1 0:2\n", ":2:3: found index 0, expected indices from 1"},
    {"a.svm", "1 3:2 2:1\n", ":1:7: found index 2 after a larger one"},
    {"a.svm", "1 2:2 2:1\n", ":1:7: found index 2 again"},
    {"a.svm", "1 1:2\nx 1:1\n", ":2:1: found label 'x', expected a number"},
    {"a.svm", "1 1:2 2:nan\n", ":1:9: found 'nan', expected a number"},
    {"a.svm", "1 1:2 2:\n", ":1:9: found '', expected a number"},
    {"a.svm", "1 1:2 99999999999999999999:1\n", "expected at most 67108864"},
    {"a.svm",
     "1 1:2\n1 1:2\n1 1:2\n1 1:2\n1 1:2\n1 1:2\n1 1:2\n1 1:2\n"
     "1 1:2\n1 1:2\nx 1:2\n",
     ":11:1: found label 'x', expected a number"}};

static void malformed_files(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    struct counting count = {0, 0, 0};
    spred_env_init(&env);
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    folder_make(&folder);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        const char *path = folder_write(&folder, files[f].name, files[f].text,
                                        strlen(files[f].text));
        assert_int_equal(spred_load(&env, path, NULL, &data), SPRED_EFORMAT);
        if (strncmp(env.error, path, strlen(path)) != 0 ||
            !strstr(env.error, files[f].message))
            fail_msg("'%s' does not say '%s'", env.error, files[f].message);
        assert_int_equal(count.alive, 0);
        assert_null(data.samples);
    }
    folder_remove(&folder);
}

static const struct malformed labels[] = {
    {"a.cls", "2 2 1\n# u v\n0 1\n",
     "found 2 labels, expected 3 as there are "
     "samples"},
    {"a.cls", "3 2 1\n# u v\n0 1\n", "found 2 labels, expected 3 as the first"},
    {"a.cls", "3 2 1\n# u v\n0 1 1 1\n", ":3:7: found more than 3 labels"},
    {"a.cls", "3 2 1\n# u v\n0 1 2\n",
     ":3:5: found label '2', expected a class index 0..1"},
    {"a.cls", "3 2 1\n# u v\n0 1 -1\n", ":3:5: found label '-1'"},
    {"a.cls", "3 2 1\n# u\n0 1 1\n", ":2:1: found 1 class names, expected 2"},
    {"a.cls", "3 2 1\n# u v\n0 v 1\n", "found label '0' among class names"},
    {"a.cls", "#numeric\n#p\n1 2 3\n", ":1:1: found a .cls file of numbers"},
    {"a.tsv", "s1\tu\ns2\tv\ns33\tu\n",
     ":3:1: found sample 's33', expected a sample of b; the nearest is 's3'"},
    {"a.tsv", "s1\tu\ns1\tv\n", ":2:1: found sample 's1' again"},
    {"a.csv", "s1,u\ns2,v,w\n", ":2:1: found 3 fields, expected 2"},
    {"a.csv", "s1,\n", "found no label"}};

static void malformed_labels(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    struct counting count = {0, 0, 0};
    spred_env_init(&env);
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    folder_make(&folder);
    for (size_t f = 0; f < sizeof labels / sizeof *labels; f++) {
        char path[1024];
        static const char text[] = "id,f,g,h,k\ns1,1,2,3,4\ns2,5,6,7,8\n"
                                   "s3,9,1,2,3\n";
        strcpy(path, folder_write(&folder, labels[f].name, labels[f].text,
                                  strlen(labels[f].text)));
        struct spred_load_options options = {.labels = path};
        folder_write(&folder, "b.csv", text, sizeof text - 1);
        assert_int_equal(spred_load(&env, folder.file, &options, &data),
                         SPRED_EFORMAT);
        if (strncmp(env.error, path, strlen(path)) != 0 ||
            !strstr(env.error, labels[f].message))
            fail_msg("'%s' does not say '%s'", env.error, labels[f].message);
        assert_int_equal(count.alive, 0);
    }
    struct spred_load_options options = {.response = "claas"};
    const char *path =
        folder_write(&folder, "c.csv", "id,f,class\n1,2,u\n", 17);
    assert_int_equal(spred_load(&env, path, &options, &data), SPRED_ENOTFOUND);
    assert_non_null(strstr(env.error, "the nearest is 'class'"));
    assert_int_equal(count.alive, 0);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_sets),     cmocka_unit_test(shared_cells),
        cmocka_unit_test(small_csv),       cmocka_unit_test(small_gct),
        cmocka_unit_test(small_svmlight),  cmocka_unit_test(malformed_files),
        cmocka_unit_test(malformed_labels)};
    return cmocka_run_group_tests_name("readers", tests, NULL, NULL);
}
