//  The headers of rabbitmq-c, which have moved: Debian 12 has 0.11, Debian 13 has 0.15.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_AMQP_LIBRARY_H
#define DOWNLINK_AMQP_LIBRARY_H

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

#endif
