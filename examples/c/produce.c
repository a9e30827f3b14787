//  Sends the messages of one rocket, with libcurl: produce [URL] [CHANNEL]
//  SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *s_channel;

//  Write a message as a line of JSON.
static void
s_write (FILE *body, unsigned number, const char *kind, const char *content)
{
    char now[32];
    time_t seconds = time (NULL);
    strftime (now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime (&seconds));
    fprintf (body,
        "{\"metadata\":{\"channel\":\"%s\",\"messageNumber\":%u,\"messageTime\":\"%s\","
        "\"messageType\":\"%s\"},\"message\":%s}\n",
        s_channel, number, now, kind, content);
}

//  Send until it is accepted. Repeat it when in doubt: a message counts once.
static void
s_post (CURL *curl, const char *body)
{
    for (;;) {
        long status = 0;
        curl_off_t pause_s = 0;
        curl_easy_setopt (curl, CURLOPT_POSTFIELDS, body);
        CURLcode result = curl_easy_perform (curl);  //  prints the answer
        curl_easy_getinfo (curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo (curl, CURLINFO_RETRY_AFTER, &pause_s);
        printf ("\n");
        if (result != CURLE_OK)  //  nobody listens, or the answer was lost
            fprintf (stderr, "again in a second: %s\n", curl_easy_strerror (result));
        else if (status < 300)
            return;
        else if (status <
                 500)  //  repeating does not help: the answer names the fault and its place
            exit (1);
        sleep (pause_s > 0 ? (unsigned) pause_s : 1);
    }
}

int
main (int argc, char **argv)
{
    char url[256];
    snprintf (url, sizeof url, "%s/messages", argc > 1 ? argv[1] : "http://localhost:8088");
    s_channel = argc > 2 ? argv[2] : "from-c";

    CURL *curl = curl_easy_init ();
    if (!curl)
        return 1;
    //  Prefer: wait=5 has the answer come once the messages are in the state: 200. Without it, 202
    //  says that they are safe and will be.
    struct curl_slist *fields = curl_slist_append (NULL, "Content-Type: application/x-ndjson");
    fields = curl_slist_append (fields, "Prefer: wait=5");
    curl_easy_setopt (curl, CURLOPT_URL, url);
    curl_easy_setopt (curl, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt (curl, CURLOPT_TIMEOUT, 10L);
    const char *token = getenv ("DOWNLINK_TOKEN");
    if (token) {  //  for a gateway with tokens
        curl_easy_setopt (curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt (curl, CURLOPT_XOAUTH2_BEARER, token);
    }

    char *text = NULL;
    size_t size = 0;
    FILE *body = open_memstream (&text, &size);
    if (!body)
        return 1;
    s_write (body, 1, "RocketLaunched",
        "{\"type\":\"Falcon-9\",\"launchSpeed\":500,\"mission\":\"ARTEMIS\"}");
    //  That number 3 comes before number 2 changes nothing, and that number 2 comes twice neither.
    s_write (body, 3, "RocketSpeedIncreased", "{\"by\":3000}");
    s_write (body, 2, "RocketSpeedDecreased", "{\"by\":100}");
    s_write (body, 2, "RocketSpeedDecreased", "{\"by\":100}");
    s_write (body, 4, "RocketMissionChanged", "{\"newMission\":\"SHUTTLE_MIR\"}");
    fclose (body);
    s_post (curl, text);

    free (text);
    curl_slist_free_all (fields);
    curl_easy_cleanup (curl);
    return 0;
}
