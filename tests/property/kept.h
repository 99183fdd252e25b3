/* kept.h -- owns the small scripts that once ended differently in another order, as rows; ' stands for ". */
#ifndef TESTS_PROPERTY_KEPT_H
#define TESTS_PROPERTY_KEPT_H

#include "script.h"

enum { KEPT_DELIVERIES_MAX = 4 };

struct kept_script {
    const char *name;
    struct {
        size_t source;
        const char *body;
    } d[KEPT_DELIVERIES_MAX]; /* of our own protocol, in the order in which they happened */
};

static const struct kept_script kept_scripts[] = {
    {"CA1_a_later_anonymous_state_leaves_the_cart_with_its_customer",
     {{6,
       "{'id':'1','type':'cart_updated','occurred_at':'2024-05-02T08:30:02Z','visitor_id':'v','contact':{'email':'a@mail.example'},"
       "'cart':{'id':'k','currency':'EUR','total':'22.49','updated_at':'2024-05-02T08:30:02Z','items':[{'product_id':'1'}]}}"},
      {6, "{'id':'2','type':'cart_updated','occurred_at':'2024-05-04T10:28:52Z','visitor_id':'v',"
          "'cart':{'id':'k','currency':'EUR','total':'54.50','updated_at':'2024-05-04T10:28:52Z','items':[{'product_id':'2'}]}}"}}},
    {"C5_two_shops_state_the_same_at_the_same_time",
     {{6, "{'id':'1','type':'signup','occurred_at':'2024-05-04T11:23:23Z','contact':{'external_id':'c','email':'a@mail.example',"
          "'consent':{'email':{'state':'unsubscribed','at':'2024-04-24T11:23:23Z','source':'footer'}}}}"},
      {5, "{'id':'1','type':'unsubscribe','occurred_at':'2024-05-04T18:15:11Z','at':'2024-04-24T11:23:23Z','channel':'all',"
          "'source':'link','contact':{'email':'a@mail.example'}}"}}},
    {"K5_a_total_refunded_that_went_up_and_down_again",
     {{6, "{'id':'1','type':'order_created','occurred_at':'2024-05-02T08:00:00Z','contact':{'email':'a@mail.example'},"
          "'order':{'id':'o','currency':'EUR','total':'50.00','status':'paid','updated_at':'2024-05-02T08:00:00Z'}}"},
      {6, "{'id':'2','type':'order_refunded','occurred_at':'2024-05-02T09:00:00Z','contact':{'email':'a@mail.example'},"
          "'order':{'id':'o','currency':'EUR','refunded':'5.00','updated_at':'2024-05-02T09:00:00Z'}}"},
      {6, "{'id':'3','type':'order_refunded','occurred_at':'2024-05-02T10:00:00Z','contact':{'email':'a@mail.example'},"
          "'order':{'id':'o','currency':'EUR','refunded':'7.00','updated_at':'2024-05-02T10:00:00Z'}}"},
      {6, "{'id':'4','type':'order_refunded','occurred_at':'2024-05-02T11:00:00Z','contact':{'email':'a@mail.example'},"
          "'order':{'id':'o','currency':'EUR','refunded':'5.00','updated_at':'2024-05-02T11:00:00Z'}}"}}},
};

/* Returns owned: script_free. */
static inline struct script *kept_script(const struct kept_script *kept)
{
    struct script *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    arena_init(&s->arena, 1 << 20);
    s->now_us = INT64_C(1714953600) * US_PER_S;
    for (size_t i = 0; i < KEPT_DELIVERIES_MAX && kept->d[i].body; i++) {
        struct delivery *d = &s->d[s->n++];
        struct str body = arena_str(&s->arena, str_of(kept->d[i].body));
        char *p = (char *)(uintptr_t)body.p;

        for (size_t k = 0; k < body.len; k++)
            if (p[k] == '\'')
                p[k] = '"';
        *d = (struct delivery){.source = kept->d[i].source, .body = body, .at_us = s->now_us};
        add_header(s, d, "webhook-id", text_of(s, "message-%zu", i));
    }
    return s;
}

#endif
