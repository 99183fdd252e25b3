/* agent.c -- owns HTTP requests to others on the event loop (libcurl multi): many at a time, bounded, guarded. */
#include "net/agent.h"

#include "net/curl_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { CONNECT_MS_MAX = 10000 };

struct http_agent {
    struct loop *loop;
    struct address_guard guard;
    struct http_agent_options options; /* guard and ca_file are our own copies */
    char *ca_file;
    CURLM *multi;
    struct loop_timer *timer; /* libcurl's */
    struct http_call *calls;
    size_t n_calls;
};

struct http_call {
    struct http_agent *agent;
    struct http_call *next, *before;
    CURL *curl;
    struct curl_slist *lines;
    struct loop_timer *deadline;
    void (*done)(void *arg, const struct http_reply *reply);
    void *arg;
    struct buf request_body, head, body;
    struct field fields[HTTP_AGENT_FIELDS_MAX];
    size_t n_fields;
    bool too_large;
    const char *refused; /* what the last address was that was refused */
    size_t n_opened;
    char refused_address[GUARD_ADDRESS_CHARS + 1];
    char error[CURL_ERROR_SIZE];
};

/* --- one call ----------------------------------------------------------------------------------------------------------- */

static void unlink_call(struct http_call *call)
{
    struct http_agent *agent = call->agent;

    if (call->before)
        call->before->next = call->next;
    else
        agent->calls = call->next;
    if (call->next)
        call->next->before = call->before;
    agent->n_calls--;
}

static void link_call(struct http_call *call)
{
    struct http_agent *agent = call->agent;

    call->next = agent->calls;
    if (call->next)
        call->next->before = call;
    agent->calls = call;
    agent->n_calls++;
}

static void free_call(struct http_call *call)
{
    if (!call)
        return;
    curl_easy_cleanup(call->curl);
    curl_slist_free_all(call->lines);
    loop_timer_free(call->deadline);
    buf_wipe(&call->request_body);
    buf_release(&call->head);
    buf_wipe(&call->body);
    free(call);
}

void http_agent_cancel(struct http_call *call)
{
    curl_multi_remove_handle(call->agent->multi, call->curl);
    unlink_call(call);
    free_call(call);
}

/* The field lines of the last head; a head of an interim answer was dropped when the next began. */
static void split_head(struct http_call *call)
{
    struct str rest = buf_str(&call->head), line;

    call->n_fields = 0;
    while (call->n_fields < HTTP_AGENT_FIELDS_MAX && str_split(&rest, '\n', &line)) {
        size_t colon = str_find(line, ':');

        if (colon < line.len)
            call->fields[call->n_fields++] = (struct field){str_trim(str_upto(line, colon)), str_trim(str_from(line, colon + 1))};
    }
}

static struct str explain(const struct http_call *call, enum err err, char out[HTTP_AGENT_WHY_BYTES])
{
    if (err == OK)
        return STR_NONE;
    if (err == ERR_FORBIDDEN)
        snprintf(out, HTTP_AGENT_WHY_BYTES, "%s is %s, which is not allowed", call->refused_address, call->refused);
    else if (err == ERR_TOO_LARGE)
        snprintf(out, HTTP_AGENT_WHY_BYTES, "the answer is too large");
    else if (err == ERR_TIMEOUT && call->n_opened == 0)
        snprintf(out, HTTP_AGENT_WHY_BYTES, "no connection in time");
    else if (err == ERR_TIMEOUT)
        snprintf(out, HTTP_AGENT_WHY_BYTES, "no answer in time");
    else
        snprintf(out, HTTP_AGENT_WHY_BYTES, "%s", call->error[0] ? call->error : err_text(err));
    return str_of(out);
}

