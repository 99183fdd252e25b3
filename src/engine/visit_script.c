/* visit_script.c -- owns the script that shops put into their pages: its text, its tag, how it is served. */
#include "engine/visit_script.h"

#include "engine/visit_js.h"

#include <inttypes.h>
#include <stdio.h>

#define KEPT "Cache-Control: public, max-age=3600\r\n"

struct str visit_script(void)
{
    return str_n(visit_js[0].text, visit_js[0].len);
}

/* FNV-1a over the text: another program version with another script has another tag. */
static uint64_t tag_number(struct str text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(1099511628211);
    return hash;
}

/* If-None-Match is a list of tags, or "*". */
static bool has_it(struct fields headers, struct str tag)
{
    struct str list = STR_NONE;

    if (fields_get(headers, STR("if-none-match"), &list) == 0)
        return false;
    return str_eq(list, STR("*")) || str_find_str(list, tag) < list.len;
}

void visit_script_answer(struct http_exchange *x)
{
    char tag[24], extra[160];
    int n = snprintf(tag, sizeof(tag), "\"%016" PRIx64 "\"", tag_number(visit_script()));
    struct http_answer answer = {.status = 304, .extra = extra};

    snprintf(extra, sizeof(extra), KEPT "ETag: %s\r\nX-Content-Type-Options: nosniff\r\n", tag);
    if (!has_it(http_fields(x), str_n(tag, (size_t)n))) {
        answer.status = 200;
        answer.content_type = "text/javascript; charset=utf-8";
        answer.body = visit_script();
    }
    http_answer(x, &answer);
}
