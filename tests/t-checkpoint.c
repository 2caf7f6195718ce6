/* t-checkpoint.c: checkpoint files, damaged and foreign ones, and fits that go
 * on from them. */
#include "learn-fixture.h"
#include "learn-place.h"

#include <signal.h>
#include <sys/resource.h>

#include "experiments/checkpoint.h"
#include "spred/file.h"

static const char key[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char other[] =
    "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static const char *file_of(const struct place *p, const char *job, int setting)
{
    static char name[1024];
    snprintf(name, sizeof name, "%s/checkpoints/%s-%d.ckpt", p->folder, job,
             setting);
    return name;
}

/* ---- files ---- */

static void round_trip(void **state)
{
    struct place p;
    (void)state;
    place_make(&p);
    const struct checkpoint one = {p.folder, key, 1}, two = {p.folder, key, 2};
    struct checkpoint_found found;
    assert_ok(&p.env, checkpoint_read(&p.env, &one, &found));
    assert_null(found.block);
    for (size_t size = 0; size < 3000; size += 1111) { /* replaced */
        unsigned char bytes[3000];
        for (size_t i = 0; i < size; i++)
            bytes[i] = (unsigned char)(i * 7 + size);
        assert_ok(&p.env, checkpoint_write(&p.env, &one, 1.5, bytes, size));
        assert_ok(&p.env, checkpoint_read(&p.env, &one, &found));
        assert_non_null(found.block);
        assert_int_equal(found.size, size);
        assert_near(found.seconds, 1.5, 0);
        assert_memory_equal(found.bytes, bytes, size ? size : 1);
        assert_int_equal((size_t)found.bytes % 16, 0);
        spred_free(&p.env, found.block);
    }
    assert_ok(&p.env, checkpoint_read(&p.env, &two, &found));
    assert_null(found.block);
    assert_string_equal(p.said, "");
    assert_int_equal(count(&p, "checkpoints"), 1); /* nothing beside it */
    remove_all(p.folder);
}

/* Every byte of the head and of the rest, cut short, grown, another's. */
static void damaged(void **state)
{
    struct place p;
    (void)state;
    place_make(&p);
    const struct checkpoint one = {p.folder, key, 1};
    struct checkpoint_found found;
    char *text, wrong[1200];
    size_t length, refused = 0;
    assert_ok(&p.env, checkpoint_write(&p.env, &one, 2, "twelve bytes", 12));
    const char *path = file_of(&p, key, 1);
    assert_ok(&p.env, spred_read_file(&p.env, path, &text, &length));
    assert_true(length < sizeof wrong);
    for (size_t i = 0; i < length; i++) {
        memcpy(wrong, text, length);
        wrong[i] = (char)(wrong[i] ^ 0x15);
        assert_ok(&p.env, spred_write_file(&p.env, path, wrong, length));
        memset(p.said, 0, sizeof p.said);
        assert_ok(&p.env, checkpoint_read(&p.env, &one, &found));
        if (found.block) { /* zeros of the head, or the seconds */
            assert_int_equal(found.size, 12);
            assert_memory_equal(found.bytes, "twelve bytes", 12);
        } else {
            assert_non_null(strstr(p.said, "; the fit starts anew"));
            refused++;
        }
        spred_free(&p.env, found.block);
    }
    assert_true(refused > 200); /* the text of the head has more */
    for (size_t cut = 0; cut < length; cut += cut < 500 ? 100 : 1) {
        assert_ok(&p.env, spred_write_file(&p.env, path, text, cut));
        assert_ok(&p.env, checkpoint_read(&p.env, &one, &found));
        assert_null(found.block);
    }
    memcpy(wrong, text, length);
    wrong[length] = 0;
    memset(p.said, 0, sizeof p.said);
    assert_ok(&p.env, spred_write_file(&p.env, path, wrong, length + 1));
    assert_ok(&p.env, checkpoint_read(&p.env, &one, &found));
    assert_null(found.block);
    assert_non_null(strstr(p.said, "not of the size that it had"));
    assert_ok(&p.env, spred_write_file(&p.env, file_of(&p, other, 1), text,
                                       length)); /* renamed */
    memset(p.said, 0, sizeof p.said);
    const struct checkpoint foreign = {p.folder, other, 1};
    assert_ok(&p.env, checkpoint_read(&p.env, &foreign, &found));
    assert_null(found.block);
    assert_non_null(strstr(p.said, "of another job"));
    const struct checkpoint second = {p.folder, key, 2};
    assert_ok(&p.env,
              spred_write_file(&p.env, file_of(&p, key, 2), text, length));
    assert_ok(&p.env, checkpoint_read(&p.env, &second, &found));
    assert_null(found.block);
    spred_free(&p.env, text);
    remove_all(p.folder);
}

/* A write that fails leaves the file that was there, and nothing else. */
static void disk_full(void **state)
{
    struct place p;
    struct rlimit before, small;
    static char large[100000];
    (void)state;
    place_make(&p);
    const struct checkpoint one = {p.folder, key, 1};
    struct checkpoint_found found;
    assert_ok(&p.env, checkpoint_write(&p.env, &one, 1, "old", 3));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum spred_status status =
        checkpoint_write(&p.env, &one, 2, large, sizeof large);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, SPRED_EIO);
    assert_non_null(strstr(p.env.error, ".ckpt: cannot be written: File too "));
    assert_ok(&p.env, checkpoint_read(&p.env, &one, &found));
    assert_int_equal(found.size, 3);
    spred_free(&p.env, found.block);
    assert_int_equal(count(&p, "checkpoints"), 1);
    remove_all(p.folder);
}

