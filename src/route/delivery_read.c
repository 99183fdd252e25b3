/* delivery_read.c -- owns the reading of "topic", "dedupe", "time" and "keep_headers". */
#include "route/delivery.h"

enum { TOPIC_PARTS_MAX = 8 };

static bool read_joined(struct reader *r, const struct place *p, struct part *out)
{
    static const char *const known[] = {"headers", "join", NULL};
    struct place headers, join;

    if (!read_members(r, p, known))
        return false;
    headers = place_member(p, "headers");
    join = place_member(p, "join");
    out->kind = PART_JOINED_HEADERS;
    out->join = read_text(r, &join);
    return read_texts(r, &headers, &out->headers, &out->n_headers) && out->join.len;
}

static bool read_part(struct reader *r, const struct place *p, struct part *out)
{
    static const char *const body[] = {"body", NULL}, *const topic[] = {"topic", NULL};
    static const char *const digests[] = {"sha256", NULL};
    struct place member;
    size_t index;

    if (json_object_get(p->json, "headers"))
        return read_joined(r, p, out);
    if (json_object_get(p->json, "body")) {
        member = place_member(p, "body");
        out->kind = PART_BODY_DIGEST;
        return read_members(r, p, body) && read_choice(r, &member, digests, &index);
    }
    if (json_object_get(p->json, "topic")) {
        member = place_member(p, "topic");
        out->kind = PART_TOPIC;
        return read_members(r, p, topic) && read_bool(r, &member, true);
    }
    out->kind = PART_VALUE;
    out->has_operators = json_object_size(p->json) > 1;
    return value_read(r, p, &out->value);
}

bool delivery_read_topic(struct reader *r, const struct place *p, struct delivery_form *out)
{
    bool list = json_is_array(p->json), good = true;
    size_t n = list ? json_array_size(p->json) : 1;
    struct part *parts;

    if (n == 0 || n > TOPIC_PARTS_MAX) {
        read_problem(r, p, "a topic has 1 to %d places where it may stand", TOPIC_PARTS_MAX);
        return false;
    }
    parts = read_array(r, n, sizeof(*parts));
    if (!parts)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct place element = list ? place_element(p, i) : *p;

        good &= read_part(r, &element, &parts[i]);
        if (parts[i].kind == PART_TOPIC || parts[i].kind == PART_BODY_DIGEST) {
            read_problem(r, &element, "the topic comes from a header, a pointer or a constant");
            good = false;
        }
    }
    out->topic = parts;
    out->n_topic = n;
    return good;
}

static bool read_alternative(struct reader *r, const struct place *p, struct dedupe_alternative *out)
{
    size_t n = json_array_size(p->json);
    bool good = true;

    if (!read_list(r, p))
        return false;
    if (n == 0 || n > DEDUPE_PARTS_MAX) {
        read_problem(r, p, "a dedupe key has 1 to %d parts", DEDUPE_PARTS_MAX);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct place element = place_element(p, i);

        good &= read_part(r, &element, &out->parts[i]);
    }
    out->n = n;
    return good;
}

/* The bare body would make one event of two equal page visits (D6). */
static bool is_body_alone(const struct dedupe_alternative *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->parts[i].kind == PART_VALUE || a->parts[i].kind == PART_JOINED_HEADERS)
            return false;
    return true;
}

bool delivery_read_dedupe(struct reader *r, const struct place *p, struct delivery_form *out)
{
    size_t n = json_array_size(p->json);
    bool good = true;

    if (!read_list(r, p))
        return false;
    if (n > DEDUPE_ALTERNATIVES_MAX) {
        read_problem(r, p, "at most %d alternatives", DEDUPE_ALTERNATIVES_MAX);
        return false;
    }
    r->no_config = "a key must stay the same when the source's config changes";
    for (size_t i = 0; i < n; i++) {
        struct place element = place_element(p, i);
        bool read = read_alternative(r, &element, &out->dedupe[i]);

        if (read && is_body_alone(&out->dedupe[i])) {
            read_problem(r, &element, "needs a header or a pointer: the body alone does not tell two equal events apart");
            read = false;
        }
        good &= read;
    }
    r->no_config = NULL;
    out->n_dedupe = n;
    return good;
}

bool delivery_read_time(struct reader *r, const struct place *p, struct delivery_form *out)
{
    out->has_time = true;
    return value_read(r, p, &out->time);
}

enum err delivery_keep(struct delivery_form *form, struct str header)
{
    for (size_t i = 0; i < form->n_keep; i++)
        if (str_eq_nocase(form->keep[i], header))
            return OK;
    if (form->n_keep == ENTRY_FIELDS_MAX)
        return ERR_TOO_MANY;
    form->keep[form->n_keep++] = header;
    return OK;
}

bool delivery_read_keep(struct reader *r, const struct place *p, struct delivery_form *out)
{
    const struct str *names;
    size_t n;

    if (!read_texts(r, p, &names, &n))
        return false;
    for (size_t i = 0; i < n; i++)
        if (delivery_keep(out, names[i])) {
            read_problem(r, p, "at most %d headers are kept", ENTRY_FIELDS_MAX);
            return false;
        }
    return true;
}

/* Collects header names until one does not fit. */
struct keeper {
    struct delivery_form *form;
    enum err err;
};

static void keep_one(void *arg, struct str header)
{
    struct keeper *keeper = arg;

    if (!keeper->err)
        keeper->err = delivery_keep(keeper->form, header);
}

static void keep_part(struct keeper *keeper, const struct part *part)
{
    for (size_t i = 0; i < part->n_headers; i++)
        keep_one(keeper, part->headers[i]);
    value_headers(&part->value, keep_one, keeper);
}

enum err delivery_keep_own(struct delivery_form *form)
{
    struct keeper keeper = {.form = form, .err = OK};

    for (size_t i = 0; i < form->n_topic; i++)
        keep_part(&keeper, &form->topic[i]);
    for (size_t i = 0; i < form->n_dedupe; i++)
        for (size_t k = 0; k < form->dedupe[i].n; k++)
            keep_part(&keeper, &form->dedupe[i].parts[k]);
    value_headers(&form->time, keep_one, &keeper);
    return keeper.err;
}
