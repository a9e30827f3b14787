//  downlink-move: move all rockets of one store into another one.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/domain/partition.h"
#include "common/options/options.h"
#include "common/process/descriptors.h"
#include "common/process/log.h"
#include "common/process/stop_signals.h"
#include "move/move.h"

#define NOT_GIVEN (-1)

static struct {
    uint64_t partitions;
    int partitioner;
    bool is_dropping_positions;
    bool is_replacing;
    bool is_undoing;
} s_flags = {.partitioner = NOT_GIVEN};

static const option_t s_options[] = {
    {"partitions", OPTION_NUMBER, &s_flags.partitions, "0", "P", 0, PARTITIONS_MAX,
        "number of partitions of the target; 0: as many as the source has"},
    {"partitioner", OPTION_CHOICE, &s_flags.partitioner, NULL, "xxh3|murmur2", 0, 0,
        "partition function of the target; not set: that of the source. Kafka needs murmur2"},
    {"drop-positions", OPTION_SWITCH, &s_flags.is_dropping_positions, "no", NULL, 0, 0,
        "leave out the positions in the topic, for another topic or cluster of Kafka: there the "
        "state begins at the first record"},
    {"replace", OPTION_SWITCH, &s_flags.is_replacing, "no", NULL, 0, 0,
        "fill a target again that an interrupted move of the same source has left unfinished"},
    {"undo", OPTION_SWITCH, &s_flags.is_undoing, "no", NULL, 0, 0,
        "remove the mark from a store that was moved, the only argument, so that processors start "
        "on it"},
};

static const options_t s_usage = {"downlink-move", "moves all rockets of one store into another",
    "FROM TO", NULL,
    "  downlink-move sqlite:/var/lib/downlink/state postgres://db.example.com/downlink\n"
    "  downlink-move --partitions 64 sqlite:./var/state sqlite:./var/state-64\n"
    "  downlink-move --undo sqlite:./var/state\n",
    s_options, sizeof s_options / sizeof *s_options,
    "Moves every rocket of the store FROM into the store TO, which must not exist yet, and "
    "verifies TO. A store is sqlite:DIR, the --state-dir of processors, or a postgres:// address "
    "as in their --store.\n\n"
    "Stop all processors of FROM first. Gateways keep accepting messages, and deliver them to the "
    "moved state, even with another number of partitions or another partition function. Then start "
    "processors on TO.\n\n"
    "Afterwards FROM is marked, so that no processor starts on it and only TO is served. Until the "
    "move is complete, TO is marked in the same way. If the move is interrupted, FROM is as it "
    "was: run the same command again with --replace, or delete TO."};

static store_choice_t
s_read_store (const char *text)
{
    store_choice_t choice = {0};
    if (strcmp (text, "memory") == 0)
        options_refuse (&s_usage, "'memory': a store in memory ends with its processor");
    if (!store_choice_read (&choice, text))
        options_refuse (&s_usage, "%.*s: a store is sqlite:DIR or postgres://...",
            (int) strcspn (text, ":@?= "), text);
    if (getrandom (choice.processor, PROCESSOR_ID_SIZE, 0) != PROCESSOR_ID_SIZE)
        options_refuse (&s_usage, "no random numbers: %s", strerror (errno));
    return choice;
}

int
main (int argc, char **argv)
{
    int count = options_read (&s_usage, argc, argv);
    if (s_flags.is_undoing && count != 1)
        options_refuse (&s_usage, "--undo: one store is expected");
    if (!s_flags.is_undoing && count != 2)
        options_refuse (&s_usage, "two stores are expected, FROM and TO");
    move_plan_t plan = {.from = s_read_store (argv[1]),
        .partitions = (uint32_t) s_flags.partitions,
        .partitioner = (partitioner_t) MAX (s_flags.partitioner, (int) PARTITIONER_XXH3),
        .has_partitioner = s_flags.partitioner != NOT_GIVEN,
        .is_dropping_positions = s_flags.is_dropping_positions,
        .is_replacing = s_flags.is_replacing};
    if (!s_flags.is_undoing)
        plan.to = s_read_store (argv[2]);
    log_setup (s_usage.program, isatty (STDERR_FILENO) ? LOG_WARN : LOG_INFO, LOG_TEXT);
    umask (S_IRWXG | S_IRWXO);
    descriptors_raise ();
    plan.from.patience.stop_fd = plan.to.patience.stop_fd = stop_signals_open ();
    if (plan.from.patience.stop_fd < 0) {
        log_event (LOG_ERROR, "cannot wait for signals", "reason=%s", strerror (errno));
        return 1;
    }
    return (s_flags.is_undoing ? move_undo (&plan.from) : move_run (&plan)) ? 0 : 1;
}
