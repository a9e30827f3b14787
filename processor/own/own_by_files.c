//  Locked files coordinate the processors of one host:
//
//    state-dir/members/<32 hex digits>   locked by the processor with that id; has its endpoint
//    state-dir/partition-0007.lock       locked by the processor that holds the partition
//
//  The kernel drops the locks of a process that dies, so no time-out decides whether a processor is
//  alive or a partition is free. A processor that is stopped (SIGSTOP) keeps its locks.
//
//  A processor that finds other members waits before it becomes a member, so that the gateways find
//  it before partitions move to it.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "common/process/advice.h"
#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/text/digits.h"
#include "disk/lock_file.h"
#include "disk/private_directory.h"
#include "processor/own/ownership.h"

#define FAULT_LOG_INTERVAL_MS 1000
#define HOLDER_PATIENCE_MS 5000  //  a processor saves a partition before it releases it
#define HOLDER_LOG_INTERVAL_MS 30000

typedef struct {
    ownership_t base;
    char *directory;
    char *members_directory;
    uint32_t partitions;
    member_id_t self_id;
    member_endpoint_t endpoint;
    int member_fd;         //  lock of our member file; -1: we are not a member
    int64_t join_at_ms;    //  when to become a member even if there are others
    bool has_left;         //  for good
    member_id_t *members;  //  at the last look, sorted by id
    size_t members_count;
    member_endpoint_t endpoints[MEMBERS_MAX];  //  in the order of the members
    bool is_ours[PARTITIONS_MAX];
    int held_fds[PARTITIONS_MAX];              //  locks of partitions; -1: not held
    int64_t waiting_since_ms[PARTITIONS_MAX];  //  for the lock; 0: not waiting
    int64_t fault_logged_ms;
    int64_t holder_logged_ms;
} own_by_files_t;

static void
s_log_fault (own_by_files_t *self, const char *path)
{
    int error = errno;
    if (log_is_due (&self->fault_logged_ms, FAULT_LOG_INTERVAL_MS))
        log_event (LOG_ERROR, "cannot lock a file in the state directory",
            "file=%s reason=%s advice=%s", path, g_strerror (error), advice_directory (error));
}

//  Read an id from the name of a member file. Return false if the name is not an id.
static bool
s_read_id (const char *text, member_id_t *member)
{
    if (strlen (text) != 2 * PROCESSOR_ID_SIZE)
        return false;
    for (size_t byte = 0; byte < PROCESSOR_ID_SIZE; byte++) {
        int high = g_ascii_xdigit_value (text[2 * byte]);
        int low = g_ascii_xdigit_value (text[2 * byte + 1]);
        if (high < 0 || low < 0)
            return false;
        member->id[byte] = (uint8_t) (high << 4 | low);
    }
    return true;
}

static int
s_by_id (const void *a, const void *b)
{
    return memcmp (a, b, sizeof (member_id_t));
}

//  Return the live members; the caller frees them with g_free. Return NULL if the directory cannot
//  be read. Delete each member file without a lock: its processor died, and no id is used twice.
static member_id_t *
s_read_members (own_by_files_t *self, size_t *count)
{
    GDir *entries = g_dir_open (self->members_directory, 0, NULL);
    if (!entries)
        return NULL;
    member_id_t *members = g_new (member_id_t, MEMBERS_MAX);
    const char *name;
    *count = 0;
    while (*count < MEMBERS_MAX && (name = g_dir_read_name (entries))) {
        member_id_t member;
        if (!s_read_id (name, &member))
            continue;
        char *path = g_build_filename (self->members_directory, name, NULL);
        if (s_by_id (&member, &self->self_id) == 0 || lock_file_is_taken (path))
            members[(*count)++] = member;
        else
            g_unlink (path);
        g_free (path);
    }
    g_dir_close (entries);
    qsort (members, *count, sizeof *members, s_by_id);
    return members;
}

//  Write the endpoint into the member file. Only log a failure: then the other processors cannot
//  announce the address of this one.
static void
s_write_endpoint (const own_by_files_t *self)
{
    size_t size = strlen (self->endpoint.text);
    if (ftruncate (self->member_fd, 0) != 0 ||
        write (self->member_fd, self->endpoint.text, size) != (ssize_t) size)
        log_event (LOG_WARN, "cannot tell the other processors where this one is",
            "reason=%s advice=%s", g_strerror (errno), advice_directory (errno));
}

//  Read the endpoints of the members. Older versions write none.
static void
s_read_endpoints (own_by_files_t *self)
{
    for (size_t index = 0; index < self->members_count; index++) {
        char id[2 * PROCESSOR_ID_SIZE + 1];
        digits_of_bytes (self->members[index].id, PROCESSOR_ID_SIZE, id);
        char *path = g_build_filename (self->members_directory, id, NULL);
        char *text = NULL;
        gsize size = 0;
        bool is_read = g_file_get_contents (path, &text, &size, NULL) &&
                       size < sizeof self->endpoints[index].text && g_str_is_ascii (text);
        g_strlcpy (
            self->endpoints[index].text, is_read ? text : "", sizeof self->endpoints[index].text);
        g_free (text);
        g_free (path);
    }
}

//  Become a member. Lock and write the file before it gets its name, so that no processor finds it
//  unlocked or empty.
static void
s_join (own_by_files_t *self)
{
    char id[2 * PROCESSOR_ID_SIZE + 1];
    digits_of_bytes (self->self_id.id, PROCESSOR_ID_SIZE, id);
    char *new_path = g_strdup_printf ("%s/.%s", self->members_directory, id);
    char *path = g_build_filename (self->members_directory, id, NULL);
    self->member_fd = lock_file_take (new_path, LOCK_FILE_TRY);
    if (self->member_fd >= 0)
        s_write_endpoint (self);
    if (self->member_fd >= 0 && rename (new_path, path) != 0) {
        int error = errno;
        close (self->member_fd);
        self->member_fd = -1;
        errno = error;
    }
    if (self->member_fd < 0)
        s_log_fault (self, path);
    g_free (new_path);
    g_free (path);
}

