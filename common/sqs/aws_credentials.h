//  The key with which requests are signed, from the first place that has one:
//
//    the environment      unless a profile is set
//    the usual file       the profile; read again when it may have changed
//    a container's role   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
//    a machine's role     the metadata service of EC2, version 2
//
//  Keys of a role run out, and are asked for again before. Nothing waits; one thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_AWS_CREDENTIALS_H
#define DOWNLINK_AWS_CREDENTIALS_H

#include "common/sqs/aws_key.h"
#include "common/sqs/web.h"

typedef struct aws_credentials aws_credentials_t;

//  Look for a key. profile: NULL or a name; it is copied. The web is borrowed.
aws_credentials_t *aws_credentials_new (const char *profile, web_t *web);

//  Call it after the web is destroyed, which may have a request.
void aws_credentials_destroy (aws_credentials_t **self_p);

//  Return the key, borrowed until the next run; NULL: there is none now.
const aws_key_t *aws_credentials_key (const aws_credentials_t *self);

//  Ask for the next key when it is time.
void aws_credentials_run (aws_credentials_t *self);

//  Look for another key soon, because this one was refused.
void aws_credentials_distrust (aws_credentials_t *self);

//  Return a sentence about why there is no key, or NULL.
const char *aws_credentials_fault (const aws_credentials_t *self);

#endif
