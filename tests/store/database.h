//  A PostgreSQL database for one case of a test. DOWNLINK_POSTGRES is the address of a server with
//  a superuser postgres.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEST_DATABASE_H
#define DOWNLINK_TEST_DATABASE_H

//  Make a database, and return its address. The next function frees it.
char *database_make (void);

//  Drop the database.
void database_drop (char **address_p);

//  Execute SQL in the database of this address.
void database_execute (const char *address, const char *sql);

#endif
