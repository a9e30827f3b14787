//  A sender has at most one request. It is free, waits for its next try, or is busy. One epoll set
//  has the connections of all senders and the parked connections.
//  SPDX-License-Identifier: Apache-2.0
#include "launch/campaign.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/descriptors.h"
#include "launch/complaints.h"

#define EVENTS 256
#define PARKED (1ull << 32)  //  in epoll's data: a parked connection, which no sender uses
#define STOP (1ull << 33)
#define PARKED_MAX 1000000
#define PROGRESS_MS 200

typedef enum { SENDER_FREE, SENDER_WAITING, SENDER_BUSY } sender_state_t;

typedef struct {
    sender_state_t state;
    http_line_t *line;  //  NULL: none
    GString *request;   //  the bytes
    size_t written;
    uint64_t count;      //  messages in it
    int64_t started_us;  //  this try
    int64_t due_ms;      //  waiting: time of the next try; busy: time to give up
    http_answer_t answer;
} sender_t;

typedef struct {
    const campaign_plan_t *plan;
    const http_place_t *place;
    const GPtrArray *messages;
    campaign_result_t *result;
    int epoll;
    sender_t *senders;
    uint64_t next;  //  index of the next message
    GQueue parked;  //  of http_line_t *: open connections without a sender, the oldest first
    guint parked_max;
    int64_t started_ms;
    int64_t progress_ms;
    bool is_stopped;  //  by the user, or by a permanent refusal
    complaints_t complaints;
} campaign_t;

static void
s_watch (const campaign_t *self, int operation, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    if (epoll_ctl (self->epoll, operation, fd, &event) != 0)
        g_error ("campaign: epoll_ctl: %s", g_strerror (errno));
}

static void
s_close_oldest (campaign_t *self)
{
    http_line_t *line = g_queue_pop_head (&self->parked);
    http_line_destroy (&line);
}

//  Leave a connection open, like a client that never closes one. Close the oldest parked connection
//  when descriptors run short.
static void
s_park (campaign_t *self, sender_t *sender)
{
    int fd = http_line_fd (sender->line);
    s_watch (self, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLRDHUP, PARKED | (unsigned) fd);
    g_queue_push_tail (&self->parked, g_steal_pointer (&sender->line));
    if (self->parked.length > self->parked_max)
        s_close_oldest (self);
}

static void
s_try_later (campaign_t *self, sender_t *sender)
{
    http_line_destroy (&sender->line);
    sender->state = SENDER_WAITING;
    sender->due_ms = clock_ms () + (int64_t) self->plan->retry_ms;
    self->result->retries++;
}

//  Count a failed connection, and schedule the next try.
static void
s_fail_connection (campaign_t *self, sender_t *sender)
{
    self->result->connection_errors++;
    const char *fault = sender->line ? http_line_fault (sender->line) : NULL;
    if (fault && !self->is_stopped)
        complaints_add_fault (&self->complaints, fault);
    if (fault)
        self->is_stopped = true;  //  trying again would not change it
    else
        complaints_add_silence (&self->complaints);
    s_try_later (self, sender);
}

static void
s_write (campaign_t *self, sender_t *sender)
{
    uint64_t index = (uint64_t) (sender - self->senders);
    int fd = http_line_fd (sender->line);
    while (sender->written < sender->request->len) {
        ssize_t size = http_line_send (sender->line, sender->request->str + sender->written,
            sender->request->len - sender->written);
        if (size < 0 && errno == EAGAIN) {
            bool is_blind = http_line_wants_input (sender->line);
            s_watch (self, EPOLL_CTL_MOD, fd, is_blind ? EPOLLIN : EPOLLIN | EPOLLOUT, index);
            return;
        }
        if (size < 0) {
            s_fail_connection (self, sender);
            return;
        }
        sender->written += (size_t) size;
    }
    s_watch (self, EPOLL_CTL_MOD, fd, EPOLLIN, index);
}

//  Send the sender's request, on its connection or on a new one.
static void
s_try (campaign_t *self, sender_t *sender)
{
    sender->state = SENDER_BUSY;
    sender->written = 0;
    sender->started_us = clock_us ();
    sender->due_ms = sender->started_us / 1000 + (int64_t) self->plan->timeout_ms;
    g_byte_array_set_size (sender->answer.buffer, 0);
    sender->answer = (http_answer_t){.buffer = sender->answer.buffer};
    self->result->requests++;
    if (sender->line) {
        s_write (self, sender);
        return;
    }
    sender->line = http_connect (self->place, (unsigned) self->result->connections);
    if (!sender->line) {
        s_fail_connection (self, sender);
        return;
    }
    self->result->connections++;
    s_watch (self, EPOLL_CTL_ADD, http_line_fd (sender->line), EPOLLOUT,
        (uint64_t) (sender - self->senders));
}

