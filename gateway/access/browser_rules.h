//  Rules for requests that a web page makes a browser send. A developer's browser reaches ports of
//  the developer's machine, so without these rules any page on the web could use a gateway there.
//
//    - A page of another origin can change nothing: its POST carries an Origin, or says
//      Sec-Fetch-Site: cross-site. (Fetch Standard, "Origin header"; Fetch Metadata Request Headers)
//    - A page can read nothing through a foreign name that points at this machine: the browser
//      sends that name in Host. (DNS rebinding)
//
//  Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BROWSER_RULES_H
#define DOWNLINK_BROWSER_RULES_H

#include <stdbool.h>

typedef struct {
    bool is_loopback;   //  the gateway listens on a loopback address
    const char *hosts;  //  further names that Host may have, comma-separated; NULL: none
    const char *cors;   //  an origin that may call, or "*"; NULL: none
} browser_rules_t;

//  The fields of a request; NULL: not given.
typedef struct {
    const char *method;
    const char *host;
    const char *origin;
    const char *fetch_site;  //  Sec-Fetch-Site
} browser_head_t;

typedef enum {
    BROWSER_ALLOWED,
    BROWSER_UNKNOWN_HOST,  //  Host is not a name of this gateway
    BROWSER_CROSS_SITE,    //  a page of another origin wants to change something
} browser_verdict_t;

//  Judge a request. Host is checked on loopback, and elsewhere if hosts are given.
browser_verdict_t browser_rules_judge (const browser_rules_t *self, const browser_head_t *head);

#endif
