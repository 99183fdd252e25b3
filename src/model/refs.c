/* refs.c -- owns what an event refers to: which customer, address, order, cart, visitor. */
#include "model/apply.h"

#include "model/email.h"

static struct str text_of(const struct event *event, enum member m)
{
    return event->m[m].is == PRESENT ? str_trim(event->m[m].text) : STR_NONE;
}

static enum err join(struct arena *arena, struct str prefix, struct str rest, struct str *out)
{
    char *p = arena_alloc(arena, prefix.len + rest.len + 1);

    if (!p)
        return ERR_MEMORY;
    memcpy(p, prefix.p, prefix.len);
    if (rest.len)
        memcpy(p + prefix.len, rest.p, rest.len);
    *out = str_n(p, prefix.len + rest.len);
    return OK;
}

static enum err read_email(const struct event *event, struct arena *arena, struct event_refs *out)
{
    struct email email = {0};

    out->email_err = email_normalise(text_of(event, M_CONTACT_EMAIL), arena, &email);
    if (out->email_err == ERR_MEMORY)
        return ERR_MEMORY;
    if (!out->email_err) {
        out->email = email.key;
        out->email_shown = email.shown;
    }
    return OK;
}

enum err event_refs(const struct event *event, struct arena *arena, struct event_refs *out)
{
    struct str external_id = text_of(event, M_CONTACT_EXTERNAL_ID), merged = text_of(event, M_CONTACT_MERGED_ID);
    enum err err;

    *out = (struct event_refs){.email_err = ERR_NOT_FOUND};
    err = read_email(event, arena, out);
    if (!err && external_id.len)
        err = join(arena, STR("c:"), external_id, &out->subject);
    else if (!err && out->email.len)
        err = join(arena, STR("g:"), out->email, &out->subject); /* G1 */
    if (!err && merged.len)
        err = join(arena, STR("c:"), merged, &out->merged);
    out->order_id = text_of(event, M_ORDER_ID);
    out->cart_id = text_of(event, M_CART_ID); /* CA1: the checkout's token, else the cart's, else the person */
    if (out->cart_id.len == 0)
        out->cart_id = text_of(event, M_CART_CART_ID);
    out->visitor_id = text_of(event, M_VISITOR_ID);
    if (out->cart_id.len == 0 && (event->type == EVENT_CART_UPDATED || event->type == EVENT_CART_ABANDONED))
        out->cart_id = out->subject.len ? out->subject : out->visitor_id;
    return err;
}
