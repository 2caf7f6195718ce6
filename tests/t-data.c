/* t-data.c: finding, choosing and checking targets; unpacking files. */
#include "files.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include "spred/loader.h"

/* A data set of n samples and one feature, names and all. */
static void make_data(struct spred_env *env, size_t n, struct spred_data *data)
{
    memset(data, 0, sizeof *data);
    assert_ok(env, spred_matrix_new(env, SPRED_F64, n, 1, 0, &data->x));
    data->name = spred_strdup(env, "tiny");
    data->source = spred_strdup(env, "a test");
    data->note = spred_strdup(env, "");
    data->features = spred_alloc(env, 1, sizeof(char *));
    data->symbols = spred_alloc(env, 1, sizeof(char *));
    data->samples = spred_alloc(env, n, sizeof(char *));
    data->features[0] = spred_strdup(env, "f");
    data->symbols[0] = spred_strdup(env, "");
    for (size_t i = 0; i < n; i++)
        data->samples[i] = spred_format(env, "s%zu", i);
    data->targets = spred_alloc(env, 8, sizeof *data->targets);
}

/* Letters are classes a, b, c...; '.' is not covered. */
static struct spred_target *add_classes(struct spred_env *env,
                                        struct spred_data *data,
                                        const char *name, const char *codes)
{
    struct spred_target *target = &data->targets[data->n_targets++];
    target->name = spred_strdup(env, name);
    target->kind = SPRED_TARGET_CLASS;
    target->codes = spred_alloc(env, data->x.rows, sizeof *target->codes);
    for (size_t i = 0; i < data->x.rows; i++) {
        target->codes[i] = codes[i] == '.' ? -1 : codes[i] - 'a';
        if (target->codes[i] + 1 > (int32_t)target->n_levels)
            target->n_levels = (size_t)target->codes[i] + 1;
    }
    target->levels = spred_alloc(env, target->n_levels, sizeof(char *));
    for (size_t k = 0; k < target->n_levels; k++)
        target->levels[k] = spred_format(env, "%c", (char)('a' + (int)k));
    return target;
}

static struct spred_target *
add_values(struct spred_env *env, struct spred_data *data, const char *name)
{
    struct spred_target *target = &data->targets[data->n_targets++];
    target->name = spred_strdup(env, name);
    target->kind = SPRED_TARGET_REAL;
    target->values = spred_alloc(env, data->x.rows, sizeof *target->values);
    return target;
}

static void chosen(struct spred_env *env, const struct spred_data *data,
                   const char *name, const char *reason)
{
    char *why = NULL;
    const struct spred_target *target = spred_data_auto_target(env, data, &why);
    if (name) {
        assert_non_null(target);
        assert_string_equal(target->name, name);
    } else {
        assert_null(target);
    }
    assert_non_null(why);
    if (!strstr(why, reason))
        fail_msg("'%s' does not say '%s'", why, reason);
    spred_free(env, why);
}

static void auto_target(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data data;
    spred_env_init(&env);
    make_data(&env, 20, &data);
    chosen(&env, &data, NULL, "none");
    add_classes(&env, &data, "pairs", "aabbccddeeffgghhiijj");
    chosen(&env, &data, NULL, "at least 5");
    add_values(&env, &data, "age");
    chosen(&env, &data, "age", "numeric");
    add_classes(&env, &data, "part", "aaaaabbbbb..........");
    chosen(&env, &data, "part", "covers 10 of 20");
    add_classes(&env, &data, "skew", "aaaaaaaaaaaaaaabbbbb");
    chosen(&env, &data, "skew", "covers 20 of 20");
    /* evenness is judged over classes of five, small ones count against it */
    add_classes(&env, &data, "small", "aaaaaaaaabbbbbbbbbcc");
    chosen(&env, &data, "skew", "2 classes");
    add_classes(&env, &data, "even", "aaaaaabbbbbbbccccccc");
    chosen(&env, &data, "even", "3 classes");
    add_classes(&env, &data, "tie", "bbbbbbaaaaaaaccccccc");
    chosen(&env, &data, "even", "3 classes");
    assert_ok(&env, spred_data_check(&env, &data));
    spred_data_free(&env, &data);
}

static void find_and_check(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_data data;
    spred_env_init(&env);
    make_data(&env, 4, &data);
    struct spred_target *c = add_classes(&env, &data, "class", "abab");
    struct spred_target *y = add_values(&env, &data, "octane");
    assert_ptr_equal(spred_data_target(&data, "class"), c);
    assert_ptr_equal(spred_data_target(&data, "y:octane"), y);
    assert_null(spred_data_target(&data, "y:clas"));
    assert_ok(&env, spred_data_check(&env, &data));
    c->codes[2] = 2;
    assert_int_equal(spred_data_check(&env, &data), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "code"));
    c->codes[2] = -2;
    assert_int_equal(spred_data_check(&env, &data), SPRED_EFORMAT);
    c->codes[2] = -1;
    char *kept = data.samples[3];
    data.samples[3] = NULL;
    assert_int_equal(spred_data_check(&env, &data), SPRED_EFORMAT);
    data.samples[3] = kept;
    data.x.storage = SPRED_F32;
    assert_int_equal(spred_data_check(&env, &data), SPRED_EFORMAT);
    data.x.storage = SPRED_F64;
    data.missing = 5;
    assert_int_equal(spred_data_check(&env, &data), SPRED_EFORMAT);
    data.missing = 0;
    struct spred_matrix csc;
    assert_ok(&env, spred_matrix_new(&env, SPRED_CSC, 4, 1, 2, &csc));
    struct spred_matrix dense = data.x;
    csc.colptr[1] = 2;
    csc.rowind[1] = 3;
    data.x = csc;
    assert_ok(&env, spred_data_check(&env, &data));
    csc.rowind[0] = 3;
    assert_int_equal(spred_data_check(&env, &data), SPRED_EFORMAT);
    csc.rowind[0] = 4;
    assert_int_equal(spred_data_check(&env, &data), SPRED_EFORMAT);
    data.x = dense;
    spred_matrix_free(&env, &csc);
    spred_data_free(&env, &data);
    spred_data_free(&env, &data); /* twice is fine */
}

