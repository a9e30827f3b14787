//  The first page is of all partitions: most fleets fit in it. If there are more rockets, the walk
//  begins again partition by partition, so that an owner searches one partition for a page. For a
//  while after that, new walks begin partition by partition at once.
//
//  For each page an owner looks at all rockets of the walk, so pages are large. They are smaller
//  while clients that do not read hold many pages, so the memory of pages is bounded. One page is
//  in progress at a time, and after it the owners get as much time for other work as the page took.
//  Streams wait for pages in turn, but every second page is for the stream that is furthest behind.
//  So streams that began at different times meet, and share the remaining pages.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/events/event_pages.h"

#include "common/process/clock.h"
#include "query/protocol/rocket_json.h"

#define PAGE_ROCKETS 1000
#define PAGE_ROCKETS_SMALL 100  //  once all pages together are larger than
#define HELD_MAX_BYTES (32 * 1024 * 1024)
#define ROCKETS_UNDER_WAY 16  //  chosen rockets that streams ask for
#define RETRY_MS 200
#define PAUSE_MAX_MS 1000  //  between two pages
#define LARGE_MS 60000     //  a fleet larger than a page counts as large for this time

struct event_pages {
    stream_set_t *set;
    asker_t *asker;
    directory_t *directory;
    json_writer_t *json;
    unsigned rockets_under_way;
    bool is_page_under_way;
    bool is_turn_of_rear;  //  the next page is for the stream that is furthest behind
    int64_t page_at_ms;    //  the earliest time for the next page
    int64_t large_until_ms;
    size_t held_bytes;  //  of all pages that streams still send
};

//  A page that was asked for.
typedef struct {
    event_pages_t *pages;
    inquiry_t *inquiry;
    bool is_rocket;  //  it is one rocket, for streams that have chosen it
    int64_t asked_ms;
    GPtrArray *streams;        //  of event_stream_t *, all at the same place
    GString *text;             //  the events
    uint64_t rockets;          //  in the page
    rocket_version_t version;  //  of the last one
} page_t;

event_pages_t *
event_pages_new (stream_set_t *set, asker_t *asker, directory_t *directory, json_writer_t *json)
{
    event_pages_t *self = g_new0 (event_pages_t, 1);
    self->set = set;
    self->asker = asker;
    self->directory = directory;
    self->json = json;
    return self;
}

void
event_pages_destroy (event_pages_t **self_p)
{
    g_free (*self_p);
    *self_p = NULL;
}

static void
s_add_rocket (page_t *page, text_t rocket)
{
    event_pages_t *self = page->pages;
    layout_t layout = directory_layout (self->directory);
    text_t id;
    uint64_t changes = 0;
    json_writer_reset (self->json);
    if (!layout.partitions || !rocket_map_read (rocket, &id, &changes) ||
        !rocket_json_write (self->json, rocket))
        return;
    uint64_t epoch = directory_epoch (self->directory, partition_of (id, layout));
    page->version = (rocket_version_t){directory_rank (self->directory, epoch), changes};
    page->rockets++;
    update_log_shown (self->set->log, id, page->version, clock_ms ());
    text_t json = json_writer_text (self->json);
    g_string_append (page->text, "event: rocket\ndata: ");
    g_string_append_len (page->text, json.data, (gssize) json.size);
    g_string_append (page->text, "\n\n");
}

//  Return the place behind a page. The caller owns its contents.
static walk_t
s_next_place (const page_t *page, const walk_t *walk, const outcome_t *outcome)
{
    walk_t next = {.is_by_partition = walk->is_by_partition, .partition = walk->partition};
    const place_t *last = outcome->count ? &outcome->entries[outcome->count - 1].place : NULL;
    if (outcome->has_next && last)
        next.after = g_bytes_new (last->id.data, last->id.size);
    else
        next.partition++;
    next.is_done =
        !walk->is_by_partition || next.partition >= directory_partitions (page->pages->directory);
    return next;
}

//  Let the streams ask again: at once, or after a while if no owner answered.
static void
s_queue_again (page_t *page, int64_t not_before_ms)
{
    for (guint index = 0; index < page->streams->len; index++) {
        event_stream_t *stream = page->streams->pdata[index];
        stream->not_before_ms = not_before_ms;
        event_stream_enter (page->pages->set, stream, STREAM_QUEUED);
    }
}

typedef struct {
    event_pages_t *pages;
    GString *text;
} held_text_t;

static void
s_free_held (void *data)
{
    held_text_t *held = data;
    held->pages->held_bytes -= held->text->allocated_len;
    g_string_free (held->text, TRUE);
    g_free (held);
}

//  Take the events of a page. Count them as long as a stream has them.
static GBytes *
s_events (page_t *page)
{
    if (page->rockets == 0)
        return NULL;
    held_text_t *held = g_new0 (held_text_t, 1);
    *held = (held_text_t){page->pages, g_steal_pointer (&page->text)};
    page->text = g_string_new (NULL);
    held->pages->held_bytes += held->text->allocated_len;
    return g_bytes_new_with_free_func (held->text->str, held->text->len, s_free_held, held);
}