static int status_of(const struct http_call *call)
{
    long status = 0;

    curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static int64_t took_us(const struct http_call *call)
{
    curl_off_t us = 0;

    curl_easy_getinfo(call->curl, CURLINFO_TOTAL_TIME_T, &us);
    return us;
}

/* The call is out of the list before its owner hears of it, who may start the next one. */
static void finish(struct http_call *call, enum err err)
{
    char why[HTTP_AGENT_WHY_BYTES];
    struct http_reply reply = {.err = err, .status = status_of(call), .took_us = took_us(call)};

    curl_multi_remove_handle(call->agent->multi, call->curl);
    unlink_call(call);
    split_head(call);
    reply.fields = (struct fields){call->fields, call->n_fields};
    reply.body = buf_str(&call->body);
    reply.why = explain(call, err, why);
    call->done(call->arg, &reply);
    free_call(call);
}

static enum err judge(const struct http_call *call, CURLcode code)
{
    if (call->too_large)
        return ERR_TOO_LARGE;
    if (code && call->refused && call->n_opened == 0)
        return ERR_FORBIDDEN;
    return curl_to_err(code);
}

static void deadline_passed(void *arg)
{
    struct http_call *call = arg;

    finish(call, call->refused && call->n_opened == 0 ? ERR_FORBIDDEN : ERR_TIMEOUT);
}

/* --- what libcurl asks of a call ---------------------------------------------------------------------------------------- */

/* Here, and not before the name was looked up: what a name leads to may change from one look to the next. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_call *call = arg;
    const char *refused = call->agent->options.guard ? address_guard_refuses(&call->agent->guard, &address->addr) : NULL;

    (void)purpose;
    if (refused) {
        call->refused = refused;
        address_text(&address->addr, call->refused_address);
        return CURL_SOCKET_BAD;
    }
    call->n_opened++;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take(struct http_call *call, struct buf *into, struct str bytes)
{
    size_t room = into->max - into->len;

    if (bytes.len > room)
        call->too_large = true;
    if (buf_append(into, str_upto(bytes, room)))
        return 0;
    return bytes.len > room ? 0 : bytes.len;
}

static size_t take_head(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_call *call = arg;

    if (str_starts(str_n(bytes, size * n), STR("HTTP/")))
        buf_clear(&call->head);
    return take(call, &call->head, str_n(bytes, size * n));
}

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_call *call = arg;

    return take(call, &call->body, str_n(bytes, size * n));
}

/* --- libcurl's work on the loop ----------------------------------------------------------------------------------------- */

static void collect_ended(struct http_agent *agent)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(agent->multi, &left)) != NULL) {
        struct http_call *call = NULL;
        CURLcode code = message->data.result;

        if (message->msg == CURLMSG_DONE && !curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call))
            finish(call, judge(call, code)); /* the message is gone with its handle */
    }
}

static void timer_fired(void *arg)
{
    struct http_agent *agent = arg;
    int running;

    curl_multi_socket_action(agent->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect_ended(agent);
}

static int set_timer(CURLM *multi, long after_ms, void *arg)
{
    struct http_agent *agent = arg;

    (void)multi;
    if (after_ms < 0)
        loop_timer_stop(agent->timer);
    else
        loop_timer_start(agent->timer, after_ms);
    return 0;
}

/* One of libcurl's sockets. */
struct watched {
    struct http_agent *agent;
    curl_socket_t fd;
    struct loop_fd *watch;
};

static void socket_ready(void *arg, int events)
{
    struct watched *w = arg;
    struct http_agent *agent = w->agent; /* `w` may be gone after the call */
    int mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0), running;

    curl_multi_socket_action(agent->multi, w->fd, mask, &running);
    collect_ended(agent);
}

static void free_watched(struct watched *w)
{
    if (!w)
        return;
    loop_fd_free(w->watch);
    free(w);
}

static struct watched *new_watched(struct http_agent *agent, curl_socket_t fd)
{
    struct watched *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->agent = agent;
    w->fd = fd;
    if (loop_fd_new(agent->loop, fd, socket_ready, w, &w->watch) || curl_multi_assign(agent->multi, fd, w)) {
        free_watched(w);
        return NULL;
    }
    return w;
}

static int watch_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct http_agent *agent = arg;
    struct watched *w = of_socket;

    (void)curl;
    if (what == CURL_POLL_REMOVE) {
        free_watched(w);
        curl_multi_assign(agent->multi, fd, NULL);
        return 0;
    }
    if (!w)
        w = new_watched(agent, fd);
    if (!w)
        return -1; /* the transfer fails */
    return loop_fd_watch(w->watch, (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0)) ? -1 : 0;
}

static enum err set_up_multi(struct http_agent *agent)
{
    CURLMcode code = curl_multi_setopt(agent->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);

    if (!code)
        code = curl_multi_setopt(agent->multi, CURLMOPT_SOCKETDATA, agent);
    if (!code)
        code = curl_multi_setopt(agent->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    if (!code)
        code = curl_multi_setopt(agent->multi, CURLMOPT_TIMERDATA, agent);
    if (!code)
        code = curl_multi_setopt(agent->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)agent->options.connections_max);
    if (!code)
        code = curl_multi_setopt(agent->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)agent->options.host_connections_max);
    if (!code)
        code = curl_multi_setopt(agent->multi, CURLMOPT_MAXCONNECTS, (long)agent->options.connections_max);
    return code ? ERR_MEMORY : OK;
}

enum err http_agent_new(struct loop *loop, const struct http_agent_options *options, struct http_agent **out)
{
    struct http_agent *agent = calloc(1, sizeof(*agent));
    enum err err = ERR_MEMORY;

