#!/usr/bin/env bash
#  Check that as few files as possible include a library's headers. The table names these files: a change that
#  includes a library elsewhere extends the table, where reviewers see it.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

#  What an include begins with, and a pattern of the files that may have it.
allowed=(
    'microhttpd\.h   ^http/((connection/)?http_[a-z_]+\.[ch]|tls/tls_gate\.c)$'
    'gnutls/         ^(http/(tls/tls_[a-z]+|http_secure)|common/client/http_line)\.[ch]$'
    'z(lib|std)\.h   ^http/coding/http_(coding|encoder)\.c$'
    'sqlite3\.h      ^(disk/sqlite_(file|fault)|gateway/journal/journal_file|processor/save/store_sqlite)\.[ch]$'
    'simdjson        ^common/bytes/json_text\.[ch]pp$'
    'msgpack         ^common/bytes/(frame|announcement|msgpack_[a-z]+)\.[ch]$'
    'zmq             ^(common/network/(socket|socket_keys|link_watch|doorkeeper)|curve/(authenticator|door_check))\.c$'
    'xxhash          ^common/[a-z]+/[a-z_]+\.[ch]$'
    'librdkafka      ^(common/(kafka/kafka_[a-z]+|domain/partition)|gateway/link/kafka_producer|processor/intake/(source_kafka|kafka_[a-z_]+))\.[ch]$'
    '(rabbitmq-c/|amqp) ^common/rabbitmq/amqp_library\.h$'
    'curl/           ^common/sqs/web\.c$'
    'yajl            ^(common/bytes/json_[a-z]+|common/kafka/kafka_statistics|common/sqs/sqs_json|query/gateway_stats|launch/[a-z_]+)\.c$'
)

status=0
for line in "${allowed[@]}"; do
    read -r header files <<<"$line"
    while IFS= read -r found; do
        file=${found%%:*}
        if [[ ! $file =~ $files ]]; then
            echo "$found: only files like $files may include this" >&2
            status=1
        fi
    done < <(grep --recursive --line-number --extended-regexp "^#include [<\"]$header" \
        --include='*.[ch]' --include='*.[ch]pp' common disk curve http gateway processor query launch move || true)
done

#  Threads start in one place, which answers a limit of threads; the log starts its own.
if grep --recursive --line-number --extended-regexp '\b(pthread_create|thrd_create|g_thread_(try_)?new) \(' \
    --include='*.c' --include='*.cpp' common disk curve http gateway processor query launch move keygen |
    grep --invert-match --extended-regexp '^common/process/(thread|log_writer)\.c:' >&2; then
    echo "start threads with common/process/thread.h" >&2
    status=1
fi
exit "$status"