static void drop_and_sweep(void **state)
{
    struct place p;
    char name[256];
    (void)state;
    place_make(&p);
    for (int setting = 1; setting <= 2; setting++) {
        const struct checkpoint a = {p.folder, key, setting},
                                b = {p.folder, other, setting};
        assert_ok(&p.env, checkpoint_write(&p.env, &a, 1, "a", 1));
        assert_ok(&p.env, checkpoint_write(&p.env, &b, 1, "b", 1));
    }
    snprintf(name, sizeof name, "checkpoints/%s-1.ckpt.123.tmp", key);
    assert_ok(&p.env, spred_write_file(&p.env, below(&p, name), "x", 1));
    assert_ok(&p.env, spred_write_file(
                          &p.env, below(&p, "checkpoints/mine.txt"), "x", 1));
    checkpoint_drop(NULL, key);
    checkpoint_drop(p.folder, NULL);
    assert_int_equal(count(&p, "checkpoints"), 6);
    checkpoint_drop(p.folder, key);
    assert_int_equal(count(&p, "checkpoints"), 3);
    const char *const keep[] = {other, NULL}, *const none[] = {NULL};
    checkpoint_sweep(p.folder, keep);
    assert_int_equal(count(&p, "checkpoints"), 3);
    checkpoint_sweep(p.folder, none);
    assert_int_equal(count(&p, "checkpoints"), 1); /* what is not ours */
    unlink(below(&p, "checkpoints/mine.txt"));
    checkpoint_sweep(p.folder, none);
    assert_int_equal(count(&p, "checkpoints"), -1);
    remove_all(p.folder);
}

/* ---- fits ---- */

#define STEPS "steps=40 every=5 pause=0 rate=0.1 way="

/* A job in the place's folder; `stop` ends it after so many polls. */
struct polls {
    long left;
};
static int stop_soon(void *cookie)
{
    struct polls *polls = cookie;
    return polls->left-- <= 0;
}

static enum spred_status fit(struct place *p, struct ready *r, const char *way,
                             long polls)
{
    struct polls left = {polls};
    char options[256];
    snprintf(options, sizeof options, STEPS "%s", way);
    ready_make(r, "tread", options, "", 2);
    r->job.folder = p->folder;
    r->env.log = hear;
    r->env.log_cookie = p;
    memset(p->said, 0, sizeof p->said);
    assert_ok(&r->env, ready_open(r));
    if (polls > 0) {
        r->env.cancelled = stop_soon;
        r->env.cancel_cookie = &left;
    }
    enum spred_status status = learn_run(r->learn);
    r->env.cancelled = NULL;
    return status;
}

