//  Shared by the files of the fault shim (fault_shim.c).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FAULT_SHIM_H
#define DOWNLINK_FAULT_SHIM_H

#include <dlfcn.h>
#include <stdbool.h>

#define EXPORT __attribute__ ((visibility ("default")))
#define HIDDEN __attribute__ ((visibility ("hidden")))

//  Find the next definition of a function, once.
#define NEXT(name)                                                                                 \
    static __typeof__ (name) *next;                                                                \
    if (!next)                                                                                     \
    *(void **) &next = dlsym (RTLD_NEXT, #name)

typedef enum {
    CALL_MALLOC,
    CALL_CALLOC,
    CALL_REALLOC,
    CALL_MEMALIGN,  //  posix_memalign, aligned_alloc
    CALL_WRITE,
    CALL_PWRITE,
    CALL_WRITEV,
    CALL_SEND,
    CALL_SENDMSG,
    CALL_RECV,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_FTRUNCATE,
    CALL_ACCEPT4,
    CALL_OPEN,
    CALL_CONNECT,
    CALL_PTHREAD_CREATE,  //  and thrd_create, of librdkafka
    CALL_SQLITE3_PREPARE,
    CALL_SQLITE3_STEP,
    CALL_ZMQ_SOCKET,
    CALL_ZMQ_CONNECT,
    CALL_ZMQ_SEND,
    CALL_ZMQ_MSG_SEND,
    CALL_ZMQ_MSG_RECV,
    CALL_GNUTLS_INIT,
    CALL_GNUTLS_HANDSHAKE,
    CALL_GNUTLS_RECORD_SEND,
    CALL_GNUTLS_RECORD_RECV,
    CALL_PQ_CONNECT,
    CALL_PQ_SEND,  //  PQsendQueryParams, PQsendPrepare, PQsendQueryPrepared
    CALL_PQ_CONSUME,
    CALL_PQ_RESULT,
    CALL_RD_KAFKA_PRODUCE,  //  of one record, or of a batch
    CALL_RD_KAFKA_CONSUME,
    CALL_RD_KAFKA_COMMIT,
    CALLS
} call_t;

//  Count a call. Return true, with errno set, if it must fail.
HIDDEN bool fault_is_due (call_t call);

//  Return the error of a function that returns it rather than setting errno.
HIDDEN int fault_error (void);

#endif
