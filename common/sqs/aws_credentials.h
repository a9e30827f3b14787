//  The AWS key that signs requests, from the first of these places that has one:
//
//    the environment      unless a profile is set
//    the usual file       the profile; read again from time to time
//    a container's role   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
//    a machine's role     the metadata service of EC2, version 2
//
//  Keys of a role expire; the next key is requested some minutes before. No function waits. One
//  thread owns the credentials.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_AWS_CREDENTIALS_H
#define DOWNLINK_AWS_CREDENTIALS_H

#include "common/sqs/aws_key.h"
#include "common/sqs/web.h"

typedef struct aws_credentials aws_credentials_t;

//  Look for a key. profile: NULL or a name; it is copied. The web is borrowed.
aws_credentials_t *aws_credentials_new (const char *profile, web_t *web);

//  Free the credentials. Destroy the web first, as it may have a request of theirs.
void aws_credentials_destroy (aws_credentials_t **self_p);

//  Return the key, borrowed until the next run; NULL: there is no key now.
const aws_key_t *aws_credentials_key (const aws_credentials_t *self);

//  Ask for the next key when it is time.
void aws_credentials_run (aws_credentials_t *self);

//  Look for another key soon, because AWS refused this one.
void aws_credentials_distrust (aws_credentials_t *self);

//  Return a sentence that says why there is no key, or NULL.
const char *aws_credentials_fault (const aws_credentials_t *self);

#endif