static void same_rows(const struct results_record *a,
                      const struct results_record *b)
{
    assert_near(a->run.accuracy, b->run.accuracy, 0);
    assert_near(a->run.log_loss, b->run.log_loss, 0);
    assert_int_equal(a->run.steps, b->run.steps);
    assert_string_equal(a->candidates[0].note, b->candidates[0].note);
    assert_string_equal(a->run.chosen, b->run.chosen);
    assert_int_equal(a->n_marks, b->n_marks);
    for (size_t i = 0; i < a->n_marks; i++) {
        assert_int_equal(a->marks[i].nonzero, b->marks[i].nonzero);
        assert_near(a->marks[i].loss, b->marks[i].loss, 0);
    }
    assert_int_equal(a->n_layers, b->n_layers);
    assert_int_equal(a->n_arrays, b->n_arrays);
    assert_string_equal(a->arrays[0].values, b->arrays[0].values);
    assert_int_equal(a->n_genes, b->n_genes);
    for (size_t i = 0; i < a->n_genes; i++)
        assert_near(a->genes[i].weight, b->genes[i].weight, 0);
}

static void goes_on(void **state)
{
    struct place p, quiet;
    struct ready whole, killed, again;
    char where[64];
    (void)state;
    place_make(&p);
    place_make(&quiet);
    setenv("TREAD_LOG", below(&p, "log"), 1);
    assert_ok(&quiet.env, fit(&quiet, &whole, "well", 0));
    assert_int_equal(count(&quiet, "checkpoints"), 1);
    assert_int_equal(fit(&p, &killed, "well", 28), SPRED_EINTERRUPTED);
    assert_int_equal(count(&p, "checkpoints"), 1);
    assert_ok(&p.env, fit(&p, &again, "well", 0));
    assert_non_null(strstr(p.said, "setting 1 goes on from its checkpoint"));
    begins(&p, where, sizeof where);
    assert_string_equal(where, "0 0 25 ");
    same_rows(&whole.record, &again.record);
    assert_true(again.record.candidates[0].seconds > 0);
    ready_free(&again);
    /* After its end, too (a kill before the row was stored). */
    assert_ok(&p.env, fit(&p, &again, "well", 0));
    begins(&p, where, sizeof where);
    assert_string_equal(where, "0 0 25 40 ");
    same_rows(&whole.record, &again.record);
    ready_free(&whole);
    ready_free(&killed);
    ready_free(&again);
    unsetenv("TREAD_LOG");
    remove_all(p.folder);
    remove_all(quiet.folder);
}

/* The seconds before a kill are billed, and against the wall. */
static void billed(void **state)
{
    struct place p;
    struct ready r;
    struct tread_head head = {TREAD_MAGIC, 35, 1, PLAIN_P, 2};
    static char bytes[sizeof head + 2 * PLAIN_P * sizeof(double)];
    (void)state;
    memcpy(bytes, &head, sizeof head);
    for (int late = 0; late < 2; late++) {
        place_make(&p);
        ready_make(&r, "tread", STEPS "well", "", 2);
        r.job.folder = p.folder;
        r.job.wall = late ? 50 : 100;
        assert_ok(&r.env, ready_open(&r));
        const struct checkpoint to = {p.folder, r.record.run.job, 1};
        assert_ok(&r.env,
                  checkpoint_write(&r.env, &to, 77, bytes, sizeof bytes));
        assert_ok(&r.env, learn_run(r.learn));
        assert_string_equal(r.record.candidates[0].stop,
                            late ? "time" : "done");
        assert_true(r.record.run.seconds >= 77 && r.record.run.seconds < 97);
        ready_free(&r);
        remove_all(p.folder);
    }
}

