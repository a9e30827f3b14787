//  Acks: sequences in, ranges out, in the order in which the frames came, over a real PUB and SUB.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <time.h>

#include "common/process/clock.h"
#include "processor/shard/acks.h"

#define PATIENCE_MS 60000
#define TURNS 5

static const uint8_t s_processor[PROCESSOR_ID_SIZE] = {1, 2, 3};

static frame_head_t
s_head (uint8_t source, uint64_t sequence)
{
    return (frame_head_t){.source = {source}, .sequence = sequence};
}

static void
s_add (acks_t *acks, uint8_t source, uint64_t sequence)
{
    frame_head_t head = s_head (source, sequence);
    acks_add (acks, &head, sequence * 3);
}

static void
s_append (void *context, uint64_t first, uint64_t last, const void *digests)
{
    cr_assert_eq (ack_digest (digests, last - first), last * 3);
    g_string_append_printf (
        context, "%llu-%llu ", (unsigned long long) first, (unsigned long long) last);
}

//  A PUB and a SUB that hears it.
typedef struct {
    socket_t *publisher;
    socket_t *subscriber;
} link_t;

static link_t
s_connect (uint8_t source)
{
    char topic[ANNOUNCEMENT_ACK_TOPIC_SIZE];
    frame_head_t head = s_head (source, 0);
    link_t link = {NULL, NULL};
    cr_assert (socket_setup ());
    for (uint16_t port = 34000; !link.publisher && port < 34500; port++)
        link.publisher = socket_bind (SOCKET_PUB, "127.0.0.1", port);
    link.subscriber = socket_connect (SOCKET_SUB, socket_endpoint (link.publisher));
    ack_topic (head.source, topic);
    socket_subscribe (link.subscriber, topic);
    return link;
}

//  The received acks, as text. Acks published before the subscription get lost, so it is
//  published until something comes.
static char *
s_hear (link_t *link, void (*fill) (acks_t *acks))
{
    GString *heard = g_string_new (NULL);
    acks_t *acks = acks_new ();
    text_t part;
    bool more = false;
    for (int64_t until_ms = clock_ms () + PATIENCE_MS; heard->len == 0 && clock_ms () < until_ms;) {
        fill (acks);
        acks_publish (acks, s_processor, link->publisher);
        cr_assert (acks_is_empty (acks));
        socket_item_t item = {.socket = link->subscriber};
        socket_poll (&item, 1, 50);
        if (socket_receive (link->subscriber, &part, &more) && more &&
            socket_receive (link->subscriber, &part, &more)) {
            ack_t ack;
            cr_assert (ack_read (&ack, part.data, part.size));
            ack_tell (&ack, s_append, heard);
        }
    }
    acks_destroy (&acks);
    socket_destroy (&link->subscriber);
    socket_destroy (&link->publisher);
    return g_string_free (heard, FALSE);
}

static void
s_fill_in_order (acks_t *acks)
{
    for (uint64_t sequence = 5; sequence <= 9; sequence++)
        s_add (acks, 1, sequence);
    s_add (acks, 1, 7);  //  a repeat: it is among them
    s_add (acks, 1, 11);
    s_add (acks, 1, 12);
    s_add (acks, 1, 3);
    s_add (acks, 2, 10);  //  of another source
}

Test (acks, ranges_go_by_the_sequences_and_those_that_touch_are_one)
{
    link_t link = s_connect (1);
    char *heard = s_hear (&link, s_fill_in_order);
    cr_assert_str_eq (heard, "3-3 5-9 11-12 ");
    g_free (heard);
}

static void
s_fill_from_another (acks_t *acks)
{
    acks_t *other = acks_new ();
    s_add (acks, 1, 20);
    s_add (other, 1, 21);
    s_add (other, 1, 22);
    s_add (other, 2, 1);
    acks_move_all (acks, other);
    cr_assert (acks_is_empty (other));
    acks_destroy (&other);
}

Test (acks, those_of_a_save_that_failed_are_kept)
{
    link_t link = s_connect (1);
    char *heard = s_hear (&link, s_fill_from_another);
    cr_assert_str_eq (heard, "20-22 ");
    g_free (heard);
    link = s_connect (2);
    heard = s_hear (&link, s_fill_from_another);
    cr_assert_str_eq (heard, "1-1 ");
    g_free (heard);
}

Test (acks, are_empty_without_frames)
{
    acks_t *acks = acks_new ();
    cr_assert (acks_is_empty (acks));
    s_add (acks, 1, 1);
    cr_assert_not (acks_is_empty (acks));
    acks_destroy (&acks);
}

//  Add frames of many sources, and return the time of the processor that this takes. The number of
//  a source is at this place of its bytes.
static clock_t
s_time_of_adding (size_t place)
{
    enum { SOURCES = 16000 };
    acks_t *acks = acks_new ();
    frame_head_t head = {.sequence = 1};
    clock_t begun = clock ();
    for (uint32_t number = 0; number < SOURCES; number++) {
        memcpy (head.source + place, &number, sizeof number);
        acks_add (acks, &head, 1);
    }
    clock_t taken = clock () - begun;
    acks_destroy (&acks);
    return taken;
}

//  Other programs on the machine can slow some turns down, but hardly all.
Test (acks, a_peer_that_chooses_its_sources_slows_no_search_down)
{
    bool is_quick = false;
    for (int turn = 0; turn < TURNS && !is_quick; turn++) {
        clock_t others = s_time_of_adding (0);
        is_quick = s_time_of_adding (8) < 4 * others + CLOCKS_PER_SEC / 50;
    }
    cr_expect (is_quick);
}
