//  Real sockets with keys: which keys get in, which name a message carries, and that no key gets in
//  without an authenticator.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "common/process/clock.h"
#include "curve/curve.h"
#include "curve/key_maker.h"

#define PATIENCE_MS 60000
#define HANDSHAKE_MS 4000  //  more than a handshake may take

static char *s_path;
static curve_t *s_curve;
static socket_t *s_pull;
static socket_keys_t s_own;
static char *s_user;  //  of the last message

//  This process plays both sides: the processor's key is the own one of all its sockets, so it gets
//  the right to push here.
static void
s_list (const char *rights)
{
    char key[SOCKET_KEY_TEXT_SIZE];
    char *file = g_build_filename (s_path, KEY_DIRECTORY_PEERS, NULL);
    socket_key_print (s_own.public_key, key);
    char *text = *rights ? g_strdup_printf ("me %s %s\n", rights, key) : g_strdup ("");
    cr_assert (
        g_file_set_contents_full (file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    g_free (text);
    g_free (file);
}

static void
s_set_up (void)
{
    char fault[KEY_DIRECTORY_FAULT_SIZE];
    bool is_filled;
    cr_assert (socket_setup ());
    s_path = g_dir_make_tmp ("downlink-keys-XXXXXX", NULL);
    cr_assert (key_maker_fill (s_path, &is_filled, fault), "%s", fault);
    cr_assert (key_directory_read_secret (s_path, "processor", &s_own, fault), "%s", fault);
    s_list ("push,announce");
    s_curve = curve_open (s_path, "processor", true);
    cr_assert_not_null (s_curve);
    for (uint16_t port = 35000; !s_pull && port < 36000; port++)
        s_pull = socket_bind (SOCKET_PULL, "127.0.0.1", port);
    cr_assert_not_null (s_pull);
}

static void
s_tear_down (void)
{
    socket_destroy (&s_pull);
    curve_close (&s_curve);
    static const char *const names[] = {
        "gateway.key", "processor.key", "query.key", "peers", ".lock"};
    for (size_t index = 0; index < G_N_ELEMENTS (names); index++) {
        char *file = g_build_filename (s_path, names[index], NULL);
        g_unlink (file);
        g_free (file);
    }
    g_rmdir (s_path);
    g_free (s_path);
    g_free (s_user);
}

TestSuite (authenticator, .init = s_set_up, .fini = s_tear_down);

//  Return true if a message gets through on a new connection.
static bool
s_gets_through (int64_t patience_ms)
{
    socket_t *push = socket_connect (SOCKET_PUSH, socket_endpoint (s_pull));
    int64_t until_ms = clock_ms () + patience_ms;
    bool is_through = false;
    while (!is_through && clock_ms () < until_ms && !socket_was_refused (push)) {
        text_t part;
        bool more;
        socket_item_t item = {.socket = s_pull};
        (void) !socket_send (push, "frame", 5, false);
        socket_poll (&item, 1, 10);
        while (socket_receive (s_pull, &part, &more)) {
            g_free (s_user);
            s_user = g_strdup (socket_user (s_pull));
            is_through = true;
        }
    }
    socket_destroy (&push);
    return is_through;
}

Test (authenticator, a_listed_key_gets_in_and_its_messages_carry_its_name)
{
    cr_assert (s_gets_through (PATIENCE_MS));
    cr_assert_not_null (s_user);
    cr_expect_str_eq (s_user, "me");
    cr_expect_eq (authenticator_refusals (s_curve->authenticator).unknown, 0);
}

Test (authenticator, a_random_key_is_refused_which_is_not_counted)
{
    cr_expect (curve_check (s_curve, s_pull, SOCKET_PULL));
    cr_expect_eq (authenticator_expected (s_curve->authenticator), 1);
    cr_expect_eq (authenticator_refusals (s_curve->authenticator).unknown, 0);
}

Test (authenticator, a_key_in_another_list_or_in_none_is_refused)
{
    s_list ("ask,announce");
    peer_keeper_look (s_curve->peers, true);
    cr_expect_not (s_gets_through (PATIENCE_MS));
    cr_expect_eq (authenticator_refusals (s_curve->authenticator).unlisted, 1);
    s_list ("");
    peer_keeper_look (s_curve->peers, true);
    cr_expect_not (s_gets_through (PATIENCE_MS));
    cr_expect_eq (authenticator_refusals (s_curve->authenticator).unknown, 1);
    s_list ("push");
    peer_keeper_look (s_curve->peers, true);
    cr_expect (s_gets_through (PATIENCE_MS));
}

Test (authenticator, nobody_gets_in_when_it_has_ended)
{
    cr_assert (s_gets_through (PATIENCE_MS));
    authenticator_destroy (&s_curve->authenticator);
    cr_expect_not (s_gets_through (HANDSHAKE_MS));
}

Test (authenticator, a_check_fails_on_a_socket_without_one)
{
    authenticator_destroy (&s_curve->authenticator);
    s_curve->authenticator = authenticator_new (s_curve->peers, false);
    cr_assert_not_null (s_curve->authenticator);
    cr_expect_not (curve_check (s_curve, s_pull, SOCKET_PULL));
}

Test (authenticator, a_bad_list_changes_nothing)
{
    s_list ("everything");
    peer_keeper_look (s_curve->peers, true);
    cr_expect_eq (peer_keeper_version (s_curve->peers), 0);
    cr_expect (s_gets_through (PATIENCE_MS));
}