static void
s_compose (campaign_t *self, sender_t *sender)
{
    uint64_t left = self->messages->len - self->next;
    sender->count = MIN (self->plan->batch, left);
    size_t size = 0;
    for (uint64_t index = 0; index < sender->count; index++)
        size += strlen (self->messages->pdata[self->next + index]) + (sender->count > 1);
    g_string_printf (sender->request,
        "POST %s HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive\r\nContent-Type: %s\r\n"
        "%sContent-Length: %zu\r\n\r\n",
        self->place->path, self->place->authority,
        sender->count > 1 ? "application/x-ndjson" : "application/json", self->place->fields, size);
    for (uint64_t index = 0; index < sender->count; index++) {
        g_string_append (sender->request, self->messages->pdata[self->next + index]);
        if (sender->count > 1)
            g_string_append_c (sender->request, '\n');
    }
    self->next += sender->count;
}

//  Schedule the next try, or end the campaign if the refusal is permanent.
static void
s_take_refusal (campaign_t *self, sender_t *sender)
{
    if (complaints_is_permanent (sender->answer.status)) {
        if (!self->is_stopped)
            complaints_add_refusal (&self->complaints, &sender->answer);
        self->is_stopped = true;
        return;
    }
    complaints_add_status (&self->complaints, &sender->answer);
    sender->state = SENDER_WAITING;
    sender->due_ms = clock_ms () + (int64_t) self->plan->retry_ms;
    self->result->retries++;
}

static void
s_take_answer (campaign_t *self, sender_t *sender)
{
    unsigned status = sender->answer.status;
    bool is_good = status >= 200 && status < 300;
    self->result->statuses[status]++;
    if (sender->answer.is_closing)
        http_line_destroy (&sender->line);
    else if (self->plan->new_connections)
        s_park (self, sender);
    if (!is_good) {
        s_take_refusal (self, sender);
        return;
    }
    complaints_end (&self->complaints);
    guint32 latency_us = (guint32) (clock_us () - sender->started_us);
    g_array_append_val (self->result->latencies_us, latency_us);
    self->result->delivered += sender->count;
    sender->state = SENDER_FREE;
    sender->due_ms = clock_ms () + (int64_t) self->plan->delay_ms;
}

static void
s_read (campaign_t *self, sender_t *sender)
{
    switch (http_answer_read (&sender->answer, sender->line)) {
    case HTTP_MORE:
        break;
    case HTTP_ANSWERED:
        s_take_answer (self, sender);
        break;
    case HTTP_FAILED:
        s_fail_connection (self, sender);
        break;
    }
}

//  Return true if a free sender may take the next messages now.
static bool
s_may_send (const campaign_t *self, int64_t now_ms)
{
    if (self->next >= self->messages->len)
        return false;
    return self->plan->rate == 0 ||
           self->next <= (uint64_t) (now_ms - self->started_ms) * self->plan->rate / 1000;
}

static void
s_run_senders (campaign_t *self)
{
    int64_t now_ms = clock_ms ();
    for (uint64_t index = 0; index < self->plan->concurrency; index++) {
        sender_t *sender = &self->senders[index];
        if (sender->state == SENDER_FREE && sender->due_ms <= now_ms && s_may_send (self, now_ms)) {
            s_compose (self, sender);
            s_try (self, sender);
        }
        else if (sender->state == SENDER_WAITING && sender->due_ms <= now_ms)
            s_try (self, sender);
        else if (sender->state == SENDER_BUSY && sender->due_ms <= now_ms) {
            self->result->timeouts++;
            complaints_add_silence (&self->complaints);
            s_try_later (self, sender);
        }
    }
}

//  Return the time until the next event of the clock. Events of sockets wake the loop anyway.
static int
s_timeout_ms (const campaign_t *self)
{
    int64_t now_ms = clock_ms ();
    int64_t wait_ms = self->plan->rate ? 1 : 100;
    for (uint64_t index = 0; index < self->plan->concurrency; index++) {
        const sender_t *sender = &self->senders[index];
        if (sender->state != SENDER_FREE || self->next < self->messages->len)
            wait_ms = MIN (wait_ms, MAX (self->plan->rate ? 1 : 0, sender->due_ms - now_ms));
    }
    return (int) wait_ms;
}

