/* contacts_filter.h -- owns which contacts a command shows: its flags, and the question whether a contact passes. */
#ifndef CLI_CONTACTS_FILTER_H
#define CLI_CONTACTS_FILTER_H

#include "cli/contacts.h"

/* What the flags ask for; NULL = does not matter. A contact passes when all of it holds. Texts are borrowed. */
struct contact_filter {
    const char *list, *status;  /* on that list, or on any, with that state */
    const char *source;         /* known to it as a customer of its own */
    const char *tag, *field;    /* field: NAME or NAME=VALUE */
    const char *consent;        /* global, of the address */
    const char *mailable;       /* "yes" or "no" */
    const char *suppressed;     /* reason, or "any" */
    const char *cart, *bought;  /* state of a cart; product, variant or SKU of an order that counts */
    const char *visited;        /* pattern of a page, as of triggers */
    const char *email;          /* part of the address */
    const char *since, *until;  /* changed from that time on; before that time */
    int64_t since_us, until_us; /* read by contact_filter_check */
    enum consent_state status_is, consent_is;
};

/* The rows of these flags in a verb's table. */
#define CONTACT_FILTER_FLAGS(f)                                                                                               \
    {"list", FLAG_TEXT, &(f).list, "NAME", "on this list"},                                                                   \
        {"status", FLAG_TEXT, &(f).status, "STATE", "with this state there: none, pending, subscribed, unsubscribed"},        \
        {"consent", FLAG_TEXT, &(f).consent, "STATE", "with this global consent for e-mail"},                                 \
        {"mailable", FLAG_TEXT, &(f).mailable, "yes|no", "that may, or may not, be mailed"},                                  \
        {"suppressed", FLAG_TEXT, &(f).suppressed, "REASON", "suppressed for this reason, or for any"},                       \
        {"source", FLAG_TEXT, &(f).source, "NAME", "that this source knows as its customer"},                                 \
        {"tag", FLAG_TEXT, &(f).tag, "TAG", "with this tag"},                                                                 \
        {"field", FLAG_TEXT, &(f).field, "NAME[=VALUE]", "with this field, or with this value of it"},                        \
        {"cart", FLAG_TEXT, &(f).cart, "STATE", "with a cart that is active, abandoned, recovered, completed, closed"},       \
        {"bought", FLAG_TEXT, &(f).bought, "ID", "that bought this product, variant or SKU"},                                 \
        {"visited", FLAG_TEXT, &(f).visited, "PATTERN", "that visited such a page; * is any text; from / on it is the path"}, \
        {"email", FLAG_TEXT, &(f).email, "TEXT", "whose address has this part"},                                              \
        {"since", FLAG_TEXT, &(f).since, "TIME", "changed at that time or later (a day, or a time; UTC without zone)"},       \
    {                                                                                                                         \
        "until", FLAG_TEXT, &(f).until, "TIME", "changed before that time"                                                    \
    }

/* Checks and reads what was given. CLI_GO, or the exit code after it has said what is wrong. */
int contact_filter_check(struct contact_filter *f);
/* Whether the contact passes. Errors: those of the database, when visits are looked at. */
enum err contact_filter_judge(const struct contact_filter *f, struct contact_reader *r, const struct contact_view *v,
                              bool *passes) MUST_CHECK;

#endif
