/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/fd.h"
#include "signer/service.h"

static ssize_t exchange(const struct signer_client *client, struct slice said, uint8_t *out)
{
    ssize_t n = 0;
    if (client->service != NULL) {
        return (ssize_t)service_answer(client->service, said, out).len;
    }
    if (send(client->fd, said.data, said.len, MSG_NOSIGNAL) < 0) {
        return -errno;
    }
    do {
        n = recv(client->fd, out, SIGNER_ANSWER_MAX_BYTES, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    }
    return n == 0 ? -EPIPE : n;
}

static int say(const struct signer_client *client, const struct signer_ask *what, uint8_t *out,
               struct signer_answer *ret)
{
    uint8_t bytes[SIGNER_ASK_MAX_BYTES];
    struct writer writer = writer_over(bytes, sizeof(bytes));
    signer_ask_write(what, &writer);
    ssize_t n = exchange(client, writer_slice(&writer), out);
    if (n < 0) {
        return (int)n;
    }
    if (!signer_answer_read(slice_make(out, (size_t)n), ret)) {
        return -EBADMSG;
    }
    if (ret->kind == SIGNER_REFUSED) {
        return -EKEYREJECTED;
    }
    return ret->kind == what->kind ? 0 : -EBADMSG;
}

static int greet(struct signer_client *client)
{
    const struct signer_ask hello = {.kind = SIGNER_HELLO};
    uint8_t bytes[SIGNER_ANSWER_MAX_BYTES];
    struct signer_answer answer;
    int r = say(client, &hello, bytes, &answer);
    if (r == 0) {
        client->last = answer.head;
        memcpy(client->public_key, answer.public_key, sizeof(client->public_key));
    }
    return r;
}

int signer_client_take(int fd, struct signer_client *ret, struct error *error)
{
    const struct timeval patience = {.tv_sec = SIGNER_PATIENCE_S};
    struct signer_client client = {.fd = fd};
    int r = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 ? 0 : -errno;
    r = r == 0 ? greet(&client) : r;
    if (r != 0) {
        signer_client_close(&client);
        (void)error_set(error, "signer", "does not answer: %s; its log says why", strerror(-r));
        return r;
    }
    *ret = client;
    return 0;
}

int signer_client_connect(const char *path, struct signer_client *ret, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_(fd_close) int fd = -1;
    if (strlen(path) >= sizeof(address.sun_path)) {
        return error_set(error, path, "is too long for the path of a socket");
    }
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        int r = -errno;
        (void)error_set(error, path, "the signer cannot be reached: %s", strerror(-r));
        return r;
    }
    int taken = fd;
    fd = -1;
    return signer_client_take(taken, ret, error);
}

int signer_client_service(struct service *service, struct signer_client *ret)
{
    struct signer_client client = {.fd = -1, .service = service};
    int r = greet(&client);
    if (r == 0) {
        *ret = client;
    }
    return r;
}

int signer_client_sign(struct signer_client *client, const struct checkpoint *head,
                       const struct tree_proof *proof, struct buf *note)
{
    struct signer_ask what = {.kind = SIGNER_SIGN, .head = *head};
    uint8_t bytes[SIGNER_ANSWER_MAX_BYTES];
    struct signer_answer answer;
    if (client->last.size > 0 && head->size > client->last.size) {
        what.proof = *proof;
    }
    int r = say(client, &what, bytes, &answer);
    if (r == 0) {
        buf_add_slice(note, answer.note);
        client->last = *head;
    }
    return r;
}

void signer_client_close(struct signer_client *client)
{
    fd_close(&client->fd);
    *client = SIGNER_CLIENT_NULL;
}
