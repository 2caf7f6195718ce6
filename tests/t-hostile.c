/* t-hostile.c: readers under failing allocations and under mutated files. */
#include "files.h"

#include "spred/loader.h"

struct sample {
    const char *name, *text;
};

static const struct sample samples[] = {
    {"a.soft",
     "^DATABASE = Geo\n^DATASET = GDS1\n!dataset_title = t\n"
     "!dataset_feature_count = 2\n^SUBSET = GDS1_1\n!subset_description = u\n"
     "!subset_sample_id = GSM1,GSM2\n!subset_type = state\n^SUBSET = GDS1_2\n"
     "!subset_description = v\n!subset_sample_id = GSM3\n"
     "!subset_type = state\n^DATASET = GDS1\n#ID_REF = x\n"
     "!dataset_table_begin\nID_REF\tIDENTIFIER\tGSM1\tGSM2\tGSM3\tGene\n"
     "p1\tA\t1.5\t-2\tnull\tx\np2\tB\t1e3\t\t12345678901234567890\ty\n"
     "!dataset_table_end\n"},
    {"a.gct", "#1.3\n2\t3\t1\t1\nid\tsymbol\ts1\ts2\ts3\n"
              "tissue\tna\tlung\tliver\tlung\n"
              "p1\tBRCA1\t1\t2\t3\np2\tna\t4\t\t6\n"},
    {"b.gct", "#1.2\n2\t3\nid\tsymbol\ts1\ts2\ts3\n"
              "p1\tBRCA1\t1\t2\t3\np2\tna\t4\t\t6\n"},
    {"a.csv", "id,\"f \"\"1\"\"\",class,y:o,g\ns1,1,u,.5,NA\n"
              "s2,2,v,1.5,3\n\"s\n3\",3,,2,4\n"},
    {"b.tsv", "s1\ts2\ng1\tA\t2\ng2\tB\t4\ng3\tC\t6\ng4\tD\t8\n"},
    {"a.svm", "+1 1:.5 3:-2 # note\n-1 2:1e2\n+1\n1 3:4\n-1 1:1\n"}};
#define SAMPLES (sizeof samples / sizeof *samples)

static const struct sample labels[] = {
    {"l.cls", "3 2 1\n# u v\n0 1 0\n"},
    {"l.tsv", "sample\tclass\ns1\tx\ns2\ty\ns3\tx\n"}};

/* Fails the N-th allocation, N = 1, 2, ..., until nothing fails. */
static void every_allocation_fails(const char *path, const char *by,
                                   const char *cache)
{
    struct spred_env env;
    struct spred_data data;
    struct counting count = {0, 0, 0};
    struct spred_load_options options = {.labels = by};
    enum spred_status status;
    spred_env_init(&env);
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    do {
        char *cached = NULL;
        count.calls = 0;
        count.fail_at++;
        assert_true(count.fail_at < 5000);
        status = cache ? spred_load_cached(&env, path, &options, cache, &data,
                                           &cached)
                       : spred_load(&env, path, &options, &data);
        spred_free(&env, cached);
        if (status == SPRED_OK)
            spred_data_free(&env, &data);
        else if (status != SPRED_ENOMEM)
            fail_msg("call %ld: %s", count.fail_at, env.error);
        assert_int_equal(count.alive, 0);
    } while (count.calls >= count.fail_at);
    assert_int_equal(status, SPRED_OK);
}

static void allocations(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    for (size_t s = 0; s < SAMPLES; s++) {
        char path[1024], by[1024], cached[1100];
        strcpy(path, folder_write(&folder, samples[s].name, samples[s].text,
                                  strlen(samples[s].text)));
        every_allocation_fails(path, NULL, NULL);
        for (size_t l = 0; l < 2 && s == 2; l++) {
            strcpy(by, folder_write(&folder, labels[l].name, labels[l].text,
                                    strlen(labels[l].text)));
            every_allocation_fails(path, by, NULL);
        }
        struct folder cache;
        folder_make(&cache);
        snprintf(cached, sizeof cached, "%s", cache.path);
        every_allocation_fails(path, NULL, cached);
        assert_int_equal(folder_count(&cache), 1);
        folder_remove(&cache);
    }
    folder_remove(&folder);
}

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* One to three edits: a byte set, dropped, doubled, or the end cut off. */
static size_t mutate(uint32_t *seed, char *text, size_t length)
{
    static const char likely[] = "\t\n\r,\"#:;-+.e019\\^!=\x80\xff";
    for (uint32_t edits = 1 + next(seed) % 3; edits && length > 1; edits--) {
        size_t at = next(seed) % length;
        uint32_t how = next(seed) % 8;
        if (how < 3) {
            text[at] = likely[next(seed) % (sizeof likely)];
        } else if (how == 3) {
            text[at] = (char)next(seed);
        } else if (how < 6) {
            size_t span = 1 + next(seed) % 4;
            span = span > length - at ? length - at : span;
            memmove(text + at, text + at + span, length - at - span);
            length -= span;
        } else if (how == 6) {
            size_t span = 1 + next(seed) % 12;
            span = span > length - at ? length - at : span;
            memmove(text + at + span, text + at, length - at);
            length += span;
        } else {
            length = at;
        }
    }
    return length;
}

/* Any outcome but a crash, a leak or a data set that does not agree; an error
 * is one line that names the file. */
static void mutations(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    struct counting count = {0, 0, 0};
    char text[2048], by[1024];
    uint32_t seed = 2463534242u;
    size_t good = 0, bad = 0;
    spred_env_init(&env);
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &count;
    folder_make(&folder);
    for (int round = 0; round < 1500; round++)
        for (size_t s = 0; s < SAMPLES + 2; s++) {
            struct spred_load_options options = {0};
            const struct sample *base =
                s < SAMPLES ? &samples[s] : &labels[s - SAMPLES];
            size_t length = strlen(base->text);
            memcpy(text, base->text, length);
            length = mutate(&seed, text, length);
            const char *path = folder_write(&folder, base->name, text, length);
            if (s >= SAMPLES) {
                strcpy(by, path);
                options.labels = by;
                path = folder_write(&folder, samples[2].name, samples[2].text,
                                    strlen(samples[2].text));
            }
            enum spred_status status = spred_load(&env, path, &options, &data);
            if (status == SPRED_OK) {
                good++;
                assert_ok(&env, spred_data_check(&env, &data));
                spred_data_free(&env, &data);
            } else {
                bad++;
                if (strncmp(env.error, folder.path, strlen(folder.path)) != 0)
                    fail_msg("no path in '%s'", env.error);
            }
            assert_int_equal(count.alive, 0);
        }
    print_message("# %zu mutants were read, %zu refused\n", good, bad);
    assert_true(good > 500 && bad > 500);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(allocations),
                                       cmocka_unit_test(mutations)};
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
