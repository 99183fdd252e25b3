/* source_fields.c -- owns where the fields of one source go: the keys of `source set` that say it, and how it is shown. */
#include "cli/field.h"
#include "cli/source.h"

enum { MAP_BYTES_MAX = 64 << 10 };

static const struct str field_key = {"field.", 6};

bool source_fields_is_key(struct str given)
{
    return str_starts(given, field_key) || str_starts(given, STR("mapping="));
}

/* CLI_GO or the exit code. */
static int check_form(struct str given)
{
    struct str key = str_upto(given, str_find(given, '=')), value = str_from(given, key.len + 1);

    if (str_eq(key, STR("mapping")) && !str_eq(value, STR("auto")) && !str_eq(value, STR("manual")))
        return cli_wrong("mapping: give auto (every field is kept) or manual (only those with a field.NAME=FIELD are)");
    if (str_starts(key, field_key) && (key.len == field_key.len || value.len == 0))
        return cli_wrong(
            "\"%.*s\": give field.NAME=FIELD, NAME as the platform calls it, FIELD of `storehook field list`, or default",
            STR_ARG(given));
    return CLI_GO;
}

/* What the platform's field would be called without a mapping. */
static struct str own_name(const struct source *s, struct str key, struct arena *arena)
{
    char prefix[128];

    snprintf(prefix, sizeof(prefix), "%s_", s->platform);
    if (str_starts(key, str_of(prefix)))
        key = str_from(key, strlen(prefix));
    return field_name_make(arena, str_of(prefix), key);
}

/* Writes the changed map to `out`. CLI_GO or the exit code. */
static int change(struct field_desk *d, const struct source *s, struct str map, struct str given, struct buf *out)
{
    struct str key = str_upto(given, str_find(given, '=')), target = str_from(given, key.len + 1), name, other;
    enum err err;

    if (str_eq(key, STR("mapping"))) {
        err = field_map_set_manual(map, str_eq(target, STR("manual")), out);
        return err ? cli_fail_why(err, NULL) : CLI_GO;
    }
    name = own_name(s, str_from(key, field_key.len), &d->arena);
    if (str_eq(target, STR("default")))
        target = STR_NONE;
    else if (!field_desk_has(d, target))
        return field_desk_unknown(d, target);
    other = target.len ? field_map_name(map, target) : STR_NONE;
    if (other.len && !str_eq(other, name))
        return cli_fail("%.*s goes to %.*s already; field.%.*s=default takes that back", STR_ARG(other), STR_ARG(target),
                        STR_ARG(other));
    err = field_map_put(map, name, target, out);
    if (err == ERR_TOO_LARGE)
        return cli_fail("the source has too many mapped fields");
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}

/* Makes the changes one after the other, in two buffers by turns. */
static int change_all(struct field_desk *d, const struct source *s, int argc, char **argv, struct buf *map)
{
    struct buf next = BUF_INIT(MAP_BYTES_MAX);
    enum err err = buf_append(map, str_of(s->field_map));
    int code = err ? cli_fail_why(err, NULL) : CLI_GO;

    for (int i = 0; i < argc && code == CLI_GO; i++) {
        struct buf was = *map;

        if (!source_fields_is_key(str_of(argv[i])))
            continue;
        buf_clear(&next);
        code = change(d, s, buf_str(map), str_of(argv[i]), &next);
        *map = next;
        next = was;
    }
    buf_release(&next);
    return code;
}

int source_fields_check(int argc, char **argv)
{
    int code = CLI_GO;

    for (int i = 0; i < argc && code == CLI_GO; i++)
        if (source_fields_is_key(str_of(argv[i])))
            code = check_form(str_of(argv[i]));
    return code;
}

int source_fields_set(struct source_work *work, int argc, char **argv)
{
    struct field_desk d = {.store = work->store};
    struct buf map = BUF_INIT(MAP_BYTES_MAX);
    int code = CLI_GO;
    enum err err;

    arena_init(&d.arena, MAP_BYTES_MAX << 8);
    err = field_list_load(work->store, &d.arena, &d.fields);
    code = err ? cli_fail("database: %s", db_trouble(work->store->db)) : change_all(&d, &work->source, argc, argv, &map);
    if (code == CLI_GO && source_set_fields(work->store, work->source.id, map.p ? buf_str(&map) : STR("")))
        code = cli_fail("database: %s", db_trouble(work->store->db));
    if (code == CLI_GO) {
        free(work->source.field_map);
        work->source.field_map = str_dup(buf_str(&map));
        if (!work->source.field_map)
            code = cli_fail_why(ERR_MEMORY, NULL);
    }
    buf_release(&map);
    arena_release(&d.arena);
    return code;
}

json_t *source_fields_json(const struct source *s)
{
    struct str rest = str_of(s->field_map), name, target;
    json_t *object = json_object();

    while (field_map_next(&rest, &name, &target)) {
        char *key = str_dup(name);

        if (key)
            json_object_set_new(object, key, json_str(target));
        free(key);
    }
    return object;
}

void source_fields_print(const struct source *s)
{
    struct str rest = str_of(s->field_map), name, target;

    while (field_map_next(&rest, &name, &target))
        printf("field     %.*s -> %.*s\n", STR_ARG(name), STR_ARG(target));
    if (field_map_is_manual(str_of(s->field_map)))
        printf("field     no others are kept (mapping=manual)\n");
}
