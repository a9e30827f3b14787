//  Shows rockets as they change, a line of JSON each, with libcurl: consume [URL] [CHANNEL]
//  SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

//  The line of the stream that is being received. A rocket is at most a few kilobytes of JSON, but
//  its missing numbers may be many.
static struct {
    char text[256 * 1024];
    size_t size;
    bool is_rocket;  //  the last event line said so
} s_line;

static void
s_take_line (void)
{
    s_line.text[s_line.size] = 0;
    if (strncmp (s_line.text, "event: ", 7) == 0)
        s_line.is_rocket = strcmp (s_line.text, "event: rocket") == 0;
    else if (strncmp (s_line.text, "data: ", 6) == 0 && s_line.is_rocket) {
        printf ("%s\n", s_line.text + 6);
        fflush (stdout);
    }
    s_line.size = 0;
}

//  Bytes come as they come: an event may be in several pieces, and a piece may hold several events.
//  The parameters are libcurl's. NOLINTBEGIN(readability-non-const-parameter)
static size_t
s_receive (char *bytes, size_t one, size_t count, void *context)
{
    (void) one;
    (void) context;
    for (size_t index = 0; index < count; index++) {
        if (bytes[index] == '\n')
            s_take_line ();
        else if (bytes[index] != '\r' && s_line.size < sizeof s_line.text - 1)
            s_line.text[s_line.size++] = bytes[index];
    }
    return count;
}
//  NOLINTEND(readability-non-const-parameter)

int
main (int argc, char **argv)
{
    CURL *curl = curl_easy_init ();
    if (!curl)
        return 1;
    const char *base = argc > 1 ? argv[1] : "http://localhost:8088";
    char *channel = argc > 2 ? curl_easy_escape (curl, argv[2], 0) : NULL;
    char url[1024];
    snprintf (
        url, sizeof url, "%s/events%s%s", base, channel ? "?id=" : "", channel ? channel : "");
    curl_free (channel);

    curl_easy_setopt (curl, CURLOPT_URL, url);
    curl_easy_setopt (curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, s_receive);
    const char *token = getenv ("DOWNLINK_TOKEN");
    if (token) {  //  for a gateway with tokens
        curl_easy_setopt (curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt (curl, CURLOPT_XOAUTH2_BEARER, token);
    }
    //  The stream begins with the rockets that there are; then each comes when it changes. When it
    //  ends, the next one shows again all that there is.
    for (;;) {
        CURLcode result = curl_easy_perform (curl);
        fprintf (stderr, "again in a second: %s\n", curl_easy_strerror (result));
        s_line.size = 0;
        sleep (1);
    }
}
