//  The part of the fault shim (fault_shim.c) that stands before libraries: SQLite, ZeroMQ, GnuTLS,
//  libpq, librdkafka. It declares their functions itself, as a program may use none of them.
//  SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault_shim.h"

#define ZMQ_SNDMORE 2

//  SQLite: a statement whose step failed returns the error from its reset as well, and its database
//  tells the error until its next call.

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
sqlite3 *sqlite3_db_handle (sqlite3_stmt *statement);
int sqlite3_prepare_v2 (sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
int sqlite3_prepare_v3 (sqlite3 *, const char *, int, unsigned, sqlite3_stmt **, const char **);
int sqlite3_step (sqlite3_stmt *statement);
int sqlite3_reset (sqlite3_stmt *statement);
int sqlite3_finalize (sqlite3_stmt *statement);
int sqlite3_exec (
    sqlite3 *, const char *, int (*) (void *, int, char **, char **), void *, char **);
int sqlite3_errcode (sqlite3 *database);
int sqlite3_extended_errcode (sqlite3 *database);
const char *sqlite3_errmsg (sqlite3 *database);
const char *sqlite3_errstr (int result);
#pragma weak sqlite3_db_handle
#pragma weak sqlite3_errstr

static _Thread_local struct {
    sqlite3 *database;
    sqlite3_stmt *statement;
    int result;
} s_sqlite;

//  sqlite3_exec prepares and steps by these functions too, and SQLite calls it in itself, to read a
//  schema. It fails as a whole.
static _Thread_local unsigned s_executing;

static int
s_fail_sqlite (sqlite3 *database, sqlite3_stmt *statement)
{
    s_sqlite.database = database;
    s_sqlite.statement = statement;
    s_sqlite.result = fault_error ();
    return s_sqlite.result;
}

EXPORT int
sqlite3_prepare_v2 (
    sqlite3 *database, const char *sql, int size, sqlite3_stmt **statement, const char **rest)
{
    NEXT (sqlite3_prepare_v2);
    *statement = NULL;
    s_sqlite.database = NULL;
    return s_executing == 0 && fault_is_due (CALL_SQLITE3_PREPARE)
               ? s_fail_sqlite (database, NULL)
               : next (database, sql, size, statement, rest);
}

EXPORT int
sqlite3_prepare_v3 (sqlite3 *database, const char *sql, int size, unsigned flags,
    sqlite3_stmt **statement, const char **rest)
{
    NEXT (sqlite3_prepare_v3);
    *statement = NULL;
    s_sqlite.database = NULL;
    return s_executing == 0 && fault_is_due (CALL_SQLITE3_PREPARE)
               ? s_fail_sqlite (database, NULL)
               : next (database, sql, size, flags, statement, rest);
}

EXPORT int
sqlite3_step (sqlite3_stmt *statement)
{
    NEXT (sqlite3_step);
    s_sqlite.database = NULL;
    return s_executing == 0 && fault_is_due (CALL_SQLITE3_STEP)
               ? s_fail_sqlite (sqlite3_db_handle (statement), statement)
               : next (statement);
}

EXPORT int
sqlite3_exec (sqlite3 *database, const char *sql, int (*row) (void *, int, char **, char **),
    void *context, char **message)
{
    NEXT (sqlite3_exec);
    s_sqlite.database = NULL;
    if (s_executing == 0 && fault_is_due (CALL_SQLITE3_STEP))
        return s_fail_sqlite (database, NULL);
    s_executing++;
    int result = next (database, sql, row, context, message);
    s_executing--;
    return result;
}

EXPORT int
sqlite3_reset (sqlite3_stmt *statement)
{
    NEXT (sqlite3_reset);
    int result = next (statement);
    return s_sqlite.database && s_sqlite.statement == statement ? s_sqlite.result : result;
}

EXPORT int
sqlite3_finalize (sqlite3_stmt *statement)
{
    NEXT (sqlite3_finalize);
    int result = next (statement);
    return s_sqlite.database && s_sqlite.statement == statement ? s_sqlite.result : result;
}

EXPORT int
sqlite3_errcode (sqlite3 *database)
{
    NEXT (sqlite3_errcode);
    return s_sqlite.database && s_sqlite.database == database ? s_sqlite.result : next (database);
}

EXPORT const char *
sqlite3_errmsg (sqlite3 *database)
{
    NEXT (sqlite3_errmsg);
    return s_sqlite.database && s_sqlite.database == database ? sqlite3_errstr (s_sqlite.result)
                                                              : next (database);
}

//  ZeroMQ: only the first part of a message may fail.

typedef struct {
    unsigned char bytes[64];
} zmq_msg_t;
int zmq_send (void *socket, const void *bytes, size_t size, int flags);
int zmq_msg_send (zmq_msg_t *message, void *socket, int flags);
int zmq_msg_recv (zmq_msg_t *message, void *socket, int flags);
int zmq_msg_more (const zmq_msg_t *message);
int zmq_connect (void *socket, const char *endpoint);
void *zmq_socket (void *context, int type);
#pragma weak zmq_msg_more

static _Thread_local void *s_sending;    //  the socket in the middle of a message
static _Thread_local void *s_receiving;  //  likewise

//  Note the result of sending a part, and return it.
static int
s_note_sent (void *socket, int flags, int result)
{
    s_sending = result >= 0 && (flags & ZMQ_SNDMORE) ? socket : NULL;
    return result;
}

EXPORT int
zmq_send (void *socket, const void *bytes, size_t size, int flags)
{
    NEXT (zmq_send);
    if (s_sending != socket && fault_is_due (CALL_ZMQ_SEND))
        return -1;
    return s_note_sent (socket, flags, next (socket, bytes, size, flags));
}

EXPORT int
zmq_msg_send (zmq_msg_t *message, void *socket, int flags)
{
    NEXT (zmq_msg_send);
    if (s_sending != socket && fault_is_due (CALL_ZMQ_MSG_SEND))
        return -1;
    return s_note_sent (socket, flags, next (message, socket, flags));
}

EXPORT int
zmq_msg_recv (zmq_msg_t *message, void *socket, int flags)
{
    NEXT (zmq_msg_recv);
    if (s_receiving != socket && fault_is_due (CALL_ZMQ_MSG_RECV))
        return -1;
    int result = next (message, socket, flags);
    s_receiving = result >= 0 && zmq_msg_more (message) ? socket : NULL;
    return result;
}

EXPORT int
zmq_connect (void *socket, const char *endpoint)
{
    NEXT (zmq_connect);
    return fault_is_due (CALL_ZMQ_CONNECT) ? -1 : next (socket, endpoint);
}

EXPORT void *
zmq_socket (void *context, int type)
{
    NEXT (zmq_socket);
    return fault_is_due (CALL_ZMQ_SOCKET) ? NULL : next (context, type);
}

//  GnuTLS returns its errors.

typedef struct gnutls_session_int *gnutls_session_t;
int gnutls_init (gnutls_session_t *session, unsigned flags);
int gnutls_handshake (gnutls_session_t session);
ssize_t gnutls_record_send (gnutls_session_t session, const void *bytes, size_t size);
ssize_t gnutls_record_recv (gnutls_session_t session, void *bytes, size_t size);

EXPORT int
gnutls_init (gnutls_session_t *session, unsigned flags)
{
    NEXT (gnutls_init);
    if (!fault_is_due (CALL_GNUTLS_INIT))
        return next (session, flags);
    *session = NULL;
    return fault_error ();
}

EXPORT int
gnutls_handshake (gnutls_session_t session)
{
    NEXT (gnutls_handshake);
    return fault_is_due (CALL_GNUTLS_HANDSHAKE) ? fault_error () : next (session);
}

EXPORT ssize_t
gnutls_record_send (gnutls_session_t session, const void *bytes, size_t size)
{
    NEXT (gnutls_record_send);
    return fault_is_due (CALL_GNUTLS_RECORD_SEND) ? fault_error () : next (session, bytes, size);
}

EXPORT ssize_t
gnutls_record_recv (gnutls_session_t session, void *bytes, size_t size)
{
    NEXT (gnutls_record_recv);
    return fault_is_due (CALL_GNUTLS_RECORD_RECV) ? fault_error () : next (session, bytes, size);
}

//  libpq: no connection, nothing sent, nothing received, no result, as without memory.

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef unsigned Oid;
PGconn *PQconnectdbParams (const char *const *keys, const char *const *values, int expand);
int PQsendQueryParams (PGconn *, const char *sql, int count, const Oid *types,
    const char *const *values, const int *sizes, const int *formats, int format);
int PQsendPrepare (PGconn *, const char *name, const char *sql, int count, const Oid *types);
int PQsendQueryPrepared (PGconn *, const char *name, int count, const char *const *values,
    const int *sizes, const int *formats, int format);
int PQconsumeInput (PGconn *);
PGresult *PQgetResult (PGconn *);

EXPORT PGconn *
PQconnectdbParams (const char *const *keys, const char *const *values, int expand)
{
    NEXT (PQconnectdbParams);
    return fault_is_due (CALL_PQ_CONNECT) ? NULL : next (keys, values, expand);
}

EXPORT int
PQsendQueryParams (PGconn *connection, const char *sql, int count, const Oid *types,
    const char *const *values, const int *sizes, const int *formats, int format)
{
    NEXT (PQsendQueryParams);
    return !fault_is_due (CALL_PQ_SEND) &&
           next (connection, sql, count, types, values, sizes, formats, format);
}

EXPORT int
PQsendPrepare (PGconn *connection, const char *name, const char *sql, int count, const Oid *types)
{
    NEXT (PQsendPrepare);
    return !fault_is_due (CALL_PQ_SEND) && next (connection, name, sql, count, types);
}

EXPORT int
PQsendQueryPrepared (PGconn *connection, const char *name, int count, const char *const *values,
    const int *sizes, const int *formats, int format)
{
    NEXT (PQsendQueryPrepared);
    return !fault_is_due (CALL_PQ_SEND) &&
           next (connection, name, count, values, sizes, formats, format);
}

EXPORT int
PQconsumeInput (PGconn *connection)
{
    NEXT (PQconsumeInput);
    return !fault_is_due (CALL_PQ_CONSUME) && next (connection);
}

EXPORT PGresult *
PQgetResult (PGconn *connection)
{
    NEXT (PQgetResult);
    return fault_is_due (CALL_PQ_RESULT) ? NULL : next (connection);
}

//  librdkafka: a queue that is full, or a client that cannot.

typedef struct {
    int error;
    void *topic;
    int32_t partition;
    void *bytes[2];
    void *key[2];
    int64_t offset;
    void *opaque;
} kafka_message_t;
void *rd_kafka_error_new (int error, const char *form, ...);
void *rd_kafka_produceva (void *client, const void *parts, size_t count);
int rd_kafka_produce_batch (
    void *topic, int32_t partition, int flags, kafka_message_t *messages, int count);
ssize_t rd_kafka_consume_batch_queue (
    void *queue, int timeout_ms, kafka_message_t **messages, size_t size);
int rd_kafka_commit (void *client, const void *offsets, int is_async);
#pragma weak rd_kafka_error_new

EXPORT void *
rd_kafka_produceva (void *client, const void *parts, size_t count)
{
    NEXT (rd_kafka_produceva);
    return fault_is_due (CALL_RD_KAFKA_PRODUCE)
               ? rd_kafka_error_new (fault_error (), "%s", "a fault of the test")
               : next (client, parts, count);
}

EXPORT int
rd_kafka_produce_batch (
    void *topic, int32_t partition, int flags, kafka_message_t *messages, int count)
{
    NEXT (rd_kafka_produce_batch);
    if (!fault_is_due (CALL_RD_KAFKA_PRODUCE))
        return next (topic, partition, flags, messages, count);
    for (int index = 0; index < count; index++)
        messages[index].error = fault_error ();
    return 0;
}

EXPORT ssize_t
rd_kafka_consume_batch_queue (void *queue, int timeout_ms, kafka_message_t **messages, size_t size)
{
    NEXT (rd_kafka_consume_batch_queue);
    return fault_is_due (CALL_RD_KAFKA_CONSUME) ? -1 : next (queue, timeout_ms, messages, size);
}

EXPORT int
rd_kafka_commit (void *client, const void *offsets, int is_async)
{
    NEXT (rd_kafka_commit);
    return fault_is_due (CALL_RD_KAFKA_COMMIT) ? fault_error () : next (client, offsets, is_async);
}
