//  The settings of --rabbitmq-config:
//
//    url           amqp://HOST:PORT/VHOST, or amqps:// with TLS; it may have a user and a password.
//                  Several lines name brokers to try one after the other
//    user          else that of the URL, else guest
//    password
//    vhost         else that of the URL, else /
//    heartbeat     seconds; the broker and this program give each other up after twice as many (5)
//    tls.ca        file of the authorities to trust, else those of the system
//    tls.cert      file of the certificate to show; needs tls.key
//    tls.key
//    tls.verify    yes or no: check the certificate of the broker, and its name (yes)
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RABBITMQ_SETTINGS_H
#define DOWNLINK_RABBITMQ_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define RABBITMQ_URLS_MAX 16

//  A broker to connect to.
typedef struct {
    char *text;  //  the URL, which holds the members below
    const char *host;
    int port;
    bool has_tls;
    const char *vhost;
    const char *user;
    const char *password;
} rabbitmq_url_t;

//  Settings never change after they were read, so any thread may use them.
typedef struct {
    rabbitmq_url_t urls[RABBITMQ_URLS_MAX];
    size_t urls_count;  //  1 at least
    int heartbeat_s;
    char *ca;    //  NULL: none
    char *cert;  //  NULL: none; else key is given too
    char *key;
    bool is_verifying;
    char *user, *password, *vhost;  //  NULL: those of the URL
} rabbitmq_settings_t;

//  Read a file. Return NULL if it cannot be used; then the log says why, without values.
rabbitmq_settings_t *rabbitmq_settings_read (const char *path);

void rabbitmq_settings_destroy (rabbitmq_settings_t **self_p);

#endif