/* Packs text in two members, with the given library. */
static size_t pack(int how, const char *text, size_t length, char *out,
                   size_t room)
{
    size_t used = 0, half = length / 2;
    for (int part = 0; part < 2; part++) {
        const char *at = part ? text + half : text;
        size_t size = part ? length - half : half;
        if (how == 0) {
            z_stream z = {0};
            deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
            z.next_in = (unsigned char *)(uintptr_t)at;
            z.avail_in = (unsigned)size;
            z.next_out = (unsigned char *)out + used;
            z.avail_out = (unsigned)(room - used);
            assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
            used += z.total_out;
            deflateEnd(&z);
        } else if (how == 1) {
            unsigned got = (unsigned)(room - used);
            assert_int_equal(BZ2_bzBuffToBuffCompress(out + used, &got,
                                                      (char *)(uintptr_t)at,
                                                      (unsigned)size, 9, 0, 0),
                             BZ_OK);
            used += got;
        } else {
            assert_int_equal(lzma_easy_buffer_encode(
                                 6, LZMA_CHECK_CRC32, NULL, (const uint8_t *)at,
                                 size, (uint8_t *)out, &used, room),
                             LZMA_OK);
        }
    }
    return used;
}

/* Whole files in two members come back; every shorter or damaged one is an
 * error, never a short text. */
static void unpacking(void **state)
{
    (void)state;
    enum { LENGTH = 30000, ROOM = 60000 };
    struct spred_env env;
    struct folder folder;
    struct spred_bytes bytes;
    static char text[LENGTH], packed[ROOM];
    spred_env_init(&env);
    folder_make(&folder);
    unsigned seed = 5;
    for (size_t i = 0; i < LENGTH; i++) {
        seed = seed * 1664525u + 1013904223u;
        text[i] = (char)('a' + (int)(seed >> 28));
    }
    for (int how = 0; how < 3; how++) {
        size_t size = pack(how, text, LENGTH, packed, ROOM);
        const char *path = folder_write(&folder, "packed", packed, size);
        assert_ok(&env, spred_bytes_read(&env, path, 0, &bytes));
        assert_int_equal(bytes.length, LENGTH);
        assert_memory_equal(bytes.bytes, text, LENGTH);
        assert_int_equal(bytes.bytes[LENGTH], 0);
        char hash[SPRED_HEX_SIZE];
        spred_sha256(packed, size, hash);
        assert_string_equal(bytes.hash, hash);
        spred_bytes_free(&env, &bytes);
        assert_int_equal(spred_bytes_read(&env, path, LENGTH - 1, &bytes),
                         SPRED_EINVAL);
        assert_ok(&env, spred_bytes_read(&env, path, LENGTH, &bytes));
        spred_bytes_free(&env, &bytes);
        for (size_t cut = 1; cut < size; cut += 1 + cut / 4) {
            folder_write(&folder, "packed", packed, size - cut);
            enum spred_status status = spred_bytes_read(&env, path, 0, &bytes);
            if (status == SPRED_OK) /* cut between the members, or no magic */
                assert_true(bytes.length == LENGTH / 2 || size - cut < 6);
            else
                assert_int_equal(status, SPRED_EFORMAT);
            spred_bytes_free(&env, &bytes);
        }
        packed[size / 4] ^= 0x55;
        folder_write(&folder, "packed", packed, size);
        assert_int_equal(spred_bytes_read(&env, path, 0, &bytes),
                         SPRED_EFORMAT);
        assert_non_null(strstr(env.error, "at byte "));
        packed[size / 4] ^= 0x55;
        memcpy(packed + size, "junk", 4);
        folder_write(&folder, "packed", packed, size + 4);
        assert_int_equal(spred_bytes_read(&env, path, 0, &bytes),
                         SPRED_EFORMAT);
    }
    assert_int_equal(spred_bytes_read(&env, folder.path, 0, &bytes), SPRED_EIO);
    assert_int_equal(
        spred_bytes_read(&env, folder_file(&folder, "none"), 0, &bytes),
        SPRED_EIO);
    assert_non_null(strstr(env.error, "No such file"));
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(auto_target),
                                       cmocka_unit_test(find_and_check),
                                       cmocka_unit_test(unpacking)};
    return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
