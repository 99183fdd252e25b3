/* curl_parts.h -- owns what the HTTP clients share of libcurl: options, header lines, the meaning of its codes. */
#ifndef NET_CURL_PARTS_H
#define NET_CURL_PARTS_H

#include "base/fields.h"

#include <curl/curl.h>

/* For every request: HTTP/1.1, TLS 1.2 at least and verified, no redirect, no proxy, nothing of the environment. `ca_file` is the
 * only CA to trust, NULL the system's. `error` has CURL_ERROR_SIZE bytes and lives as long as the handle. */
CURLcode curl_set_common(CURL *curl, const char *ca_file, char *error);
/* Borrows lines and body until the request is done; a body without .p is none. */
CURLcode curl_set_request(CURL *curl, const char *method, const char *url, struct curl_slist *lines, struct str body);
/* The fields of a request as lines; libcurl's own additions are taken out. Returns owned: curl_slist_free_all.
 * ERR_USAGE when the method or a field has bytes that HTTP does not allow. */
enum err curl_make_lines(const char *method, struct fields fields, struct curl_slist **out) MUST_CHECK;
enum err curl_to_err(CURLcode code);

#endif
