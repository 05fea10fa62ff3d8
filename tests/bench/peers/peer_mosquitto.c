/* SPDX-License-Identifier: Apache-2.0 */
/* Mosquitto: MQTT with QoS 1 and persistence. It confirms what it has in memory and writes its file
 * now and then: nothing is synced before it is confirmed. */
#include <mosquitto.h>
#include <string.h>

#include "base/attr.h"
#include "base/slice.h"
#include "bench/peers/peer.h"

#define KEEPALIVE_S    60
#define RECEIVE_MAX_MS 100

struct peer_connection {
    struct mosquitto *mqtt;
    const char *topic;
    bool ready; /* connected, or subscribed */
    size_t confirmed;
    void (*each)(void *data, const uint8_t *body, size_t len);
    void *data;
};

static void must(int rc, const char *what)
{
    if (rc != MOSQ_ERR_SUCCESS) {
        peer_fail(what, mosquitto_strerror(rc));
    }
}

static void on_connect(struct mosquitto *mqtt, void *data, int rc)
{
    struct peer_connection *connection = data;

    (void)mqtt;
    must(rc, "connect");
    connection->ready = true;
}

static void on_subscribe(struct mosquitto *mqtt, void *data, int mid, int n, const int *granted)
{
    struct peer_connection *connection = data;

    (void)mqtt;
    (void)mid;
    if (n != 1 || granted[0] != 1) {
        peer_fail("subscribe", "not with QoS 1");
    }
    connection->ready = true;
}

static void on_publish(struct mosquitto *mqtt, void *data, int mid)
{
    struct peer_connection *connection = data;

    (void)mqtt;
    (void)mid;
    connection->confirmed++;
}

static void on_message(struct mosquitto *mqtt, void *data, const struct mosquitto_message *message)
{
    struct peer_connection *connection = data;

    (void)mqtt;
    connection->each(connection->data, message->payload, (size_t)message->payloadlen);
}

static void turn(struct peer_connection *connection)
{
    must(mosquitto_loop(connection->mqtt, RECEIVE_MAX_MS, 1), "loop");
}

static void until_ready(struct peer_connection *connection)
{
    while (!connection->ready) {
        turn(connection);
    }
}

struct peer_connection *peer_open(const struct peer_address *address, bool reads)
{
    struct peer_connection *connection = base_zalloc(1, sizeof(*connection));

    (void)mosquitto_lib_init();
    connection->topic = address->name;
    connection->mqtt = mosquitto_new(NULL, true, connection);
    if (connection->mqtt == NULL) {
        peer_fail("Mosquitto", "no client");
    }
    mosquitto_connect_callback_set(connection->mqtt, on_connect);
    mosquitto_subscribe_callback_set(connection->mqtt, on_subscribe);
    mosquitto_publish_callback_set(connection->mqtt, on_publish);
    mosquitto_message_callback_set(connection->mqtt, on_message);
    must(mosquitto_tls_set(connection->mqtt, address->ca, NULL, NULL, NULL, NULL), "TLS");
    must(mosquitto_int_option(connection->mqtt, MOSQ_OPT_SEND_MAXIMUM, PEER_IN_FLIGHT), "window");
    must(mosquitto_connect(connection->mqtt, "127.0.0.1", address->port, KEEPALIVE_S), "connect");
    until_ready(connection);
    if (reads) {
        connection->ready = false;
        must(mosquitto_subscribe(connection->mqtt, NULL, connection->topic, 1), "subscribe");
        until_ready(connection);
    }
    return connection;
}

void peer_close(struct peer_connection *connection)
{
    (void)mosquitto_disconnect(connection->mqtt);
    mosquitto_destroy(connection->mqtt);
    base_free(&connection);
}

void peer_publish(struct peer_connection *connection, const uint8_t body[PEER_BODY_BYTES])
{
    must(mosquitto_publish(connection->mqtt, NULL, connection->topic, PEER_BODY_BYTES, body, 1,
                           false),
         "publish");
}

size_t peer_confirmed(struct peer_connection *connection)
{
    while (connection->confirmed == 0) {
        turn(connection);
    }
    size_t confirmed = connection->confirmed;
    connection->confirmed = 0;
    return confirmed;
}

void peer_receive(struct peer_connection *connection,
                  void (*each)(void *data, const uint8_t *body, size_t len), void *data)
{
    connection->each = each;
    connection->data = data;
    turn(connection);
}
