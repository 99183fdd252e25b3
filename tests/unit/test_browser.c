/* test_browser.c -- proves what a browser may say: three types, their members, nothing else; written and read again alike. */
#include "model/browser.h"

#include "base/clock.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define NOW (INT64_C(1714641068) * US_PER_S) /* 2024-05-02T09:11:08Z */
#define WHO "'visitor_id':'0123456789abcdef'"
#define URL "'page':{'url':'https://shop.example/'}"

static const struct page_rules rules = {{"https://shop.example", 20}, {"utm_*", 5}};

struct read {
    struct arena arena;
    struct browser_said said;
    enum err err;
};

/* Reads JSON in which 'x' stands for "x". */
static void read_text(struct read *r, const char *text)
{
    char body[16384];
    size_t n = strlen(text);

    assert_true(n < sizeof(body));
    for (size_t i = 0; i < n; i++)
        body[i] = text[i] == '\'' ? '"' : text[i];
    arena_init(&r->arena, BROWSER_ARENA_BYTES);
    r->err = browser_read(str_n(body, n), &rules, NOW, &r->arena, &r->said);
}

static void end(struct read *r)
{
    arena_release(&r->arena);
}

static struct str member(const struct read *r, enum member m)
{
    return r->said.event.m[m].is == PRESENT ? r->said.event.m[m].text : STR_NONE;
}

#define assert_member(r, m, text) assert_true(str_eq(member(r, m), str_of(text)))

static void assert_refused(const char *text)
{
    struct read r;

    read_text(&r, text);
    if (r.err != ERR_SYNTAX)
        fail_msg("%s gave %s", text, err_name(r.err));
    assert_int_equal(member(&r, M_VISITOR_ID).len, 0);
    end(&r);
}

static void reads_a_page_visit(void **state)
{
    struct read r;

    (void)state;
    read_text(&r, "{" WHO ",'type':'page_visit','page':{'url':'https://shop.example/a?utm_source=b&c=d','title':' Shirts ',"
                  "'referrer':'https://search.example/?q=x'},'sent_at':'2024-05-02T09:10:00Z','token':'abc'}");
    assert_int_equal(r.err, OK);
    assert_int_equal(r.said.event.type, EVENT_PAGE_VISIT);
    assert_member(&r, M_VISITOR_ID, "0123456789abcdef");
    assert_member(&r, M_PAGE_URL, "https://shop.example/a?utm_source=b");
    assert_member(&r, M_PAGE_TITLE, "Shirts");
    assert_member(&r, M_PAGE_REFERRER, "https://search.example/");
    assert_true(str_eq(r.said.token, STR("abc")));
    assert_int_equal(r.said.event.m[M_OCCURRED_AT].number, NOW - 68 * US_PER_S);
    end(&r);
}

static void reads_a_product_and_a_cart_with_numbers_or_texts(void **state)
{
    struct read r;

    (void)state;
    read_text(&r, "{" WHO ",'type':'product_viewed','product':{'id':820982911946154508,'variant_id':'v','name':'T','price':23.10,"
                  "'currency':'GBP','url':'https://shop.example/p','image':'https://cdn.example/i.png'}}");
    assert_int_equal(r.err, OK);
    assert_member(&r, M_PRODUCT_ID, "820982911946154508");
    assert_member(&r, M_PRODUCT_PRICE, "23.10");
    assert_member(&r, M_PRODUCT_URL, "https://shop.example/p");
    assert_member(&r, M_PRODUCT_IMAGE, "");
    end(&r);
    read_text(&r,
              "{" WHO ",'type':'cart_updated','cart':{'id':'k-1','currency':'GBP','total':'9.00','url':'https://evil.example/cart',"
              "'items':[{'product_id':2,'quantity':1,'price':'x','name':'T'},7,{'sku':'s'}]}}");
    assert_int_equal(r.err, OK);
    assert_member(&r, M_CART_ID, "visitor:0123456789abcdef");
    assert_member(&r, M_CART_CART_ID, "k-1");
    assert_member(&r, M_CART_URL, "");
    assert_int_equal(r.said.event.n_items, 2);
    assert_true(str_eq(r.said.event.items[0].product_id, STR("2")) && r.said.event.items[0].price.len == 0);
    end(&r);
}

static void an_empty_cart_closes_it(void **state)
{
    struct read r;

    (void)state;
    read_text(&r, "{" WHO ",'type':'cart_updated','cart':{'items':[]}}");
    assert_int_equal(r.err, OK);
    assert_int_equal(r.said.event.items_are, PRESENT);
    assert_int_equal(r.said.event.n_items, 0);
    end(&r);
}

