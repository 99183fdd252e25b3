/* page_url.h -- owns what is kept of the address of a page that a browser names: the shop's own sites, few query members. */
#ifndef MODEL_PAGE_URL_H
#define MODEL_PAGE_URL_H

#include "base/arena.h"

enum { PAGE_ORIGINS_MAX = 16 };

/* What is believed. Borrowed; both lists are separated by blanks. */
struct page_rules {
    struct str origins;       /* the shop's: "https://shop.example https://www.shop.example" */
    struct str query_members; /* what stays of an address behind "?"; a name may end in "*": "utm_* variant" */
};

/* True for "https://host[:port]" and "http://host[:port]" in lower case, as browsers send it in Origin. */
bool page_url_is_origin(struct str text);
/* True when `origin` is one of the list. */
bool page_url_has_origin(struct str origins, struct str origin);
/* The origin of an address: what stands before its path. Borrows. */
struct str page_url_origin(struct str url);

/* Copies the address of a page of the shop into the arena, without its fragment, behind "?" only the members that the rules
 * keep. *out is empty when it is none of the shop's, or no address as browsers write it. ERR_MEMORY. */
enum err page_url_clean(struct str url, const struct page_rules *rules, struct arena *arena, struct str *out) MUST_CHECK;
/* The same for the page that the visitor came from: any site, nothing behind "?"; none with a name and password in it. */
enum err page_url_referrer(struct str url, struct arena *arena, struct str *out) MUST_CHECK;

#endif
