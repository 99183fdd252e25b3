/* jdoc_bench.c -- owns the measurement of foreign JSON: microseconds a document, jdoc beside jansson (and yajl, -DWITH_YAJL
 * -lyajl). Usage: jdoc_bench FILE [rounds]. Each parser builds or walks the whole document, numbers as text where it can. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/jdoc.h"
#include "base/json.h"

#include <stdio.h>
#ifdef WITH_YAJL
#include <yajl/yajl_parse.h>
#endif

typedef bool parse_fn(struct str text, struct arena *arena);

static bool with_jdoc(struct str text, struct arena *arena)
{
    const struct jnode *root;

    return jdoc_parse(arena, text, &jdoc_limits_default, &root, NULL) == OK;
}

static bool with_jansson(struct str text, struct arena *arena)
{
    json_t *root = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);

    (void)arena;
    json_decref(root);
    return root != NULL;
}

#ifdef WITH_YAJL
/* Makes the same node that jdoc makes, without checking for duplicates or lone surrogates, which yajl does not refuse. */
static int yajl_text(void *arena, const unsigned char *p, size_t len)
{
    struct jnode *node = arena_alloc(arena, sizeof(*node));

    if (node)
        node->text = arena_str(arena, str_n(p, len));
    return node != NULL;
}

static int yajl_number_text(void *arena, const char *p, size_t len)
{
    return yajl_text(arena, (const unsigned char *)p, len);
}

static int yajl_node(void *arena)
{
    return arena_alloc(arena, sizeof(struct jnode)) != NULL;
}

static int yajl_bool(void *arena, int value)
{
    (void)value;
    return yajl_node(arena);
}

static int yajl_end(void *arena)
{
    (void)arena;
    return 1;
}

static bool with_yajl(struct str text, struct arena *arena)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = yajl_node,
        .yajl_boolean = yajl_bool,
        .yajl_number = yajl_number_text,
        .yajl_string = yajl_text,
        .yajl_start_map = yajl_node,
        .yajl_map_key = yajl_text,
        .yajl_end_map = yajl_end,
        .yajl_start_array = yajl_node,
        .yajl_end_array = yajl_end,
    };
    yajl_handle handle = yajl_alloc(&callbacks, NULL, arena);
    bool good = yajl_parse(handle, (const unsigned char *)text.p, text.len) == yajl_status_ok &&
                yajl_complete_parse(handle) == yajl_status_ok;

    yajl_free(handle);
    return good;
}
#endif

static void measure(const char *name, parse_fn *parse, struct str text, size_t rounds)
{
    struct arena arena;
    int64_t start, best_us = INT64_MAX;

    arena_init(&arena, 64 << 20);
    for (int again = 0; again < 5; again++) {
        start = clock_mono_us(&clock_system);
        for (size_t i = 0; i < rounds; i++) {
            arena_reset(&arena);
            if (!parse(text, &arena)) {
                printf("%-8s refuses the document\n", name);
                goto done;
            }
        }
        if (clock_mono_us(&clock_system) - start < best_us)
            best_us = clock_mono_us(&clock_system) - start;
    }
    printf("%-8s %8.2f us a document, %7.1f MB/s\n", name, (double)best_us / (double)rounds,
           (double)text.len * (double)rounds / (double)best_us);
done:
    arena_release(&arena);
}

static enum err make_order(struct buf *out)
{
    enum err err =
        buf_append(out, STR("{\"id\":820982911946154508,\"email\":\"jo\\u00e3o@example.com\",\"total\":\"388.00\",\"items\":["));

    for (int i = 0; i < 25 && !err; i++)
        err = buf_printf(out,
                         "%s{\"id\":%d,\"product_id\":632910392,\"sku\":\"MUG-%d\",\"name\":\"Stoneware mug, blue\",\"quantity\":2,"
                         "\"price\":\"199.50\",\"price_set\":{\"shop_money\":{\"amount\":\"199.50\",\"currency_code\":\"EUR\"}},"
                         "\"taxable\":true,\"vendor\":null,\"tax_lines\":[]}",
                         i ? "," : "", 866550311 + i, i);
    return err ? err : buf_append(out, STR("]}"));
}

int main(int argc, char **argv)
{
    struct buf text = BUF_INIT(2 << 20);
    uint64_t rounds = 20000;
    enum err err = argc > 1 ? file_read(argv[1], &text) : make_order(&text);

    if (!err && argc > 2)
        err = str_to_u64(str_of(argv[2]), &rounds);
    if (err) {
        fprintf(stderr, "usage: jdoc_bench [FILE [rounds]]: %s\n", err_text(err));
        return 2;
    }
    printf("%zu bytes\n", text.len);
    measure("jdoc", with_jdoc, buf_str(&text), rounds);
#ifdef WITH_YAJL
    measure("yajl", with_yajl, buf_str(&text), rounds);
#endif
    measure("jansson", with_jansson, buf_str(&text), rounds);
    buf_release(&text);
    return 0;
}
