/* test_converge.c -- owns the proof of N5: any order of arrival, with repetitions, losses made good and crashes, ends in the same
 * contacts. SEEDS (default 200) scripts from SEED (default 1) on; SHRINK=0 leaves a failing script whole and unprinted. */
#include "kept.h"
#include "model.h"
#include "plan.h"

#include <time.h>

enum { WHY_BYTES = 1 << 20 };

static struct bench bench;

/* One script with its two orders of arrival. */
struct trial {
    uint64_t seed;
    struct script *script;
    struct plan in_order, shuffled;
};

/* Appends where the two values first part. False when they are equal. */
static bool first_difference(json_t *a, json_t *b, const char *path, struct buf *out)
{
    char below[512], *left, *right;
    const char *key;
    json_t *value;
    size_t i;

    if (json_equal(a, b))
        return false;
    if (json_is_object(a) && json_is_object(b))
        json_object_foreach(a, key, value)
        {
            snprintf(below, sizeof(below), "%s/%s", path, key);
            if (first_difference(value, json_object_get(b, key), below, out))
                return true;
        }
    if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b))
        json_array_foreach(a, i, value)
        {
            snprintf(below, sizeof(below), "%s/%zu", path, i);
            if (first_difference(value, json_array_get(b, i), below, out))
                return true;
        }
    left = a ? json_dumps(a, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    right = b ? json_dumps(b, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    assert_int_equal(
        buf_printf(out, "%s\n  in order: %s\n  shuffled: %s\n", path, left ? left : "absent", right ? right : "absent"), OK);
    free(left);
    free(right);
    return true;
}

/* The first contact of one side that has no equal on the other; NULL when there is none. */
static const char *only_in(const struct contacts *a, const struct contacts *b, size_t from)
{
    for (size_t i = from; i < a->n; i++) {
        bool found = false;

        for (size_t j = 0; j < b->n && !found; j++)
            found = strcmp(a->text[i], b->text[j]) == 0;
        if (!found)
            return a->text[i];
    }
    return NULL;
}

static json_t *parsed(const char *text)
{
    json_t *value = text ? NULL : json_null();

    if (text)
        assert_int_equal(json_parse(str_of(text), &value, NULL), OK);
    return value;
}

static bool have_same_email(json_t *a, json_t *b)
{
    const char *x = json_string_value(json_object_get(a, "email")), *y = json_string_value(json_object_get(b, "email"));

    return x && y && strcasecmp(x, y) == 0;
}

/* Compares; says in `why` (may be NULL) where the first two contacts that belong together part. */
static bool are_same(const struct contacts *a, const struct contacts *b, struct buf *why)
{
    const char *left = only_in(a, b, 0);
    json_t *x, *y = NULL;

    if (!left && a->n == b->n && !only_in(b, a, 0))
        return true;
    if (!why)
        return false;
    x = parsed(left);
    for (size_t j = 0; j < b->n && left && !y; j++) {
        json_t *other = parsed(b->text[j]);

        if (have_same_email(x, other) && strcmp(left, b->text[j]) != 0)
            y = other;
        else
            json_decref(other);
    }
    if (!y)
        y = parsed(only_in(b, a, 0));
    assert_int_equal(buf_printf(why, "%zu contacts in order, %zu shuffled; first difference at %s", a->n, b->n,
                                left ? json_string_value(json_object_get(x, "email")) : "(none)"),
                     OK);
    (void)first_difference(x, y, "", why);
    json_decref(x);
    json_decref(y);
    return false;
}

static bool converges(const struct trial *t, const bool *left_out, struct buf *why)
{
    struct contacts a, b;
    bool same;

    replay_run(&bench, t->script, &t->in_order, left_out, &a);
    replay_run(&bench, t->script, &t->shuffled, left_out, &b);
    same = are_same(&a, &b, why);
    contacts_release(&a);
    contacts_release(&b);
    return same;
}

/* Leaves out deliveries while the difference stays: halves first, single ones last. */
static void shrink(const struct trial *t, bool *left_out)
{
    bool next[DELIVERIES];

    for (size_t size = t->script->n / 2; size; size = size > 1 ? (size + 1) / 2 : 0)
        for (size_t from = 0; from < t->script->n; from += size) {
            bool any = false;

            memcpy(next, left_out, sizeof(next));
            for (size_t i = from; i < from + size && i < t->script->n; i++) {
                any |= !next[i];
                next[i] = true;
            }
            if (any && !converges(t, next, NULL))
                memcpy(left_out, next, sizeof(next));
        }
}

static void print_script(const struct trial *t, const bool *left_out)
{
    for (size_t i = 0; i < t->script->n; i++)
        if (!left_out[i])
            print_error("  %zu %s %.*s %.*s\n", i, script_sources[t->script->d[i].source].name, STR_ARG(t->script->d[i].topic),
                        STR_ARG(t->script->d[i].body));
    print_error("arrival:");
    for (size_t i = 0; i < t->shuffled.n; i++)
        if (!left_out[t->shuffled.at[i].delivery])
            print_error(" %zu", t->shuffled.at[i].delivery);
    print_error("\n");
}

static void report(const struct trial *t)
{
    static bool left_out[DELIVERIES];
    struct buf why = BUF_INIT(WHY_BYTES);

    memset(left_out, 0, sizeof(left_out));
    shrink(t, left_out);
    (void)converges(t, left_out, &why);
    print_error("seed %llu: shrunk script\n", (unsigned long long)t->seed);
    print_script(t, left_out);
    print_error("%s", buf_text(&why));
    buf_release(&why);
}

static uint64_t setting(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    uint64_t value = fallback;

    if (text && str_to_u64(str_of(text), &value))
        fail_msg("%s=%s is no number", name, text);
    return value;
}

static bool seed_passes(uint64_t seed)
{
    static struct trial t;
    struct buf why = BUF_INIT(WHY_BYTES);
    struct contacts a, b;
    bool same, right;

    t = (struct trial){.seed = seed, .script = script_new(seed)};
    plan_in_order(&t.in_order, t.script);
    plan_shuffled(&t.shuffled, t.script, seed);
    replay_run(&bench, t.script, &t.in_order, NULL, &a);
    replay_run(&bench, t.script, &t.shuffled, NULL, &b);
    same = are_same(&a, &b, &why);
    right = model_agrees(t.script, &a, &why) && model_agrees(t.script, &b, &why);
    if (!same || !right)
        print_error("seed %llu: %s", (unsigned long long)seed, buf_text(&why));
    if (!same && setting("SHRINK", 1))
        report(&t);
    contacts_release(&a);
    contacts_release(&b);
    buf_release(&why);
    script_free(t.script);
    return same && right;
}

static void N5_any_order_of_arrival_ends_in_the_same_contacts(void **state)
{
    uint64_t first = setting("SEED", 1), n = setting("SEEDS", 200), failed = 0;

    (void)state;
    for (uint64_t i = 0; i < n && failed == 0; i++)
        failed += !seed_passes(first + i);
    assert_int_equal(failed, 0);
    print_message("%llu scripts, %llu batches lost half-way, %llu handed out twice\n", (unsigned long long)n,
                  (unsigned long long)bench.crashes, (unsigned long long)bench.repeats);
    assert_true(n < 10 || (bench.crashes > 0 && bench.repeats > 0));
}

/* Fills `p` with the permutation of that number, counted in factorials. */
static void plan_permuted(struct plan *p, const struct script *s, size_t number)
{
    size_t left[KEPT_DELIVERIES_MAX], n = s->n;

    *p = (struct plan){.n = 0};
    for (size_t i = 0; i < n; i++)
        left[i] = i;
    for (; n; n--) {
        size_t i = number % n;

        number /= n;
        plan_add(p, left[i], s->now_us + (int64_t)(p->n + 1) * US_PER_S);
        memmove(&left[i], &left[i + 1], (n - i - 1) * sizeof(*left));
    }
}

static void N5_kept_scripts_end_the_same_in_every_order(void **state)
{
    static const bool nothing[DELIVERIES];
    static struct trial t;
    size_t failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(kept_scripts) / sizeof(*kept_scripts); i++) {
        struct buf why = BUF_INIT(WHY_BYTES);
        size_t permutations = 1;
        bool same = true;

        t = (struct trial){.script = kept_script(&kept_scripts[i])};
        plan_in_order(&t.in_order, t.script);
        for (size_t n = 2; n <= t.script->n; n++)
            permutations *= n;
        for (size_t k = 0; k < permutations && same; k++) {
            plan_permuted(&t.shuffled, t.script, k);
            same = converges(&t, nothing, &why);
        }
        if (!same) {
            print_error("%s: %s", kept_scripts[i].name, buf_text(&why));
            print_script(&t, nothing);
        }
        failed += !same;
        buf_release(&why);
        script_free(t.script);
    }
    assert_int_equal(failed, 0);
}

static int set_up(void **state)
{
    (void)state;
    bench_open(&bench);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(N5_kept_scripts_end_the_same_in_every_order),
        cmocka_unit_test(N5_any_order_of_arrival_ends_in_the_same_contacts),
    };

    return cmocka_run_group_tests_name("converge", tests, set_up, tear_down);
}
