//  libcurl tells which sockets and which time it waits for. An epoll set holds the sockets and a
//  timer, and its descriptor stands for all of them.
//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/web.h"

#include <curl/curl.h>
#include <glib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/process/clock.h"

#define EVENTS_PER_RUN 64
#define CONNECT_MS 3000L
#define EXPECT_MS 200L  //  for a server that says nothing to `Expect: 100-continue`

typedef struct {
    CURL *easy;
    struct curl_slist *headers;
    GByteArray *body;  //  of the answer
    web_answer_fn *answered;
    void *context;
    char fault[CURL_ERROR_SIZE];
    GList link;
} call_t;

struct web {
    CURLM *multi;
    int epoll_fd;
    int timer_fd;
    int64_t curl_at_ms;  //  libcurl wants to run then; INT64_MAX: no time
    int64_t wake_at_ms;  //  the owner does
    int64_t armed_ms;    //  the time to which the timer is set
    GQueue calls;        //  of call_t
};

//  Set the timer to the earlier of both times.
static void
s_arm (web_t *self)
{
    int64_t at_ms = MIN (self->curl_at_ms, self->wake_at_ms);
    if (at_ms == self->armed_ms)
        return;
    self->armed_ms = at_ms;
    struct itimerspec time = {{0, 0}, {0, 0}};
    if (at_ms != INT64_MAX) {
        int64_t now_ms = clock_ms ();  //  MAX would read the clock twice
        int64_t left_ms = MAX (0, at_ms - now_ms);
        time.it_value.tv_sec = left_ms / 1000;
        time.it_value.tv_nsec = left_ms % 1000 * 1000000 + 1;  //  zero would be no time at all
    }
    int failed = timerfd_settime (self->timer_fd, 0, &time, NULL);
    g_assert (!failed);
}

static int
s_take_time (CURLM *multi, long timeout_ms, void *context)
{
    web_t *self = context;
    (void) multi;
    self->curl_at_ms = timeout_ms < 0 ? INT64_MAX : clock_ms () + timeout_ms;
    s_arm (self);
    return 0;
}

//  Watch a socket as libcurl wants. known: NULL if epoll does not know it yet.
static int
s_take_socket (CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    web_t *self = context;
    (void) easy;
    if (what == CURL_POLL_REMOVE) {
        (void) epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, fd, NULL);  //  it may be closed already
        return 0;
    }
    struct epoll_event event = {.data.fd = fd};
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    int failed = epoll_ctl (self->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (!failed && !known)
        curl_multi_assign (self->multi, fd, self);
    return failed ? -1 : 0;
}

web_t *
web_new (void)
{
    web_t *self = g_new0 (web_t, 1);
    self->curl_at_ms = self->wake_at_ms = self->armed_ms = INT64_MAX;
    self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
    self->timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    g_assert (self->epoll_fd >= 0 && self->timer_fd >= 0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = self->timer_fd};
    int failed = epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, self->timer_fd, &event);
    g_assert (!failed);
    curl_global_init (CURL_GLOBAL_DEFAULT);
    self->multi = curl_multi_init ();
    g_assert (self->multi);
    curl_multi_setopt (self->multi, CURLMOPT_SOCKETFUNCTION, s_take_socket);
    curl_multi_setopt (self->multi, CURLMOPT_SOCKETDATA, self);
    curl_multi_setopt (self->multi, CURLMOPT_TIMERFUNCTION, s_take_time);
    curl_multi_setopt (self->multi, CURLMOPT_TIMERDATA, self);
    curl_multi_setopt (self->multi, CURLMOPT_MAXCONNECTS, (long) WEB_CONNECTIONS_MAX);
    curl_multi_setopt (self->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long) WEB_CONNECTIONS_MAX);
    return self;
}

static void
s_end_call (web_t *self, call_t *call)
{
    g_queue_unlink (&self->calls, &call->link);
    curl_multi_remove_handle (self->multi, call->easy);
    curl_easy_cleanup (call->easy);
    curl_slist_free_all (call->headers);
    g_byte_array_unref (call->body);
    g_free (call);
}

void
web_destroy (web_t **self_p)
{
    web_t *self = *self_p;
    if (!self)
        return;
    while (self->calls.head)
        s_end_call (self, self->calls.head->data);
    curl_multi_cleanup (self->multi);
    close (self->epoll_fd);
    close (self->timer_fd);
    g_free (self);
    *self_p = NULL;
}

static size_t
s_take_bytes (char *bytes, size_t one, size_t size, void *context)
{
    call_t *call = context;
    (void) one;
    if (call->body->len + size > WEB_ANSWER_MAX_BYTES)
        return 0;  //  ends the request
    g_byte_array_append (call->body, (const guint8 *) bytes, (guint) size);
    return size;
}