#define EVERYTHING                                                                                                               \
    "{" WHO ",'type':'%s'," URL ",'id':'e1','occurred_at':'2024-05-02T09:00:00Z','backfill':true,'channel':'email','at':"        \
    "'2024-05-02T09:00:00Z','source':'x','list':'l','email':'a@b.example','contact':{'external_id':'1','email':'a@b.example',"   \
    "'phone':'+447700900123','first_name':'Z','tags':['t'],'fields':{'f':'v'},'consent':{'email':{'state':'subscribed'}}},"      \
    "'form':{'id':'f','fields':{'a':'b'}},'order':{'id':'1','total':'5','currency':'EUR','cart_id':'k','refunds':[{'id':'1'}],"  \
    "'items':[{'sku':'s'}]},'product':{'id':'1'},'cart':{'id':'k','cart_id':'c','updated_at':'2024-05-02T09:00:00Z','completed_" \
    "at':"                                                                                                                       \
    "'2024-05-02T09:00:00Z','abandoned_at':'2024-05-02T09:00:00Z','items':[{'sku':'s','categories':'c'}]}}"
/* Every member of the event model, said by a browser under its own name and under the event's. */
static void gives_no_member_that_is_not_in_the_list(void **state)
{
    static const enum member may[] = {
        M_OCCURRED_AT,  M_VISITOR_ID,         M_PAGE_URL,      M_PAGE_TITLE,       M_PAGE_REFERRER, M_PRODUCT_ID,
        M_PRODUCT_NAME, M_PRODUCT_VARIANT_ID, M_PRODUCT_PRICE, M_PRODUCT_CURRENCY, M_PRODUCT_URL,   M_PRODUCT_IMAGE,
        M_CART_ID,      M_CART_CART_ID,       M_CART_CURRENCY, M_CART_TOTAL,       M_CART_URL};
    static const char *const types[] = {"page_visit", "product_viewed", "cart_updated"};

    (void)state;
    for (size_t t = 0; t < 3; t++) {
        char text[4096];
        struct read r;

        snprintf(text, sizeof(text), EVERYTHING, types[t]);
        read_text(&r, text);
        assert_int_equal(r.err, OK);
        for (size_t m = 0; m < M__COUNT; m++) {
            bool allowed = false;

            for (size_t i = 0; i < sizeof(may) / sizeof(*may); i++)
                allowed |= may[i] == (enum member)m;
            if (!allowed && r.said.event.m[m].is != ABSENT)
                fail_msg("%s has %s", types[t], event_member_name((enum member)m));
        }
        assert_true(!r.said.event.tags_are && !r.said.event.refunds_are && !r.said.event.n_fields && !r.said.event.n_form_fields);
        assert_int_equal(r.said.event.n_items, t == 2 ? 1 : 0);
        end(&r);
    }
}

static void refuses_every_other_type_and_what_names_no_visitor(void **state)
{
    char text[256];

    (void)state;
    for (const char *const *name = event_type_names(); *name; name++) {
        if (!strcmp(*name, "page_visit") || !strcmp(*name, "product_viewed") || !strcmp(*name, "cart_updated"))
            continue;
        snprintf(text, sizeof(text), "{" WHO ",'type':'%s'," URL "}", *name);
        assert_refused(text);
    }
    assert_refused("{" WHO "," URL "}");
    assert_refused("{" WHO ",'type':7," URL "}");
    assert_refused("{'type':'page_visit'," URL "}");
    assert_refused("{'visitor_id':'short','type':'page_visit'," URL "}");
    assert_refused("{'visitor_id':'0123456789abcde|','type':'page_visit'," URL "}");
    assert_refused("{'visitor_id':['0123456789abcdef'],'type':'page_visit'," URL "}");
    assert_refused("{'visitor_id':'01234567890123456789012345678901234567890123456789012345678901234','type':'page_visit'," URL
                   "}");
}

static void refuses_what_says_nothing_or_is_no_object(void **state)
{
    (void)state;
    assert_refused("");
    assert_refused("null");
    assert_refused("[]");
    assert_refused("{" WHO ",'type':'page_visit'}");
    assert_refused("{" WHO ",'type':'page_visit','page':'https://shop.example/'}");
    assert_refused("{" WHO ",'type':'page_visit','page':{'url':'https://evil.example/'}}");
    assert_refused("{" WHO ",'type':'product_viewed','product':{'name':'T'}}");
    assert_refused("{" WHO ",'type':'cart_updated','cart':{'total':'1'}}");
    assert_refused("{" WHO ",'type':'cart_updated','cart':{'items':{}}}");
    assert_refused("{" WHO "," WHO ",'type':'page_visit'," URL "}");
    assert_refused("{" WHO ",'type':'page_visit'," URL ",'x':[[[[[[[[[[1]]]]]]]]]]}");
}

static void texts_that_are_too_long_or_not_plain_are_as_if_not_sent(void **state)
{
    char text[4096];
    struct read r;

    (void)state;
    snprintf(text, sizeof(text), "{" WHO ",'type':'page_visit','page':{'url':'https://shop.example/','title':'%0*d'}}", 301, 0);
    read_text(&r, text);
    assert_int_equal(r.err, OK);
    assert_member(&r, M_PAGE_TITLE, "");
    end(&r);
    read_text(&r, "{" WHO ",'type':'page_visit','page':{'url':'https://shop.example/','title':'a\\u001b[31m'}}");
    assert_int_equal(r.err, OK);
    assert_member(&r, M_PAGE_TITLE, "");
    end(&r);
}

