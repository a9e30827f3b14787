//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/bus_check.h"

#include "common/process/clock.h"
#include "common/process/log.h"

#define FAULT_LOG_MS 5000

//  Return the bus that a processor announces; zmq for an earlier version, which announces none.
static const char *
s_bus_of (const peer_t *peer)
{
    return peer->announcement.bus.kind[0] ? peer->announcement.bus.kind : "zmq";
}

static bool
s_fits (const peer_t *peer, const char *bus, const char *topic)
{
    return g_str_equal (s_bus_of (peer), bus) &&
           (!topic || g_str_equal (peer->announcement.bus.topic, topic));
}

//  Return a processor with another bus or topic, or NULL.
static const peer_t *
s_find_misfit (const directory_t *directory, const char *bus, const char *topic)
{
    size_t count = 0;
    peer_t *const *peers = directory_peers (directory, &count);
    for (size_t index = 0; index < count; index++)
        if (peers[index]->is_known && peers[index]->verdict == STATE_SERVED &&
            !s_fits (peers[index], bus, topic))
            return peers[index];
    return NULL;
}

void
bus_check_look (bus_check_t *self, const directory_t *directory, const char *bus, const char *topic)
{
    int64_t now_ms = clock_ms ();
    if (now_ms < self->look_at_ms)
        return;
    self->look_at_ms = now_ms + BUS_CHECK_MS;
    self->fault[0] = 0;
    const peer_t *misfit = s_find_misfit (directory, bus, topic);
    if (!misfit)
        return;
    const char *its_topic = misfit->announcement.bus.topic;
    g_snprintf (self->fault, sizeof self->fault,
        "the processor at %s:%u reads from --bus=%s%s%s and this gateway sends over --bus=%s%s%s: "
        "nothing is sent; start this gateway with the bus of the processors",
        misfit->address.host, (unsigned) misfit->address.port, s_bus_of (misfit),
        *its_topic ? " --topic=" : "", its_topic, bus, topic ? " --topic=" : "",
        topic ? topic : "");
    if (log_is_due (&self->logged_ms, FAULT_LOG_MS))
        log_event (LOG_ERROR, "a processor reads from another bus: nothing is sent",
            "address=%s port=%u its_bus=%s its_topic=%s bus=%s topic=%s advice=%s",
            misfit->address.host, (unsigned) misfit->address.port, s_bus_of (misfit), its_topic,
            bus, topic ? topic : "", "start this gateway with the bus of the processors");
}
