/* privacy_report.c -- owns the report of an erasure, or of a request for data, signed so that nobody can change it unseen. */
#include "engine/privacy_report.h"

#include "base/encode.h"
#include "base/proof.h"

enum { REPORT_VERSION = 1, REPORT_BYTES = 4 << 20 };
#define PURPOSE STR("privacy report v1")

static json_t *text_or_null(struct str s)
{
    return s.len ? json_str(s) : json_null();
}

/* What we stored ourselves as JSON. */
static json_t *stored(struct str text)
{
    json_t *value = NULL;

    return json_parse(text, &value, NULL) ? json_null() : value;
}

static json_t *asked_by_json(const struct privacy_request *r, struct str source_name)
{
    json_t *o = json_object();

    if (r->source_id == 0) {
        json_object_set_new(o, "operator", text_or_null(r->asked_by));
        return o;
    }
    json_object_set_new(o, "source", text_or_null(source_name));
    json_object_set_new(o, "delivery", text_or_null(r->delivery_id));
    return o;
}

static json_t *queue_json(const struct privacy_request *r)
{
    json_t *o = json_object();

    json_object_set_new(o, "searched_at", json_time(r->searched_us));
    json_object_set_new(o, "rejected_deliveries", json_integer((json_int_t)r->samples));
    json_object_set_new(o, "dead_letters", json_integer((json_int_t)r->letters));
    json_object_set_new(o, "files_cleaned_at", json_time(r->cleaned_us));
    return o;
}

static json_t *report_json(const struct privacy_request *r, struct str source_name)
{
    bool erasure = r->kind != PRIVACY_DATA;
    json_t *o = json_object();

    json_object_set_new(o, "format", json_string("storehook privacy report"));
    json_object_set_new(o, "version", json_integer(REPORT_VERSION));
    json_object_set_new(o, "id", json_str(r->id));
    json_object_set_new(o, "kind", json_string(privacy_kind_name(r->kind)));
    json_object_set_new(o, "asked_by", asked_by_json(r, source_name));
    json_object_set_new(o, "asked_at", json_time(r->asked_us));
    json_object_set_new(o, "done_at", json_time(r->done_us));
    json_object_set_new(o, "tombstones", stored(r->tombstones));
    if (erasure) {
        json_object_set_new(o, "removed", stored(r->removed));
        json_object_set_new(o, "queue", queue_json(r));
    }
    json_object_set_new(o, "complete", json_boolean(erasure ? r->done_us && r->searched_us && r->cleaned_us : r->done_us != 0));
    return o;
}

static json_t *signature_json(const struct proof *proof)
{
    char key[BASE64_LEN(PROOF_KEY_BYTES) + 1], value[BASE64_LEN(PROOF_BYTES) + 1];

    base64_encode(str_n(proof->key, sizeof(proof->key)), key);
    base64_encode(str_n(proof->signature, sizeof(proof->signature)), value);
    return json_pack("{ss ss ss}", "algorithm", "Ed25519", "public_key", key, "value", value);
}

enum err privacy_report(const struct seal *seal, const struct privacy_request *request, struct str source_name, json_t **out)
{
    json_t *report = report_json(request, source_name);
    struct buf text = BUF_INIT(REPORT_BYTES);
    struct proof proof;
    enum err err = report ? json_print_sorted(report, &text) : ERR_MEMORY;

    if (!err)
        err = proof_make(seal, PURPOSE, buf_str(&text), &proof);
    if (!err && json_object_set_new(report, "signature", signature_json(&proof)))
        err = ERR_MEMORY;
    buf_release(&text);
    if (err)
        json_decref(report);
    else
        *out = report;
    return err;
}

static enum err read_signature(const json_t *signature, struct proof *out)
{
    size_t key = 0, value = 0;
    enum err err = base64_decode(json_member_text(signature, "public_key"), out->key, sizeof(out->key), &key);

    if (!err)
        err = base64_decode(json_member_text(signature, "value"), out->signature, sizeof(out->signature), &value);
    return !err && key == sizeof(out->key) && value == sizeof(out->signature) ? OK : ERR_SYNTAX;
}

/* The key does not depend on what is signed. */
static enum err is_ours(const struct seal *seal, const struct proof *proof, bool *ours)
{
    struct proof own;
    enum err err = proof_make(seal, PURPOSE, STR("whose key"), &own);

    if (!err)
        *ours = memcmp(own.key, proof->key, sizeof(own.key)) == 0;
    return err;
}

enum err privacy_report_check(const struct seal *seal, const json_t *report, bool *ours)
{
    json_t *rest = json_is_object(report) ? json_copy((json_t *)report) : NULL;
    struct buf text = BUF_INIT(REPORT_BYTES);
    struct proof proof;
    enum err err = rest ? read_signature(json_object_get(rest, "signature"), &proof) : ERR_SYNTAX;

    *ours = false;
    if (!err) {
        json_object_del(rest, "signature");
        err = json_print_sorted(rest, &text);
    }
    if (!err)
        err = proof_check(&proof, buf_str(&text));
    if (!err && seal)
        err = is_ours(seal, &proof, ours);
    buf_release(&text);
    json_decref(rest);
    return err;
}