static void
s_share (own_by_files_t *self)
{
    uint32_t owners[PARTITIONS_MAX];
    if (self->members_count > 0)
        share_partitions (self->members, self->members_count, self->partitions, owners);
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        self->is_ours[partition] = self->members_count > 0 && !self->has_left &&
                                   s_by_id (&self->members[owners[partition]], &self->self_id) == 0;
}

//  Take over the list of members. Share the partitions again only if the list changed.
static void
s_take_members (own_by_files_t *self, member_id_t *members, size_t count)
{
    bool is_same = count == self->members_count && self->members &&
                   memcmp (members, self->members, count * sizeof *members) == 0;
    g_free (self->members);
    self->members = members;
    self->members_count = count;
    if (is_same)
        return;
    log_event (LOG_INFO, "members changed", "members=%zu", count);
    s_read_endpoints (self);
    s_share (self);
}

static void
s_look (ownership_t *base)
{
    own_by_files_t *self = (own_by_files_t *) base;
    size_t count = 0;
    member_id_t *members = s_read_members (self, &count);
    bool may_join = self->member_fd < 0 && !self->has_left;
    if (members && may_join && (count == 0 || clock_ms () >= self->join_at_ms)) {
        s_join (self);
        g_free (members);
        members = s_read_members (self, &count);
    }
    if (members)
        s_take_members (self, members, count);
    else
        s_log_fault (self, self->members_directory);
}

static bool
s_is_ours (const ownership_t *base, uint32_t partition)
{
    return ((const own_by_files_t *) base)->is_ours[partition];
}

//  Log the process that holds a partition's lock if it has held it for long.
static void
s_watch_holder (own_by_files_t *self, uint32_t partition, const char *path, bool is_taken)
{
    int64_t *since_ms = &self->waiting_since_ms[partition];
    if (!is_taken)
        *since_ms = 0;
    else if (*since_ms == 0)
        *since_ms = clock_ms ();
    else if (clock_ms () - *since_ms >= HOLDER_PATIENCE_MS &&
             log_is_due (&self->holder_logged_ms, HOLDER_LOG_INTERVAL_MS))
        lock_file_tell_holder (path);
}

static bool
s_hold (ownership_t *base, uint32_t partition)
{
    own_by_files_t *self = (own_by_files_t *) base;
    if (self->held_fds[partition] >= 0)
        return true;
    char *path = g_strdup_printf ("%s/partition-%04u.lock", self->directory, partition);
    self->held_fds[partition] = lock_file_take (path, LOCK_FILE_TRY);
    bool is_held = self->held_fds[partition] >= 0;
    bool is_taken = !is_held && errno == EWOULDBLOCK;
    if (!is_held && !is_taken)
        s_log_fault (self, path);
    s_watch_holder (self, partition, path, is_taken);
    g_free (path);
    return is_held;
}

static void
s_release (ownership_t *base, uint32_t partition)
{
    own_by_files_t *self = (own_by_files_t *) base;
    if (self->held_fds[partition] >= 0)
        close (self->held_fds[partition]);
    self->held_fds[partition] = -1;
}

static void
s_leave (ownership_t *base)
{
    own_by_files_t *self = (own_by_files_t *) base;
    self->has_left = true;
    if (self->member_fd >= 0) {
        char id[2 * PROCESSOR_ID_SIZE + 1];
        digits_of_bytes (self->self_id.id, PROCESSOR_ID_SIZE, id);
        char *path = g_build_filename (self->members_directory, id, NULL);
        g_unlink (path);
        g_free (path);
        close (self->member_fd);
        self->member_fd = -1;
    }
    s_share (self);
}

static const member_id_t *
s_members (const ownership_t *base, size_t *count)
{
    const own_by_files_t *self = (const own_by_files_t *) base;
    *count = self->members_count;
    return self->members;
}

static const member_endpoint_t *
s_endpoints (const ownership_t *base)
{
    return ((const own_by_files_t *) base)->endpoints;
}

static bool
s_is_away (const ownership_t *base)
{
    (void) base;
    return false;
}

static void
s_destroy (ownership_t **base_p)
{
    own_by_files_t *self = (own_by_files_t *) *base_p;
    if (!self)
        return;
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        s_release (*base_p, partition);
    s_leave (*base_p);
    g_free (self->members);
    g_free (self->directory);
    g_free (self->members_directory);
    g_free (self);
    *base_p = NULL;
}

ownership_t *
own_by_files_new (const char *directory, uint32_t partitions,
    const uint8_t self_id[PROCESSOR_ID_SIZE], const member_endpoint_t *endpoint)
{
    own_by_files_t *self = g_new0 (own_by_files_t, 1);
    self->base = (ownership_t){s_look, s_is_ours, s_hold, s_release, s_leave, s_members,
        s_endpoints, s_is_away, s_destroy};
    self->endpoint = *endpoint;
    self->directory = g_strdup (directory);
    self->members_directory = g_build_filename (directory, "members", NULL);
    self->partitions = partitions;
    memcpy (self->self_id.id, self_id, PROCESSOR_ID_SIZE);
    self->member_fd = -1;
    self->join_at_ms = clock_ms () + JOIN_DELAY_MS;
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        self->held_fds[partition] = -1;
    ownership_t *base = &self->base;
    if (!private_directory_make (self->members_directory, "members of the state directory", NULL))
        s_destroy (&base);
    return base;
}
