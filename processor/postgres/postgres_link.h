//  A connection to a PostgreSQL server, for one thread. The link connects when a statement is run,
//  and, after it lost its connection, connects again with a back-off. Each statement is one round
//  trip and commits by itself, so a lost connection leaves no transaction and no lock behind.
//
//  The address is a URI or a list of key=value pairs, as libpq takes them. It may name several
//  servers; the link chooses one that can be written. Credentials come from the address, from
//  PGPASSWORD, PGPASSFILE, or a service file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_POSTGRES_LINK_H
#define DOWNLINK_POSTGRES_LINK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

//  Type numbers of PostgreSQL, from its pg_type.dat, which never change.
typedef enum {
    POSTGRES_BOOL = 16,
    POSTGRES_BYTES = 17,
    POSTGRES_BIGINT = 20,
    POSTGRES_INT = 23,
    POSTGRES_TEXT = 25,
    POSTGRES_BYTES_ARRAY = 1001,
    POSTGRES_INT_ARRAY = 1007,
    POSTGRES_TEXT_ARRAY = 1009,
    POSTGRES_BIGINT_ARRAY = 1016
} postgres_type_t;

typedef enum {
    POSTGRES_DONE,     //  the statement succeeded
    POSTGRES_AWAY,     //  no connection, or no answer in time: it may have succeeded or not
    POSTGRES_REFUSED,  //  the server refused it and changed nothing; it may take it later
    POSTGRES_BROKEN,   //  the server refuses it for good: the tables are not ours, for example
} postgres_result_t;

//  Whether a statement that succeeded survives the loss of the server.
typedef enum {
    POSTGRES_SAFE_UNKNOWN,
    POSTGRES_SAFE_HERE,     //  on the disk of the server
    POSTGRES_SAFE_REPLICA,  //  on a synchronous replica too
} postgres_safety_t;

//  The safety that a link asks the server for.
typedef enum {
    POSTGRES_COMMIT_SAFE,  //  wait for the disk, and for a replica if the server wants that
    POSTGRES_COMMIT_LAZY,  //  do not wait: the loss of a statement does no harm
} postgres_commit_t;

#define POSTGRES_PARAMETERS_MAX 24

//  The parameters of a statement, in binary. Values are borrowed until it has run.
typedef struct {
    int count;
    Oid types[POSTGRES_PARAMETERS_MAX];
    const char *values[POSTGRES_PARAMETERS_MAX];
    int sizes[POSTGRES_PARAMETERS_MAX];
    int64_t numbers[POSTGRES_PARAMETERS_MAX];  //  of postgres_add_number, in network order
} postgres_parameters_t;

//  Add bytes of a type; NULL is SQL's NULL.
void postgres_add (
    postgres_parameters_t *self, postgres_type_t type, const void *bytes, size_t size);

//  Add a bigint.
void postgres_add_number (postgres_parameters_t *self, int64_t number);

typedef struct postgres_link postgres_link_t;

//  Create a link; it connects later. role names the link in the server's pg_stat_activity. Return
//  NULL if libpq cannot read the address; then the log says why, without the address's password.
postgres_link_t *postgres_link_new (const char *address, const char *role, postgres_commit_t commit)
    __attribute__ ((warn_unused_result));

void postgres_link_destroy (postgres_link_t **self_p);

//  Run a statement and wait for its result, up to a time limit. On POSTGRES_DONE *result is the
//  result, which the caller clears with PQclear; its values are binary. Otherwise *result is NULL
//  and the log says why, now and then. parameters may be NULL.
postgres_result_t postgres_link_run (postgres_link_t *self, const char *sql,
    const postgres_parameters_t *parameters, int64_t limit_ms, PGresult **result)
    __attribute__ ((warn_unused_result));

//  Run statements that have no parameters, separated by semicolons, as one transaction.
postgres_result_t postgres_link_script (postgres_link_t *self, const char *sql, int64_t limit_ms)
    __attribute__ ((warn_unused_result));

//  Return true if the last statement found no server. Any thread may ask.
bool postgres_link_is_away (const postgres_link_t *self);

//  Return the safety of statements, as the server of the current connection describes it. Any
//  thread may ask.
postgres_safety_t postgres_link_safety (const postgres_link_t *self);

//  Return the five characters of the last error's SQLSTATE; empty: the server sent none.
const char *postgres_link_sqlstate (const postgres_link_t *self);

//  Return a 64-bit or 32-bit number of a result, which must have the type bigint or int.
int64_t postgres_bigint (const PGresult *result, int row, int column);
int32_t postgres_int (const PGresult *result, int row, int column);

#endif
