/* SPDX-License-Identifier: Apache-2.0 */
/* RabbitMQ over AMQP 0-9-1: persistent messages to a durable queue, publisher confirms. The queue's
 * name says of which type it is: "quorum..." or "classic...". */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <string.h>
#include <sys/time.h>

#include "base/attr.h"
#include "base/slice.h"
#include "bench/peers/peer.h"

#define CHANNEL        1
#define FRAME_MAX      131072
#define PREFETCH       1024
#define ACK_EVERY      64
#define PERSISTENT     2
#define RECEIVE_MAX_US 100000

struct peer_connection {
    amqp_connection_state_t amqp;
    const char *queue;
    uint64_t published; /* tags from 1 */
    uint64_t lowest;    /* not confirmed */
    bool confirmed[2 * PEER_IN_FLIGHT];
    uint64_t unacknowledged;
    uint64_t newest;
};

static void must(amqp_connection_state_t amqp, const char *what)
{
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(amqp);

    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        peer_fail(what, reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                            ? amqp_error_string2(reply.library_error)
                            : "the server refuses");
    }
}

static void declare(struct peer_connection *connection)
{
    bool quorum = strncmp(connection->queue, "quorum", 6) == 0;
    amqp_table_entry_t type = {
        .key = amqp_cstring_bytes("x-queue-type"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8,
                  .value.bytes = amqp_cstring_bytes(quorum ? "quorum" : "classic")}};
    const amqp_table_t arguments = {.num_entries = 1, .entries = &type};

    (void)amqp_queue_declare(connection->amqp, CHANNEL, amqp_cstring_bytes(connection->queue), 0, 1,
                             0, 0, arguments);
    must(connection->amqp, "queue");
}

struct peer_connection *peer_open(const struct peer_address *address, bool reads)
{
    struct peer_connection *connection = base_zalloc(1, sizeof(*connection));

    connection->queue = address->name;
    connection->lowest = 1;
    connection->amqp = amqp_new_connection();
    amqp_socket_t *socket = amqp_ssl_socket_new(connection->amqp);
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 0);
    if (amqp_ssl_socket_set_cacert(socket, address->ca) != 0 ||
        amqp_socket_open(socket, "127.0.0.1", address->port) != 0) {
        peer_fail("RabbitMQ", "no connection");
    }
    amqp_rpc_reply_t reply = amqp_login(connection->amqp, "/", 0, FRAME_MAX, 0,
                                        AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        peer_fail("RabbitMQ", "no login");
    }
    (void)amqp_channel_open(connection->amqp, CHANNEL);
    must(connection->amqp, "channel");
    declare(connection);
    if (reads) {
        (void)amqp_basic_qos(connection->amqp, CHANNEL, 0, PREFETCH, 0);
        (void)amqp_basic_consume(connection->amqp, CHANNEL, amqp_cstring_bytes(connection->queue),
                                 amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
        must(connection->amqp, "consume");
    } else {
        (void)amqp_confirm_select(connection->amqp, CHANNEL);
        must(connection->amqp, "confirms");
    }
    return connection;
}

void peer_close(struct peer_connection *connection)
{
    (void)amqp_connection_close(connection->amqp, AMQP_REPLY_SUCCESS);
    (void)amqp_destroy_connection(connection->amqp);
    base_free(&connection);
}

void peer_publish(struct peer_connection *connection, const uint8_t body[PEER_BODY_BYTES])
{
    const amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                                .delivery_mode = PERSISTENT};
    const amqp_bytes_t bytes = {.len = PEER_BODY_BYTES, .bytes = (void *)body};

    connection->confirmed[++connection->published % ARRAY_LEN(connection->confirmed)] = false;
    if (amqp_basic_publish(connection->amqp, CHANNEL, amqp_empty_bytes,
                           amqp_cstring_bytes(connection->queue), 0, 0, &properties,
                           bytes) != AMQP_STATUS_OK) {
        peer_fail("RabbitMQ", "a message was not taken");
    }
}

static size_t confirm(struct peer_connection *connection, uint64_t tag)
{
    bool *confirmed = &connection->confirmed[tag % ARRAY_LEN(connection->confirmed)];
    size_t n = *confirmed ? 0 : 1;

    *confirmed = true;
    while (connection->lowest <= connection->published &&
           connection->confirmed[connection->lowest % ARRAY_LEN(connection->confirmed)]) {
        connection->lowest++;
    }
    return n;
}

/* Confirms come one by one, in any order, or for all up to one. */
size_t peer_confirmed(struct peer_connection *connection)
{
    amqp_frame_t frame;

    if (amqp_simple_wait_frame(connection->amqp, &frame) != AMQP_STATUS_OK) {
        peer_fail("RabbitMQ", "the connection ended");
    }
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) {
        peer_fail("RabbitMQ", "a message was refused");
    }
    const amqp_basic_ack_t *ack = frame.payload.method.decoded;
    size_t n = 0;
    for (uint64_t tag = ack->multiple ? connection->lowest : ack->delivery_tag;
         tag <= ack->delivery_tag; tag++) {
        n += confirm(connection, tag);
    }
    amqp_maybe_release_buffers(connection->amqp);
    return n;
}

static void acknowledge(struct peer_connection *connection)
{
    if (connection->unacknowledged > 0) {
        (void)amqp_basic_ack(connection->amqp, CHANNEL, connection->newest, 1);
        connection->unacknowledged = 0;
    }
}

void peer_receive(struct peer_connection *connection,
                  void (*each)(void *data, const uint8_t *body, size_t len), void *data)
{
    struct timeval wait = {.tv_usec = RECEIVE_MAX_US};
    amqp_envelope_t envelope;

    amqp_maybe_release_buffers(connection->amqp);
    amqp_rpc_reply_t reply = amqp_consume_message(connection->amqp, &envelope, &wait, 0);
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
        reply.library_error == AMQP_STATUS_TIMEOUT) {
        acknowledge(connection);
        return;
    }
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        peer_fail("RabbitMQ", "the reader's connection ended");
    }
    each(data, envelope.message.body.bytes, envelope.message.body.len);
    connection->newest = envelope.delivery_tag;
    if (++connection->unacknowledged >= ACK_EVERY) {
        acknowledge(connection);
    }
    amqp_destroy_envelope(&envelope);
}
