//  The signals that stop a program, as a descriptor that a loop can wait for: SIGTERM, SIGINT, and
//  SIGHUP, which a terminal sends when it closes. Others that would end the process are ignored;
//  SIGQUIT and the signals of crashes keep their effect.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STOP_SIGNALS_H
#define DOWNLINK_STOP_SIGNALS_H

//  Block the stopping signals in all threads, ignore the others, and return a descriptor that becomes
//  readable when one of the former has come; -1 with errno set if that fails. Call once in main,
//  before any thread is made. A SIGHUP that is ignored already (nohup) stays ignored.
int stop_signals_open (void);

//  Let a second SIGTERM or SIGINT end the process at once, from now on. SIGHUP is ignored then.
void stop_signals_release (void);

#endif
