/* trigger.h -- owns the trigger: a kind of happening and conditions, and what is done when they hold. */
#ifndef MODEL_TRIGGER_H
#define MODEL_TRIGGER_H

#include "model/happening.h"

enum { TRIGGER_NAME_MAX = 100, TRIGGER_ACTIONS_MAX = 8, TRIGGER_TAGS_MAX = 8, TRIGGER_DAY_MAX = 3650 };

/* Conditions; all that are set must hold. Texts are borrowed. */
struct trigger_when {
    int64_t source_id;   /* 0 = any */
    struct str list;     /* one of the happening's lists */
    struct str url;      /* glob: "*" is any run of characters; from "/" on it is held against the path */
    struct str product;  /* id, variant or SKU of one of the items */
    struct str amount;   /* as it is written: ">=10.00 EUR" */
    struct str tag_name; /* of tag_added, tag_removed: which tag */
    bool first;          /* first purchase, first visit that the other conditions fit, of the contact */
    bool mailable;
    struct str tags[TRIGGER_TAGS_MAX], no_tags[TRIGGER_TAGS_MAX]; /* the contact has all, none of them */
    size_t n_tags, n_no_tags;
    enum amount_is { AMOUNT_ANY, AMOUNT_LEAST, AMOUNT_MOST, AMOUNT_MORE, AMOUNT_LESS, AMOUNT_EQUAL } amount_is;
    struct money than; /* read from `amount` */
};

enum trigger_act { DO_TAG, DO_UNTAG, DO_LIST, DO_UNLIST, DO_CYCLE, DO_NOTICE, DO__COUNT };
struct trigger_action {
    enum trigger_act act;
    struct str name; /* of the tag, list, cycle or target; empty: each target */
    int64_t day;     /* of the cycle: where it starts */
    struct str text; /* as it is written: "cycle:welcome@3" */
};
/* The word in front of the colon. */
const char *trigger_act_name(enum trigger_act act);

struct trigger {
    int64_t id;
    struct str name;
    enum happening_kind on;
    bool enabled;
    struct trigger_when when;
    struct trigger_action actions[TRIGGER_ACTIONS_MAX];
    size_t n_actions;
};

/*
 * Reads the conditions, a JSON object, and the actions, a JSON array of texts, of a trigger whose `on` is set. Strict: an unknown
 * member, a wrong type, a condition that this kind of happening cannot meet are errors; `why` says which and what to do. Everything
 * is copied into the arena. Errors: ERR_CONFIG, ERR_MEMORY.
 */
enum err trigger_read(struct str conditions, struct str actions, struct arena *arena, struct trigger *out,
                      struct buf *why) MUST_CHECK;
/* Reads one action: "tag:vip", "untag:lead", "list:news", "unlist:news", "cycle:welcome", "cycle:welcome@3", "notice" (to each target that wants the kind),
 * "notice:crm" (to that target). As trigger_read. */
enum err trigger_action_read(struct str text, struct arena *arena, struct trigger_action *out, struct buf *why) MUST_CHECK;
/* True for a name of a trigger: 1 to TRIGGER_NAME_MAX bytes of printable UTF-8 that is no blank at its ends. */
bool trigger_name_ok(struct str name);

/* True when all conditions hold that the happening itself decides. Pure; ERR_MEMORY counts as false. */
bool trigger_fits(const struct trigger *t, const struct happening *h);
/* True when there are more, which the contact decides. */
bool trigger_asks_contact(const struct trigger *t);
/* Whether those hold that a contact as it is after the event decides: tags, mailable, and the first purchase. */
bool trigger_fits_contact(const struct trigger *t, const struct happening *h, const struct contact_view *contact);
/*
 * Whether the contact may be mailed because of what happened: for all lists, or for one that it is about; where it is about no list, for any
 * that the contact is on.
 */
bool happening_may_mail(const struct happening *h, const struct contact_view *contact);
/* True when it wants the first visit, which earlier visits decide: each is held against trigger_fits_visit. */
bool trigger_asks_visits(const struct trigger *t);
bool trigger_fits_visit(const struct trigger *t, struct str url, struct str product_id);

#endif
