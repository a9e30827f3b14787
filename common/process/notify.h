//  Messages to the service manager, in systemd's sd_notify protocol: datagrams to the socket that
//  NOTIFY_SOCKET names. Without that variable nothing happens. Any thread may call these functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_NOTIFY_H
#define DOWNLINK_NOTIFY_H

#include <stdint.h>

//  Tell systemd that the process is ready. Call once.
void notify_ready (void);

//  Tell systemd that the process is stopping.
void notify_stopping (void);

//  Tell systemd that the loops still turn.
void notify_alive (void);

//  Return the longest pause between two calls of notify_alive, in milliseconds (WATCHDOG_USEC); 0:
//  no calls are needed.
uint64_t notify_alive_ms (void);

#endif
