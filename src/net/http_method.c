/* http_method.c -- owns the list of request methods. */
#include "net/http_method.h"

static const struct {
    const char *name;
    bool has_body;
} methods[] = {
    [HTTP_GET] = {"GET", false},    [HTTP_HEAD] = {"HEAD", false},     [HTTP_POST] = {"POST", true},
    [HTTP_PUT] = {"PUT", true},     [HTTP_DELETE] = {"DELETE", false}, [HTTP_OPTIONS] = {"OPTIONS", false},
    [HTTP_PATCH] = {"PATCH", true},
};

enum err http_method_parse(struct str name, enum http_method *out)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (str_eq(name, str_of(methods[i].name))) {
            *out = (enum http_method)i;
            return OK;
        }
    return ERR_NOT_IMPLEMENTED;
}

struct str http_method_name(enum http_method method)
{
    return str_of(methods[method].name);
}

bool http_method_has_body(enum http_method method)
{
    return methods[method].has_body;
}