    if (!agent)
        return ERR_MEMORY;
    agent->loop = loop;
    agent->options = *options;
    if (options->guard) {
        agent->guard = *options->guard;
        agent->options.guard = &agent->guard;
    }
    agent->ca_file = options->ca_file ? str_dup(str_of(options->ca_file)) : NULL;
    agent->options.ca_file = agent->ca_file;
    agent->multi = curl_multi_init();
    if (!agent->multi || (options->ca_file && !agent->ca_file))
        goto done;
    err = loop_timer_new(loop, timer_fired, agent, &agent->timer);
    if (!err)
        err = set_up_multi(agent);
    if (err)
        goto done;
    *out = agent;
    agent = NULL;
done:
    http_agent_free(agent);
    return err;
}

void http_agent_free(struct http_agent *agent)
{
    if (!agent)
        return;
    while (agent->calls)
        http_agent_cancel(agent->calls);
    curl_multi_cleanup(agent->multi);
    loop_timer_free(agent->timer);
    free(agent->ca_file);
    free(agent);
}

size_t http_agent_calls(const struct http_agent *agent)
{
    return agent->n_calls;
}

/* --- the start of a call ------------------------------------------------------------------------------------------------ */

static CURLcode set_limits(struct http_call *call, const struct http_agent_request *r)
{
    CURL *curl = call->curl;
    long connect_ms = r->timeout_ms < CONNECT_MS_MAX ? (long)r->timeout_ms : CONNECT_MS_MAX;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, call->agent->options.plain ? "http,https" : "https");

    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* a name server that is slow does not hold up the loop */
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    return code ? code : curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call);
}

static CURLcode set_callbacks(struct http_call *call)
{
    CURLcode code = curl_easy_setopt(call->curl, CURLOPT_HEADERFUNCTION, take_head);

    if (!code)
        code = curl_easy_setopt(call->curl, CURLOPT_HEADERDATA, call);
    if (!code)
        code = curl_easy_setopt(call->curl, CURLOPT_WRITEFUNCTION, take_body);
    if (!code)
        code = curl_easy_setopt(call->curl, CURLOPT_WRITEDATA, call);
    return code ? code : curl_easy_setopt(call->curl, CURLOPT_PRIVATE, call);
}

static enum err set_up_call(struct http_call *call, const struct http_agent_request *r)
{
    char url[HTTP_AGENT_URL_MAX + 1];
    struct str body = STR_NONE;
    CURLcode code;
    enum err err = curl_make_lines(r->method, r->fields, &call->lines);

    if (!err && r->body.p)
        err = buf_append(&call->request_body, r->body);
    if (err)
        return err;
    if (r->body.p)
        body = call->request_body.p ? buf_str(&call->request_body) : STR("");
    snprintf(url, sizeof(url), "%.*s", STR_ARG(r->url));
    code = curl_set_common(call->curl, call->agent->options.ca_file, call->error);
    if (!code)
        code = curl_set_request(call->curl, r->method, url, call->lines, body);
    if (!code)
        code = set_limits(call, r);
    if (!code)
        code = set_callbacks(call);
    return code ? ERR_MEMORY : OK;
}

static enum err start_call(struct http_call *call, const struct http_agent_request *r)
{
    enum err err = call->curl ? loop_timer_new(call->agent->loop, deadline_passed, call, &call->deadline) : ERR_MEMORY;

    if (!err)
        err = set_up_call(call, r);
    if (!err && curl_multi_add_handle(call->agent->multi, call->curl))
        err = ERR_MEMORY;
    if (!err)
        loop_timer_start(call->deadline, r->timeout_ms);
    return err;
}

enum err http_agent_send(struct http_agent *agent, const struct http_agent_request *r,
                         void (*done)(void *arg, const struct http_reply *reply), void *arg, struct http_call **out)
{
    struct buf why = BUF_INIT(HTTP_AGENT_WHY_BYTES);
    enum err err = agent->n_calls < agent->options.calls_max ? http_agent_check_url(&agent->options, r->url, &why) : ERR_TOO_MANY;
    struct http_call *call;

    buf_release(&why);
    if (err)
        return err;
    call = calloc(1, sizeof(*call));
    if (!call)
        return ERR_MEMORY;
    call->agent = agent;
    call->done = done;
    call->arg = arg;
    call->curl = curl_easy_init();
    buf_init(&call->request_body, r->body.len);
    buf_init(&call->head, HTTP_AGENT_HEAD_MAX);
    buf_init(&call->body, r->body_max_bytes);
    err = start_call(call, r);
    if (err) {
        free_call(call);
        return err;
    }
    link_call(call);
    if (out)
        *out = call;
    return OK;
}
