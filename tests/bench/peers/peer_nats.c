/* SPDX-License-Identifier: Apache-2.0 */
/* NATS JetStream: a stream in files, from which a message goes once its reader has acknowledged it.
 * It confirms what it has handed to the system and syncs every two minutes: nothing is synced
 * before it is confirmed. */
#include <nats/nats.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/slice.h"
#include "bench/peers/peer.h"

#define CONFIRM_MAX_MS 30000
#define RECEIVE_MAX_MS 100

struct peer_connection {
    natsConnection *nats;
    jsCtx *stream;
    natsSubscription *confirmations; /* of a publisher */
    natsSubscription *messages;      /* of the reader */
    char inbox[64];
    char subject[64];
};

static void must(natsStatus status, const char *what)
{
    if (status != NATS_OK) {
        const char *why = nats_GetLastError(NULL);
        peer_fail(what, why == NULL ? natsStatus_GetText(status) : why);
    }
}

static void make_stream(struct peer_connection *connection, const char *name)
{
    const char *subjects[] = {connection->subject};
    jsStreamConfig config;

    must(jsStreamConfig_Init(&config), "stream");
    config.Name = name;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Retention = js_WorkQueuePolicy;
    config.Storage = js_FileStorage;
    must(js_AddStream(NULL, connection->stream, &config, NULL, NULL), "stream");
}

static void subscribe(struct peer_connection *connection)
{
    jsSubOptions options;

    must(jsSubOptions_Init(&options), "subscribe");
    options.ManualAck = true;
    must(js_SubscribeSync(&connection->messages, connection->stream, connection->subject, NULL,
                          &options, NULL),
         "subscribe");
    must(natsSubscription_SetPendingLimits(connection->messages, -1, -1), "subscribe");
}

static void expect_confirmations(struct peer_connection *connection)
{
    natsInbox *inbox = NULL;

    must(natsInbox_Create(&inbox), "inbox");
    (void)snprintf(connection->inbox, sizeof(connection->inbox), "%s", inbox);
    natsInbox_Destroy(inbox);
    must(natsConnection_SubscribeSync(&connection->confirmations, connection->nats,
                                      connection->inbox),
         "inbox");
}

struct peer_connection *peer_open(const struct peer_address *address, bool reads)
{
    struct peer_connection *connection = base_zalloc(1, sizeof(*connection));
    natsOptions *options = NULL;
    char url[64];

    (void)snprintf(url, sizeof(url), "tls://127.0.0.1:%d", address->port);
    (void)snprintf(connection->subject, sizeof(connection->subject), "bench.%s", address->name);
    must(natsOptions_Create(&options), "options");
    must(natsOptions_SetURL(options, url), "options");
    must(natsOptions_SetSecure(options, true), "options");
    must(natsOptions_LoadCATrustedCertificates(options, address->ca), "certificate");
    must(natsConnection_Connect(&connection->nats, options), "connect");
    natsOptions_Destroy(options);
    must(natsConnection_JetStream(&connection->stream, connection->nats, NULL), "JetStream");
    if (reads) {
        make_stream(connection, address->name);
        subscribe(connection);
    } else {
        expect_confirmations(connection);
    }
    return connection;
}

void peer_close(struct peer_connection *connection)
{
    if (connection->messages != NULL) { /* its consumer would have the stream for itself */
        must(natsSubscription_Unsubscribe(connection->messages), "unsubscribe");
    }
    natsSubscription_Destroy(connection->confirmations);
    natsSubscription_Destroy(connection->messages);
    jsCtx_Destroy(connection->stream);
    natsConnection_Destroy(connection->nats);
    base_free(&connection);
}

void peer_publish(struct peer_connection *connection, const uint8_t body[PEER_BODY_BYTES])
{
    must(natsConnection_PublishRequest(connection->nats, connection->subject, connection->inbox,
                                       body, PEER_BODY_BYTES),
         "publish");
}

size_t peer_confirmed(struct peer_connection *connection)
{
    natsMsg *said = NULL;

    must(natsSubscription_NextMsg(&said, connection->confirmations, CONFIRM_MAX_MS), "confirm");
    if (natsMsg_GetDataLength(said) == 0 || strstr(natsMsg_GetData(said), "\"error\"") != NULL) {
        peer_fail("confirm", "the stream took it not");
    }
    natsMsg_Destroy(said);
    return 1;
}

void peer_receive(struct peer_connection *connection,
                  void (*each)(void *data, const uint8_t *body, size_t len), void *data)
{
    natsMsg *message = NULL;
    natsStatus status = natsSubscription_NextMsg(&message, connection->messages, RECEIVE_MAX_MS);

    if (status == NATS_TIMEOUT) {
        return;
    }
    must(status, "receive");
    each(data, (const uint8_t *)natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message));
    must(natsMsg_Ack(message, NULL), "acknowledge");
    natsMsg_Destroy(message);
}
