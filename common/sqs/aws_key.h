//  An AWS key, and its places that need no network: the environment and the usual file. A key is a
//  secret and is never logged.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_AWS_KEY_H
#define DOWNLINK_AWS_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text/text.h"

//  Zeroed memory: no key.
typedef struct {
    char *id;
    char *secret;
    char *token;         //  of a session; NULL: none
    int64_t expires_us;  //  on clock_wall_us; INT64_MAX: never
} aws_key_t;

//  Wipe and free the texts.
void aws_key_clear (aws_key_t *self);

//  Read AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Return false if the first
//  two are not set.
bool aws_key_from_environment (aws_key_t *self) __attribute__ ((warn_unused_result));

//  Read a profile of a credentials file: `[name]`, then aws_access_key_id and so on. path NULL:
//  AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials; profile NULL: AWS_PROFILE or `default`.
//  Return false if there is no such profile with a key.
bool aws_key_from_file (aws_key_t *self, const char *path, const char *profile)
    __attribute__ ((warn_unused_result));

//  Read the JSON of a container's or machine's role: AccessKeyId, SecretAccessKey, Token,
//  Expiration. Return false if it holds no key.
bool aws_key_from_role (aws_key_t *self, text_t json) __attribute__ ((warn_unused_result));

#endif
