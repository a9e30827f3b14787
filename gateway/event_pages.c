//  The first page is of all partitions: most fleets fit in. If there is more, the walk begins again
//  partition by partition, so that an owner looks for a page among the rockets of one partition only.
//  Pages are large, as each costs a look at all those rockets, unless clients that do not read hold
//  many of them: so the memory of pages is bounded.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/event_pages.h"

#include "common/clock.h"
#include "query/rocket_json.h"

#define PAGE_ROCKETS 1000
#define PAGE_ROCKETS_SMALL 100  //  once all pages together are larger than
#define HELD_MAX_BYTES (32 * 1024 * 1024)
#define PAGES_UNDER_WAY 4
#define RETRY_MS 200

struct event_pages {
    stream_set_t *set;
    asker_t *asker;
    directory_t *directory;
    json_writer_t *json;
    unsigned under_way;
    size_t held_bytes;  //  of the events of all pages that some stream still sends
};

//  A page that was asked for.
typedef struct {
    event_pages_t *pages;
    GPtrArray *streams;        //  of event_stream_t *, all at the same place
    GString *text;             //  the events
    uint64_t rockets;          //  in it
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
    uint32_t partitions = directory_partitions (self->directory);
    text_t id;
    uint64_t changes = 0;
    json_writer_reset (self->json);
    if (!partitions || !rocket_map_read (rocket, &id, &changes) ||
        !rocket_json_write (self->json, rocket))
        return;
    uint64_t epoch = directory_epoch (self->directory, partition_of (id, partitions));
    page->version = (rocket_version_t){epoch, changes};
    page->rockets++;
    update_log_shown (self->set->log, id, page->version, clock_ms ());
    text_t json = json_writer_text (self->json);
    g_string_append (page->text, "event: rocket\ndata: ");
    g_string_append_len (page->text, json.data, (gssize) json.size);
    g_string_append (page->text, "\n\n");
}

//  The place behind a page. Whoever gets it owns what it holds.
static walk_t
s_next_place (const page_t *page, const walk_t *walk, const outcome_t *outcome)
{
    walk_t next = {.is_by_partition = walk->is_by_partition, .partition = walk->partition};
    if (outcome->has_next && outcome->count > 0)
        next.after = g_bytes_new (outcome->last.id.data, outcome->last.id.size);
    else
        next.partition++;
    next.is_done =
        !walk->is_by_partition || next.partition >= directory_partitions (page->pages->directory);
    return next;
}

//  Have the streams ask again: at once, or, if nobody answered, after a while.
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
} held_t;

static void
s_free_held (void *data)
{
    held_t *held = data;
    held->pages->held_bytes -= held->text->allocated_len;
    g_string_free (held->text, TRUE);
    g_free (held);
}

//  The events of a page, counted as long as a stream has them. The page has none any more.
static GBytes *
s_events (page_t *page)
{
    if (page->rockets == 0)
        return NULL;
    held_t *held = g_new0 (held_t, 1);
    *held = (held_t){page->pages, g_steal_pointer (&page->text)};
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
    page->pages->under_way--;
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
            for (guint index = 0; index < page->streams->len; index++)
                ((event_stream_t *) page->streams->pdata[index])->walk.is_by_partition = true;
            s_queue_again (page, 0);
        }
        else {
            for (size_t index = 0; index < outcome->count; index++)
                s_add_rocket (page, outcome->rockets[index]);
            walk_t next = s_next_place (page, &walk, outcome);
            s_show (page, &next);
            g_clear_pointer (&next.after, g_bytes_unref);
        }
    }
    s_end (page);
}

//  A stream that has sent the same state is not shown it again, nor an older one.
static void
s_got_rocket (void *context, const outcome_t *outcome)
{
    page_t *page = context;
    if (outcome->status != 200 && outcome->status != 404)
        s_queue_again (page, clock_ms () + RETRY_MS);
    else {
        if (outcome->status == 200)
            s_add_rocket (page, outcome->rocket);
        for (guint index = 0; index < page->streams->len; index++) {
            event_stream_t *stream = page->streams->pdata[index];
            bool is_newer =
                page->rockets && rocket_version_compare (page->version, stream->version) > 0;
            if (is_newer)
                event_stream_set_version (stream, page->version);
            event_stream_show (page->pages->set, stream,
                is_newer ? g_bytes_new (page->text->str, page->text->len) : NULL, is_newer,
                (walk_t){.is_done = true});
            http_stream_wake (stream->request);
        }
    }
    s_end (page);
}

static bool
s_is_same_place (const event_stream_t *a, const event_stream_t *b)
{
    return g_strcmp0 (a->id, b->id) == 0 && a->walk.is_by_partition == b->walk.is_by_partition &&
           a->walk.partition == b->walk.partition && !a->walk.after == !b->walk.after &&
           (!a->walk.after || g_bytes_equal (a->walk.after, b->walk.after));
}

//  A stream asks for its first page once all that changes from then on is heard. That of one rocket
//  does not wait for the owners of others: it asks again anyway.
static bool
s_may_ask (event_pages_t *self, event_stream_t *stream, int64_t now_ms)
{
    if (stream->not_before_ms > now_ms)
        return false;
    if (stream->id)
        return true;
    bool is_first = !stream->walk.is_by_partition;
    bool may_ask = is_first ? update_feed_is_reached (self->set->feed, stream->ticket)
                            : event_stream_is_whole (self->set, stream);
    if (!may_ask)
        event_stream_restart (self->set, stream);
    else if (is_first) {
        stream->breaks = update_log_breaks (self->set->log);
        stream->position = update_log_end (self->set->log);
    }
    return may_ask;
}

//  Take a stream that may ask, and all others that are at the same place.
static GPtrArray *
s_take_streams (event_pages_t *self, int64_t now_ms)
{
    GPtrArray *streams = g_ptr_array_new ();
    for (GList *link = self->set->phases[STREAM_QUEUED].head; link;) {
        event_stream_t *stream = link->data;
        link = link->next;
        bool is_same = streams->len == 0 || s_is_same_place (streams->pdata[0], stream);
        if (!is_same || !s_may_ask (self, stream, now_ms))
            continue;
        stream->not_before_ms = 0;
        event_stream_enter (self->set, stream, STREAM_ASKED);
        g_ptr_array_add (streams, stream);
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
    self->under_way++;
    for (guint index = 0; index < streams->len; index++)
        ((event_stream_t *) streams->pdata[index])->page = page;
    const event_stream_t *first = streams->pdata[0];
    if (first->id) {
        asker_get (self->asker, text_from (first->id), s_got_rocket, page);
        return;
    }
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
    asker_list (self->asker, &list, s_got_page, page);
}

void
event_pages_run (event_pages_t *self, int64_t now_ms)
{
    while (self->under_way < PAGES_UNDER_WAY) {
        GPtrArray *streams = s_take_streams (self, now_ms);
        if (streams->len == 0) {
            g_ptr_array_unref (streams);
            return;
        }
        s_ask (self, streams);
    }
}

//  Those that must wait a while stand in front of those that came later.
bool
event_pages_is_due (const event_pages_t *self)
{
    const GList *last = self->set->phases[STREAM_QUEUED].tail;
    return self->under_way < PAGES_UNDER_WAY && last &&
           ((const event_stream_t *) last->data)->not_before_ms == 0;
}

void
event_pages_forget (event_pages_t *self, event_stream_t *stream)
{
    (void) self;
    page_t *page = stream->page;
    if (page)
        g_ptr_array_remove_fast (page->streams, stream);
}