static void more_than_8_KiB_or_100_items_are_refused(void **state)
{
    static char text[12000];
    struct read r;
    int n = snprintf(text, sizeof(text), "{" WHO ",'type':'cart_updated','cart':{'items':[{}");

    (void)state;
    for (int i = 0; i < 100; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, ",{}");
    snprintf(text + n, sizeof(text) - (size_t)n, "]}}");
    assert_refused(text);
    snprintf(text, sizeof(text), "{" WHO ",'type':'page_visit'," URL ",'x':'%0*d'}", 8192, 0);
    read_text(&r, text);
    assert_int_equal(r.err, ERR_TOO_LARGE);
    end(&r);
}

static void consent_false_keeps_nothing(void **state)
{
    struct read r;

    (void)state;
    read_text(&r, "{" WHO ",'type':'page_visit'," URL ",'consent':false}");
    assert_int_equal(r.err, OK);
    assert_true(r.said.refused);
    assert_int_equal(member(&r, M_VISITOR_ID).len, 0);
    end(&r);
    read_text(&r, "{" WHO ",'type':'page_visit'," URL ",'consent':true}");
    assert_true(r.err == OK && !r.said.refused);
    end(&r);
}

static void the_browsers_clock_is_believed_for_a_day_back(void **state)
{
    static const struct {
        const char *sent;
        int64_t at;
    } rows[] = {
        {"2024-05-01T09:11:08Z", NOW - 86400 * US_PER_S},
        {"2024-05-01T09:11:07Z", NOW},
        {"2024-05-02T09:11:09Z", NOW},
        {"2099-01-01T00:00:00Z", NOW},
        {"yesterday", NOW},
        {"2024-05-02T11:11:07+02:00", NOW - US_PER_S},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char text[256];
        struct read r;

        snprintf(text, sizeof(text), "{" WHO ",'type':'page_visit'," URL ",'sent_at':'%s'}", rows[i].sent);
        read_text(&r, text);
        assert_int_equal(r.err, OK);
        assert_int_equal(r.said.event.m[M_OCCURRED_AT].number, rows[i].at);
        end(&r);
    }
}

static void what_is_written_reads_as_it_was(void **state)
{
    static const char *const texts[] = {
        "{" WHO
        ",'type':'page_visit','page':{'url':'https://shop.example/a','title':'\xc3\xa9'},'token':'t','contact':{'email':'a'}}",
        "{" WHO ",'type':'product_viewed','product':{'id':1,'price':'1.10'}}",
        "{" WHO ",'type':'cart_updated','cart':{'id':'k','items':[{'sku':'s','quantity':2}]}}",
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buf first = BUF_INIT(1 << 16), second = BUF_INIT(1 << 16);
        struct read r, again;

        read_text(&r, texts[i]);
        assert_int_equal(browser_write(&r.said, &first), OK);
        assert_true(str_find_str(buf_str(&first), STR("contact")) == first.len);
        arena_init(&again.arena, BROWSER_ARENA_BYTES);
        assert_int_equal(browser_read(buf_str(&first), &rules, NOW, &again.arena, &again.said), OK);
        assert_int_equal(browser_write(&again.said, &second), OK);
        assert_string_equal(buf_text(&first), buf_text(&second));
        end(&r);
        end(&again);
        buf_release(&first);
        buf_release(&second);
    }
}

static void programs_that_read_pages_are_known(void **state)
{
    static const char *const bots[] = {"",
                                       " ",
                                       "Mozilla/5.0 (compatible; bingbot/2.0)",
                                       "curl/8.5.0",
                                       "Googlebot-Image/1.0",
                                       "Mozilla/5.0 HeadlessChrome/130.0",
                                       "python-requests/2.31",
                                       "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://x)"};
    static const char *const people[] = {
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/99.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"};

    (void)state;
    for (size_t i = 0; i < sizeof(bots) / sizeof(*bots); i++)
        assert_true(browser_is_bot(str_of(bots[i])));
    for (size_t i = 0; i < sizeof(people) / sizeof(*people); i++)
        assert_false(browser_is_bot(str_of(people[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_page_visit),
        cmocka_unit_test(reads_a_product_and_a_cart_with_numbers_or_texts),
        cmocka_unit_test(an_empty_cart_closes_it),
        cmocka_unit_test(gives_no_member_that_is_not_in_the_list),
        cmocka_unit_test(refuses_every_other_type_and_what_names_no_visitor),
        cmocka_unit_test(refuses_what_says_nothing_or_is_no_object),
        cmocka_unit_test(texts_that_are_too_long_or_not_plain_are_as_if_not_sent),
        cmocka_unit_test(more_than_8_KiB_or_100_items_are_refused),
        cmocka_unit_test(consent_false_keeps_nothing),
        cmocka_unit_test(the_browsers_clock_is_believed_for_a_day_back),
        cmocka_unit_test(what_is_written_reads_as_it_was),
        cmocka_unit_test(programs_that_read_pages_are_known),
    };

    return cmocka_run_group_tests_name("browser", tests, NULL, NULL);
}