/* What the model refuses, and what is damaged: the fit starts anew. */
static void anew(void **state)
{
    struct place p;
    struct ready whole, r;
    char where[64];
    (void)state;
    place_make(&p);
    assert_ok(&p.env, fit(&p, &whole, "picky", 0));
    setenv("TREAD_LOG", below(&p, "log"), 1);
    assert_ok(&p.env, fit(&p, &r, "picky", 0));
    assert_non_null(strstr(p.said, "setting 1 starts anew, its checkpoint is "
                                   "refused: saved bytes are not for me"));
    same_rows(&whole.record, &r.record);
    const char *path = file_of(&p, r.record.run.job, 1);
    assert_ok(&p.env, spred_write_file(&p.env, path, "rubbish", 7));
    ready_free(&r);
    assert_ok(&p.env, fit(&p, &r, "picky", 0));
    assert_non_null(strstr(p.said, "the checkpoint is too short; the fit "
                                   "starts anew"));
    same_rows(&whole.record, &r.record);
    begins(&p, where, sizeof where);
    assert_string_equal(where, "0 0 ");
    ready_free(&r);
    ready_free(&whole);
    unsetenv("TREAD_LOG");
    remove_all(p.folder);
}

/* No place for checkpoints: one warning, and the fit is well. A model that
 * saves too late is wrong. Without a folder nobody saves. */
static void trouble(void **state)
{
    struct place p;
    struct ready r;
    (void)state;
    place_make(&p);
    assert_ok(&p.env,
              spred_write_file(&p.env, below(&p, "checkpoints"), "x", 1));
    assert_ok(&p.env, fit(&p, &r, "well", 0));
    const char *said = strstr(p.said, "no checkpoints (a fit that is killed "
                                      "starts anew): ");
    assert_non_null(said);
    assert_null(strstr(said + 1, "no checkpoints (")); /* once */
    assert_string_equal(r.record.run.status, "done");
    assert_null(r.record.run.reason);
    ready_free(&r);
    unlink(below(&p, "checkpoints"));
    assert_ok(&p.env, fit(&p, &r, "late", 0));
    assert_string_equal(r.record.candidates[0].stop, "error");
    assert_string_equal(r.record.candidates[0].note,
                        "the model saved itself after its first offer or mark");
    ready_free(&r);
    remove_all(p.folder);
    ready_make(&r, "tread", STEPS "late", "", 2);
    ready_run(&r);
    assert_string_equal(r.record.candidates[0].stop, "done");
    ready_free(&r);
}

/* ---- every allocation ---- */

/* The end of a fit that saves and goes on from `bytes`; counted from there. */
static enum spred_status last_steps(struct place *p, struct failing *f,
                                    const void *bytes, size_t size)
{
    struct ready r;
    struct failing all = {.left = 1000000000};
    ready_make(&r, "tread", STEPS "well", "", 2);
    r.job.folder = p->folder;
    r.job.keep_models = 1;
    r.env.reallocate = failing_reallocate;
    r.env.allocate_cookie = &all;
    assert_ok(&r.env, ready_open(&r));
    const struct checkpoint to = {p->folder, r.record.run.job, 1};
    assert_ok(&r.env, checkpoint_write(&r.env, &to, 1, bytes, size));
    all.left = f->left;
    enum spred_status status = learn_run(r.learn);
    ready_free(&r);
    assert_int_equal(all.live, 0);
    return status;
}

static void every_allocation(void **state)
{
    struct place p;
    struct failing f;
    static char bytes[sizeof(struct tread_head) + 2 * PLAIN_P * sizeof(double)];
    const struct tread_head head = {TREAD_MAGIC, 35, 1, PLAIN_P, 2};
    enum spred_status status = SPRED_ENOMEM;
    long n;
    (void)state;
    place_make(&p);
    memcpy(bytes, &head, sizeof head);
    for (n = 0; status == SPRED_ENOMEM; n += 5) {
        f = (struct failing){.left = n};
        status = last_steps(&p, &f, bytes, sizeof bytes);
    }
    assert_int_equal(status, SPRED_OK);
    assert_true(n > 100);
    remove_all(p.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(damaged),
        cmocka_unit_test(disk_full),
        cmocka_unit_test(drop_and_sweep),
        cmocka_unit_test(goes_on),
        cmocka_unit_test(billed),
        cmocka_unit_test(anew),
        cmocka_unit_test(trouble),

        cmocka_unit_test(every_allocation),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