static void
s_show_progress (campaign_t *self, int64_t now_ms)
{
    if (!self->plan->shows_progress || now_ms < self->progress_ms)
        return;
    self->progress_ms = now_ms + PROGRESS_MS;
    double share = (double) self->result->delivered / (double) MAX (1, self->result->messages);
    double seconds = (double) MAX (1, now_ms - self->started_ms) / 1000;
    char bar[41];
    memset (bar, '.', 40);
    memset (bar, '#', (size_t) (share * 40));
    bar[40] = 0;
    fprintf (stderr, "\r[%s] %5.1f %%  %.0f/s  %llu retries ", bar, share * 100,
        (double) self->result->delivered / seconds, (unsigned long long) self->result->retries);
}

static void
s_close_parked (campaign_t *self, int fd)
{
    for (GList *link = self->parked.head; link; link = link->next) {
        http_line_t *line = link->data;
        if (http_line_fd (line) != fd)
            continue;
        g_queue_delete_link (&self->parked, link);
        http_line_destroy (&line);
        return;
    }
}

static void
s_take_event (campaign_t *self, const struct epoll_event *event)
{
    uint64_t data = event->data.u64;
    if (data & STOP)
        self->is_stopped = true;
    else if (data & PARKED) {
        //  The server closed a parked connection, or sent bytes that have no use.
        s_close_parked (self, (int) (data & UINT32_MAX));
    }
    else {
        sender_t *sender = &self->senders[data];
        if (sender->state == SENDER_BUSY &&
            ((event->events & EPOLLOUT) || http_line_wants_input (sender->line)))
            s_write (self, sender);
        if (sender->state == SENDER_BUSY && (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
            s_read (self, sender);
        else if (sender->state != SENDER_BUSY)
            http_line_destroy (&sender->line);  //  the server closed an idle connection
    }
}

static bool
s_is_over (const campaign_t *self)
{
    int64_t limit_ms = (int64_t) self->plan->max_duration_ms;
    return self->is_stopped || self->result->delivered >= self->result->messages ||
           (limit_ms && clock_ms () - self->started_ms >= limit_ms);
}

static void
s_finish (campaign_t *self)
{
    for (uint64_t index = 0; index < self->plan->concurrency; index++) {
        http_line_destroy (&self->senders[index].line);
        g_string_free (self->senders[index].request, TRUE);
        g_byte_array_unref (self->senders[index].answer.buffer);
    }
    while (self->parked.head)
        s_close_oldest (self);
    close (self->epoll);
    g_free (self->senders);
    if (self->plan->shows_progress)
        fprintf (stderr, "\n");
}

void
campaign_run (const campaign_plan_t *plan, const http_place_t *place, const GPtrArray *messages,
    campaign_result_t *result)
{
    g_assert (plan->concurrency > 0);
    campaign_t campaign = {.plan = plan,
        .place = place,
        .messages = messages,
        .result = result,
        .complaints = {
            .place = place, .retry_ms = plan->retry_ms, .is_line_open = plan->shows_progress}};
    *result = (campaign_result_t){
        .messages = messages->len, .latencies_us = g_array_new (FALSE, FALSE, sizeof (guint32))};
    uint64_t used = plan->concurrency + CAMPAIGN_DESCRIPTORS, usable = descriptors_raise ();
    campaign.parked_max = usable > used ? (guint) MIN (usable - used, PARKED_MAX) : 1;
    campaign.epoll = epoll_create1 (EPOLL_CLOEXEC);
    campaign.senders = g_new0 (sender_t, plan->concurrency);
    for (uint64_t index = 0; index < plan->concurrency; index++) {
        campaign.senders[index].request = g_string_new (NULL);
        campaign.senders[index].answer.buffer = g_byte_array_new ();
    }
    s_watch (&campaign, EPOLL_CTL_ADD, plan->stop_fd, EPOLLIN, STOP);
    campaign.started_ms = clock_ms ();
    int64_t started_us = clock_us ();
    while (!s_is_over (&campaign)) {
        struct epoll_event events[EVENTS];
        s_run_senders (&campaign);
        int count = epoll_wait (campaign.epoll, events, EVENTS, s_timeout_ms (&campaign));
        for (int index = 0; index < count; index++)
            s_take_event (&campaign, &events[index]);
        s_show_progress (&campaign, clock_ms ());
    }
    result->duration_us = clock_us () - started_us;
    s_finish (&campaign);
}

void
campaign_result_clear (campaign_result_t *result)
{
    g_array_unref (result->latencies_us);
    result->latencies_us = NULL;
}