static void
s_add_header (call_t *call, const char *name, const char *value)
{
    char *line = g_strconcat (name, ": ", value, NULL);
    call->headers = curl_slist_append (call->headers, line);
    g_free (line);
}

static void
s_set_headers (call_t *call, const web_request_t *request)
{
    for (size_t index = 0; request->headers && request->headers[index]; index++)
        call->headers = curl_slist_append (call->headers, request->headers[index]);
    if (request->signature && request->signature->token)
        s_add_header (call, "X-Amz-Security-Token", request->signature->token);
    curl_easy_setopt (call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void
s_sign (call_t *call, const web_signature_t *signature)
{
    char *kind = g_strdup_printf ("aws:amz:%s:%s", signature->region, signature->service);
    curl_easy_setopt (call->easy, CURLOPT_AWS_SIGV4, kind);
    curl_easy_setopt (call->easy, CURLOPT_USERNAME, signature->key);
    curl_easy_setopt (call->easy, CURLOPT_PASSWORD, signature->secret);
    g_free (kind);
}

static void
s_set_body (call_t *call, text_t body)
{
    curl_easy_setopt (call->easy, CURLOPT_POST, 1L);
    curl_easy_setopt (call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) body.size);
    curl_easy_setopt (call->easy, CURLOPT_COPYPOSTFIELDS, body.size ? body.data : "");
}

//  Set the options of every request. QUICK_EXIT: never wait for a thread that looks up a name.
static void
s_set_rules (call_t *call, const web_request_t *request)
{
    CURL *easy = call->easy;
    curl_easy_setopt (easy, CURLOPT_URL, request->url);
    curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt (easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt (easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt (easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, (long) request->timeout_ms);
    curl_easy_setopt (easy, CURLOPT_EXPECT_100_TIMEOUT_MS, EXPECT_MS);
    curl_easy_setopt (easy, CURLOPT_USERAGENT, "downlink/" DOWNLINK_VERSION);
    curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, call->fault);
    curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, s_take_bytes);
    curl_easy_setopt (easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt (easy, CURLOPT_PRIVATE, call);
    if (request->is_local)
        curl_easy_setopt (easy, CURLOPT_NOPROXY, "*");
}

void
web_send (web_t *self, const web_request_t *request, web_answer_fn *answered, void *context)
{
    call_t *call = g_new0 (call_t, 1);
    call->easy = curl_easy_init ();
    g_assert (call->easy);
    call->body = g_byte_array_new ();
    call->answered = answered;
    call->context = context;
    call->link.data = call;
    s_set_rules (call, request);
    s_set_headers (call, request);
    if (g_str_equal (request->method, "POST"))
        s_set_body (call, request->body);
    else
        curl_easy_setopt (call->easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->signature)
        s_sign (call, request->signature);
    g_queue_push_tail_link (&self->calls, &call->link);
    CURLMcode failed = curl_multi_add_handle (self->multi, call->easy);
    g_assert (!failed);
}

//  Give the caller of an ended request its answer.
static void
s_end (web_t *self, CURL *easy, CURLcode result)
{
    call_t *call = NULL;
    web_answer_t answer = {0};
    curl_easy_getinfo (easy, CURLINFO_PRIVATE, (char **) &call);
    if (result == CURLE_OK)
        curl_easy_getinfo (easy, CURLINFO_RESPONSE_CODE, &answer.status);
    else
        answer.fault = *call->fault ? call->fault : curl_easy_strerror (result);
    size_t size = call->body->len;
    g_byte_array_append (call->body, (const guint8 *) "", 1);
    answer.body = text_of ((const char *) call->body->data, size);
    call->answered (call->context, &answer);
    s_end_call (self, call);
}

void
web_run (web_t *self)
{
    struct epoll_event events[EVENTS_PER_RUN];
    int running = 0;
    int left = 0;
    CURLMsg *message = NULL;
    uint64_t expired = 0;
    (void) !read (self->timer_fd, &expired, sizeof expired);
    self->armed_ms = self->wake_at_ms = INT64_MAX;
    int count = epoll_wait (self->epoll_fd, events, EVENTS_PER_RUN, 0);
    for (int index = 0; index < count; index++) {
        if (events[index].data.fd == self->timer_fd)
            continue;
        int ready = (events[index].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                    (events[index].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (events[index].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action (self->multi, events[index].data.fd, ready, &running);
    }
    if (clock_ms () >= self->curl_at_ms) {
        self->curl_at_ms = INT64_MAX;
        curl_multi_socket_action (self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    while ((message = curl_multi_info_read (self->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            s_end (self, message->easy_handle, message->data.result);
    s_arm (self);
}

void
web_wake_at (web_t *self, int64_t at_ms)
{
    self->wake_at_ms = MIN (self->wake_at_ms, at_ms);
    s_arm (self);
}

int
web_fd (const web_t *self)
{
    return self->epoll_fd;
}