static void
s_show (page_t *page, const walk_t *next)
{
    stream_set_t *set = page->pages->set;
    GBytes *events = s_events (page);
    for (guint index = 0; index < page->streams->len; index++) {
        event_stream_t *stream = page->streams->pdata[index];
        walk_t place = *next;
        place.after = next->after ? g_bytes_ref (next->after) : NULL;
        event_stream_show (set, stream, events ? g_bytes_ref (events) : NULL, page->rockets, place);
        http_stream_wake (stream->request);
    }
    g_clear_pointer (&events, g_bytes_unref);
}

static void
s_end (page_t *page)
{
    event_pages_t *self = page->pages;
    int64_t now_ms = clock_ms ();
    if (page->is_rocket)
        self->rockets_under_way--;
    else {
        self->is_page_under_way = false;
        self->page_at_ms = now_ms + MIN (now_ms - page->asked_ms, PAUSE_MAX_MS);
    }
    for (guint index = 0; index < page->streams->len; index++)
        ((event_stream_t *) page->streams->pdata[index])->page = NULL;
    g_ptr_array_unref (page->streams);
    g_string_free (page->text, TRUE);
    g_free (page);
}

static void
s_got_page (void *context, const outcome_t *outcome)
{
    page_t *page = context;
    if (page->streams->len > 0) {
        walk_t walk = ((event_stream_t *) page->streams->pdata[0])->walk;
        if (outcome->status != 200)
            s_queue_again (page, clock_ms () + RETRY_MS);
        else if (outcome->has_next && !walk.is_by_partition) {
            page->pages->large_until_ms = clock_ms () + LARGE_MS;
            for (guint index = 0; index < page->streams->len; index++)
                ((event_stream_t *) page->streams->pdata[index])->walk.is_by_partition = true;
            s_queue_again (page, 0);
        }
        else {
            for (size_t index = 0; index < outcome->count; index++)
                s_add_rocket (page, outcome->entries[index].rocket);
            walk_t next = s_next_place (page, &walk, outcome);
            s_show (page, &next);
            g_clear_pointer (&next.after, g_bytes_unref);
        }
    }
    s_end (page);
}

static void
s_got_rocket (void *context, const outcome_t *outcome)
{
    page_t *page = context;
    if (outcome->status != 200 && outcome->status != 404) {
        for (guint index = 0; index < page->streams->len; index++)
            event_stream_skip (page->streams->pdata[index]);
        s_queue_again (page, clock_ms () + RETRY_MS);
    }
    else {
        if (outcome->status == 200)
            s_add_rocket (page, outcome->rocket);
        for (guint index = 0; index < page->streams->len; index++)
            event_stream_show_chosen (page->pages->set, page->streams->pdata[index],
                text_of (page->text->str, page->text->len), page->version);
    }
    s_end (page);
}

static bool
s_is_same_place (const event_stream_t *a, const event_stream_t *b)
{
    const chosen_t *of_a = event_stream_asking (a);
    const chosen_t *of_b = event_stream_asking (b);
    return g_strcmp0 (of_a ? of_a->id : NULL, of_b ? of_b->id : NULL) == 0 &&
           a->walk.is_by_partition == b->walk.is_by_partition &&
           a->walk.partition == b->walk.partition && !a->walk.after == !b->walk.after &&
           (!a->walk.after || g_bytes_equal (a->walk.after, b->walk.after));
}

//  A stream asks for its first page once its subscription is in effect, so that it misses no later
//  change. A stream of chosen rockets does not wait for other owners, since it asks again anyway;
//  but it waits until its client has taken the last page.
static bool
s_may_ask (event_pages_t *self, event_stream_t *stream, int64_t now_ms)
{
    if (stream->chosen) {
        if (stream->events)
            stream->not_before_ms = now_ms + RETRY_MS;
        return !stream->events;
    }
    bool is_first = !stream->walk.is_by_partition;
    bool may_ask = is_first ? update_feed_is_reached (self->set->feed, stream->ticket)
                            : event_stream_is_whole (self->set, stream);
    if (!may_ask)
        event_stream_restart (self->set, stream);
    else if (is_first) {
        stream->breaks = update_log_breaks (self->set->log);
        stream->position = update_log_end (self->set->log);
        stream->walk.is_by_partition = now_ms < self->large_until_ms;
    }
    return may_ask;
}

//  Order two places of walks.
static int
s_compare_places (const walk_t *a, const walk_t *b)
{
    if (a->is_by_partition != b->is_by_partition)
        return a->is_by_partition ? 1 : -1;
    if (a->partition != b->partition)
        return a->partition < b->partition ? -1 : 1;
    if (!a->after || !b->after)
        return (a->after != NULL) - (b->after != NULL);
    gsize size_a = 0;
    gsize size_b = 0;
    const char *after_a = g_bytes_get_data (a->after, &size_a);
    const char *after_b = g_bytes_get_data (b->after, &size_b);
    return text_compare (text_of (after_a, size_a), text_of (after_b, size_b));
}

