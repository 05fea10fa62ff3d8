/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL: each message one row, inserted and notified in a transaction of its own that is
 * synced; pipelined. The reader listens, then reads what is new. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/slice.h"
#include "bench/peers/peer.h"

#define RECEIVE_MAX_MS 100
#define READ_MAX       "1000"

struct peer_connection {
    PGconn *pg;
    char insert[160];
    char select[160];
};

static void must(struct peer_connection *connection, PGresult *result, ExecStatusType wanted,
                 const char *what)
{
    if (PQresultStatus(result) != wanted) {
        peer_fail(what, PQerrorMessage(connection->pg));
    }
}

static void run(struct peer_connection *connection, const char *statement)
{
    PGresult *result = PQexec(connection->pg, statement);

    must(connection, result, PGRES_COMMAND_OK, statement);
    PQclear(result);
}

struct peer_connection *peer_open(const struct peer_address *address, bool reads)
{
    struct peer_connection *connection = base_zalloc(1, sizeof(*connection));
    char where[512];
    char statement[160];

    (void)snprintf(where, sizeof(where),
                   "hostaddr=127.0.0.1 port=%d dbname=postgres user=bench password=bench "
                   "sslmode=verify-ca sslrootcert=%s",
                   address->port, address->ca);
    connection->pg = PQconnectdb(where);
    if (PQstatus(connection->pg) != CONNECTION_OK) {
        peer_fail("PostgreSQL", PQerrorMessage(connection->pg));
    }
    (void)snprintf(connection->insert, sizeof(connection->insert),
                   "with row as (insert into %s (body) values ($1) returning id) "
                   "select pg_notify('%s', '') from row",
                   address->name, address->name);
    (void)snprintf(connection->select, sizeof(connection->select),
                   "delete from %s where id in (select id from %s order by id limit " READ_MAX
                   ") returning body",
                   address->name, address->name);
    if (reads) {
        (void)snprintf(statement, sizeof(statement), "listen %s", address->name);
        run(connection, statement);
    } else if (PQenterPipelineMode(connection->pg) != 1) {
        peer_fail("PostgreSQL", "no pipeline");
    }
    return connection;
}

void peer_close(struct peer_connection *connection)
{
    PQfinish(connection->pg);
    base_free(&connection);
}

void peer_publish(struct peer_connection *connection, const uint8_t body[PEER_BODY_BYTES])
{
    const char *const values[] = {(const char *)body};
    const int lengths[] = {PEER_BODY_BYTES};
    const int formats[] = {1};

    if (PQsendQueryParams(connection->pg, connection->insert, 1, NULL, values, lengths, formats,
                          1) != 1 ||
        PQpipelineSync(connection->pg) != 1) {
        peer_fail("PostgreSQL", PQerrorMessage(connection->pg));
    }
}

/* Of each message: its result, the end of its results, and the end of its transaction. */
size_t peer_confirmed(struct peer_connection *connection)
{
    bool committed = false;

    while (!committed) {
        PGresult *result = PQgetResult(connection->pg);
        ExecStatusType status = PQresultStatus(result);
        if (result != NULL && status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_SYNC) {
            peer_fail("PostgreSQL", PQerrorMessage(connection->pg));
        }
        committed = status == PGRES_PIPELINE_SYNC;
        PQclear(result);
    }
    return 1;
}

void peer_receive(struct peer_connection *connection,
                  void (*each)(void *data, const uint8_t *body, size_t len), void *data)
{
    PGresult *result =
        PQexecParams(connection->pg, connection->select, 0, NULL, NULL, NULL, NULL, 1);

    must(connection, result, PGRES_TUPLES_OK, "read");
    int rows = PQntuples(result);
    for (int i = 0; i < rows; i++) {
        each(data, (const uint8_t *)PQgetvalue(result, i, 0), (size_t)PQgetlength(result, i, 0));
    }
    PQclear(result);
    if (rows == 0) {
        struct pollfd readable = {.fd = PQsocket(connection->pg), .events = POLLIN};
        PGnotify *notified = PQnotifies(connection->pg);
        if (notified == NULL && poll(&readable, 1, RECEIVE_MAX_MS) == 1 &&
            PQconsumeInput(connection->pg) != 1) {
            peer_fail("PostgreSQL", PQerrorMessage(connection->pg));
        }
        for (; notified != NULL; notified = PQnotifies(connection->pg)) {
            PQfreemem(notified);
        }
    }
}
