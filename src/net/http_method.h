/* http_method.h -- owns the list of request methods. */
#ifndef NET_HTTP_METHOD_H
#define NET_HTTP_METHOD_H

#include "base/str.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OPTIONS, HTTP_PATCH };

/* ERR_NOT_IMPLEMENTED for any other; names are in upper case (RFC 9110, 9.1). */
enum err http_method_parse(struct str name, enum http_method *out) MUST_CHECK;
struct str http_method_name(enum http_method method);
/* True for methods whose request must say the length of its body (411 otherwise). */
bool http_method_has_body(enum http_method method);

#endif