//  Return the stream whose page is next: of one rocket, or of all; NULL if there is none.
static event_stream_t *
s_choose (event_pages_t *self, bool is_rocket, int64_t now_ms)
{
    event_stream_t *chosen = NULL;
    for (GList *link = self->set->phases[STREAM_QUEUED].head; link;) {
        event_stream_t *stream = link->data;
        link = link->next;
        if ((stream->chosen != NULL) != is_rocket || stream->not_before_ms > now_ms ||
            !s_may_ask (self, stream, now_ms))
            continue;
        if (!chosen ||
            (self->is_turn_of_rear && s_compare_places (&stream->walk, &chosen->walk) < 0))
            chosen = stream;
        if (is_rocket)
            break;
    }
    return chosen;
}

//  Take a stream and all others that wait at the same place.
static GPtrArray *
s_take_streams (event_pages_t *self, event_stream_t *chosen, int64_t now_ms)
{
    GPtrArray *streams = g_ptr_array_new ();
    g_ptr_array_add (streams, chosen);
    for (GList *link = self->set->phases[STREAM_QUEUED].head; link; link = link->next) {
        event_stream_t *stream = link->data;
        if (stream != chosen && stream->not_before_ms <= now_ms &&
            !(stream->chosen && stream->events) && s_is_same_place (chosen, stream))
            g_ptr_array_add (streams, stream);
    }
    for (guint index = 0; index < streams->len; index++) {
        event_stream_t *stream = streams->pdata[index];
        stream->not_before_ms = 0;
        event_stream_enter (self->set, stream, STREAM_ASKED);
    }
    return streams;
}

static void
s_ask (event_pages_t *self, GPtrArray *streams)
{
    page_t *page = g_new0 (page_t, 1);
    page->pages = self;
    page->streams = streams;
    page->text = g_string_new (NULL);
    page->asked_ms = clock_ms ();
    for (guint index = 0; index < streams->len; index++)
        ((event_stream_t *) streams->pdata[index])->page = page;
    const event_stream_t *first = streams->pdata[0];
    page->is_rocket = first->chosen != NULL;
    if (page->is_rocket) {
        self->rockets_under_way++;
        page->inquiry = asker_rocket (
            self->asker, text_from (event_stream_asking (first)->id), s_got_rocket, page);
        return;
    }
    self->is_page_under_way = true;
    list_query_t list = {.order = {SORT_ID, false},
        .limit = self->held_bytes > HELD_MAX_BYTES ? PAGE_ROCKETS_SMALL : PAGE_ROCKETS};
    if (first->walk.is_by_partition)
        list_query_want (&list, first->walk.partition);
    if (first->walk.after) {
        gsize size = 0;
        const char *after = g_bytes_get_data (first->walk.after, &size);
        list.has_after = true;
        list.after.id = list.after.value.text = text_of (after, size);
    }
    page->inquiry = asker_list (self->asker, &list, s_got_page, NULL, page);
    if (page->inquiry)
        return;
    //  The asker has too many lists.
    s_queue_again (page, clock_ms () + RETRY_MS);
    s_end (page);
}

void
event_pages_run (event_pages_t *self, int64_t now_ms)
{
    event_stream_t *chosen = NULL;
    while (self->rockets_under_way < ROCKETS_UNDER_WAY && (chosen = s_choose (self, true, now_ms)))
        s_ask (self, s_take_streams (self, chosen, now_ms));
    if (self->is_page_under_way || now_ms < self->page_at_ms ||
        !(chosen = s_choose (self, false, now_ms)))
        return;
    self->is_turn_of_rear = !self->is_turn_of_rear;
    s_ask (self, s_take_streams (self, chosen, now_ms));
}

//  Streams that must wait stand before the ones that came later.
int64_t
event_pages_timeout_ms (const event_pages_t *self, int64_t now_ms)
{
    const GList *last = self->set->phases[STREAM_QUEUED].tail;
    const event_stream_t *stream = last ? last->data : NULL;
    if (!stream || stream->not_before_ms > 0)
        return INT64_MAX;
    if (stream->chosen)
        return self->rockets_under_way < ROCKETS_UNDER_WAY ? 0 : INT64_MAX;
    return self->is_page_under_way ? INT64_MAX : MAX (0, self->page_at_ms - now_ms);
}

void
event_pages_forget (event_pages_t *self, event_stream_t *stream)
{
    page_t *page = stream->page;
    if (!page)
        return;
    g_ptr_array_remove_fast (page->streams, stream);
    if (page->streams->len > 0)
        return;
    asker_cancel (self->asker, page->inquiry);
    s_end (page);
}
