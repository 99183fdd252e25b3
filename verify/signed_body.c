/* signed_body.c -- owns the whole signed text, with the parts that are made of the body. */
#include "verify/signed_text.h"

#include "base/encode.h"

static enum err append_base64(struct str body, struct buf *out)
{
    size_t n = BASE64_LEN(body.len);
    enum err err = buf_reserve(out, n);

    if (err)
        return err;
    base64_encode(body, out->p + out->len);
    out->len += n;
    return OK;
}

/* CRC-32 of ISO 3309 (polynomial 0xedb88320 reflected), four bits at a time. */
static uint32_t crc32_of(struct str bytes)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static enum err append_member(struct str body, struct str name, struct buf *out)
{
    struct str value;
    enum err err = json_member_scan(body, name, &value);

    return err ? err : buf_append(out, value);
}

static enum err append_sink(void *out, struct str piece)
{
    return buf_append(out, piece);
}

static enum err append_part(const struct signed_text *t, size_t i, const struct signed_values *values, struct str body,
                            struct buf *out)
{
    switch (t->at[i].kind) {
    case PART_BODY:
        return buf_append(out, body);
    case PART_BODY_BASE64:
        return append_base64(body, out);
    case PART_BODY_CRC32:
        return buf_printf(out, "%u", (unsigned)crc32_of(body));
    case PART_BODY_SORTED:
        return json_text_sorted(body, out);
    case PART_FORM_SORTED:
        return form_text_sorted(values->form, values->skip, out);
    case PART_FORM_PHP:
        return form_text_php(values->form, values->skip, out);
    case PART_AT:
        return append_member(body, t->at[i].text, out);
    default:
        return signed_text_expand(t, i, i + 1, values, append_sink, out);
    }
}

enum err signed_text_whole(const struct signed_text *t, const struct signed_values *values, struct str body, struct buf *out)
{
    enum err err = OK;

    for (size_t i = 0; i < t->n && !err; i++)
        err = append_part(t, i, values, body, out);
    return err;
}
