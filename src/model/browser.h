/* browser.h -- owns what a browser may say of a visitor: three kinds of event and their members. Pure. */
#ifndef MODEL_BROWSER_H
#define MODEL_BROWSER_H

#include "base/buf.h"
#include "model/event.h"
#include "model/page_url.h"

enum { BROWSER_BODY_MAX_BYTES = 8192, BROWSER_ARENA_BYTES = 1 << 20 };

/* What a browser said. In the arena. */
struct browser_said {
    struct event event; /* page_visit, product_viewed or cart_updated; never has a contact's, an order's or a consent's member */
    struct str token;   /* of a link in a mailing, not checked yet (visit_token.h); empty = none */
    bool refused;       /* consent: false. Nothing of it may be kept; the event is empty */
};

/*
 * Reads {"visitor_id","type","page","product","cart","sent_at","token","consent"}. Members that are not in the list are as if
 * they had not been sent, so are texts that are too long or not plain, and addresses of other sites. What is left of an address
 * has no fragment, and behind "?" only rules->query_members. `sent_at` is believed for a day.
 * The cart is the visitor's own: its id is made of the visitor's, and the page's id for it becomes cart.cart_id, so that nobody
 * reaches the cart of another. What browser_write wrote is read as it was.
 * Errors: ERR_SYNTAX (not JSON, no such type, no visitor, nothing that the type needs), ERR_TOO_LARGE, ERR_MEMORY.
 */
enum err browser_read(struct str body, const struct page_rules *rules, int64_t received_at_us, struct arena *arena,
                      struct browser_said *out) MUST_CHECK;
/* Appends what was read, as JSON. Errors of buf_append. */
enum err browser_write(const struct browser_said *said, struct buf *out) MUST_CHECK;

/* True for a program that reads pages for itself, by its User-Agent; also for one that does not say who it is. */
bool browser_is_bot(struct str user_agent);

#endif
