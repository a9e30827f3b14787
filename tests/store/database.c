//  SPDX-License-Identifier: Apache-2.0
#include "tests/store/database.h"

#include <criterion/criterion.h>
#include <glib.h>
#include <libpq-fe.h>
#include <string.h>
#include <unistd.h>

//  Return the address of a database of the server; the caller frees it with g_free.
static char *
s_address (const char *database)
{
    PQconninfoOption *options = PQconninfoParse (g_getenv ("DOWNLINK_POSTGRES"), NULL);
    const char *host = NULL;
    const char *port = NULL;
    cr_assert_not_null (options, "DOWNLINK_POSTGRES is not an address");
    for (PQconninfoOption *option = options; option->keyword; option++) {
        host = strcmp (option->keyword, "host") == 0 ? option->val : host;
        port = strcmp (option->keyword, "port") == 0 ? option->val : port;
    }
    char *address = g_strdup_printf ("postgres://postgres@%s:%s/%s", host, port, database);
    PQconninfoFree (options);
    return address;
}

void
database_execute (const char *address, const char *sql)
{
    PGconn *connection = PQconnectdb (address);
    cr_assert_eq (PQstatus (connection), CONNECTION_OK, "%s", PQerrorMessage (connection));
    PGresult *result = PQexec (connection, sql);
    cr_assert_eq (
        PQresultStatus (result), PGRES_COMMAND_OK, "%s: %s", sql, PQresultErrorMessage (result));
    PQclear (result);
    PQfinish (connection);
}

//  Execute a statement about a database, in another one.
static void
s_manage (const char *statement, const char *name, const char *options)
{
    char *server = s_address ("postgres");
    char *sql = g_strdup_printf ("%s DATABASE %s %s", statement, name, options);
    database_execute (server, sql);
    g_free (sql);
    g_free (server);
}

char *
database_make (void)
{
    char *name = g_strdup_printf (
        "test_%d_%" G_GINT64_FORMAT, (int) getpid (), (gint64) g_get_monotonic_time ());
    s_manage ("CREATE", name, "");
    char *address = s_address (name);
    g_free (name);
    return address;
}

void
database_drop (char **address_p)
{
    s_manage ("DROP", strrchr (*address_p, '/') + 1, "WITH (FORCE)");
    g_clear_pointer (address_p, g_free);
}
