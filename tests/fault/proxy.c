/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cairn-proxy LISTEN-PORT TARGET-PORT: a bad network on the loopback, for tests. It takes
 * connections on one port, makes one to the other for each, and passes bytes both ways as its
 * standard input last said, a command a line:
 *
 *   pass       everything, at once
 *   dribble    one byte at a time, each in a segment of its own
 *   delay MS   each piece waits that long
 *   hole       nothing: connections stay, and are still taken, but neither read nor written
 *   refuse     new connections are reset at once
 *   reset      every connection is reset, now; how bytes pass stays as it is
 *   half-up    nothing more towards the target: its side of every connection is told the end, now
 *   half-down  the same towards those who connected
 *   cut N      of the connections made from now on, the first over which N bytes have passed, both
 *              ways together, is reset
 *   count      says on standard output: most bytes passed by a connection that has ended since the
 *              last count, connections cut
 *
 * The end of standard input ends it. One thread, one poll loop.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/text.h"

#define PAIRS_MAX   32
#define PIECE_BYTES 65536
#define LINE_BYTES  128

/* Bytes on their way to one end. */
struct way {
    size_t from;
    size_t len;
    int64_t not_before_ms; /* they wait until then */
    bool ended;            /* who sends has said so */
    bool shut;             /* and who receives was told */
    uint8_t bytes[PIECE_BYTES];
};

/* ends[0] connected, ends[1] is the target; ways[i] leads to ends[i]. */
struct pair {
    bool open;
    int ends[2];
    struct way ways[2];
    uint64_t passed;
    uint64_t cut_at; /* 0: not */
};

enum mode {
    MODE_PASS,
    MODE_DRIBBLE,
    MODE_DELAY,
    MODE_HOLE,
    MODE_REFUSE
};

struct proxy {
    int listener;
    uint16_t target;
    enum mode mode;
    int64_t delay_ms;
    uint64_t cut_at; /* of new connections; 0: not */
    uint64_t most_passed;
    uint64_t cut;
    char line[LINE_BYTES];
    size_t line_len;
    struct pair pairs[PAIRS_MAX];
};

static struct proxy proxy;

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void pair_end(struct pair *pair, bool reset)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    for (int i = 0; i < 2; i++) {
        if (reset) {
            (void)setsockopt(pair->ends[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        }
        (void)close(pair->ends[i]);
    }
    proxy.most_passed = pair->passed > proxy.most_passed ? pair->passed : proxy.most_passed;
    pair->open = false;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static struct pair *free_pair(void)
{
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (!proxy.pairs[i].open) {
            return &proxy.pairs[i];
        }
    }
    return NULL;
}

static void set_up_end(int fd)
{
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* Who finds no target is reset, as by a machine on which nothing listens. */
static void take_connection(void)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    const struct sockaddr_in target = loopback(proxy.target);
    struct pair *pair = free_pair();
    int end = accept4(proxy.listener, NULL, NULL, SOCK_CLOEXEC);
    if (end < 0) {
        return;
    }
    int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool taken = pair != NULL && proxy.mode != MODE_REFUSE && far >= 0 &&
                 connect(far, (const struct sockaddr *)&target, sizeof(target)) == 0;
    if (!taken) {
        (void)setsockopt(end, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        (void)close(end);
        (void)close(far);
        return;
    }
    set_up_end(end);
    set_up_end(far);
    memset(pair, 0, sizeof(*pair));
    pair->open = true;
    pair->ends[0] = end;
    pair->ends[1] = far;
    pair->cut_at = proxy.cut_at;
}

/* Reads what is meant for ends[to]. False when the connection is over. */
static bool way_fill(struct pair *pair, int to)
{
    struct way *way = &pair->ways[to];
    if (way->len > 0 || way->ended || proxy.mode == MODE_HOLE) {
        return true;
    }
    ssize_t got = read(pair->ends[1 - to], way->bytes, sizeof(way->bytes));
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    way->ended = got == 0;
    way->from = 0;
    way->len = (size_t)got;
    way->not_before_ms = proxy.mode == MODE_DELAY ? now_ms() + proxy.delay_ms : 0;
    return true;
}

static size_t allowed(const struct pair *pair, const struct way *way)
{
    size_t bytes = way->len;
    if (proxy.mode == MODE_DRIBBLE && bytes > 1) {
        bytes = 1;
    }
    if (pair->cut_at > 0 && bytes > pair->cut_at - pair->passed) {
        bytes = (size_t)(pair->cut_at - pair->passed);
    }
    return bytes;
}

static bool way_drain(struct pair *pair, int to)
{
    struct way *way = &pair->ways[to];
    if (proxy.mode == MODE_HOLE || way->shut) {
        return true;
    }
    if (way->len > 0 && way->not_before_ms <= now_ms()) {
        ssize_t put =
            send(pair->ends[to], way->bytes + way->from, allowed(pair, way), MSG_NOSIGNAL);
        if (put < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        way->from += (size_t)put;
        way->len -= (size_t)put;
        pair->passed += (uint64_t)put;
    }
    if (way->len == 0 && way->ended) {
        (void)shutdown(pair->ends[to], SHUT_WR);
        way->shut = true;
    }
    return true;
}

static void cut(struct pair *pair)
{
    proxy.cut++;
    proxy.cut_at = 0;
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        proxy.pairs[i].cut_at = 0;
    }
    pair_end(pair, true);
}

static void pair_step(struct pair *pair)
{
    for (int to = 0; to < 2 && pair->open; to++) {
        if (!way_fill(pair, to) || !way_drain(pair, to)) {
            pair_end(pair, true);
            return;
        }
        if (pair->cut_at > 0 && pair->passed >= pair->cut_at) {
            cut(pair);
            return;
        }
    }
    if (pair->ways[0].shut && pair->ways[1].shut) {
        pair_end(pair, false);
    }
}

static void half_close(int to)
{
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy.pairs[i];
        if (pair->open && !pair->ways[to].shut) {
            (void)shutdown(pair->ends[to], SHUT_WR);
            pair->ways[to].len = 0;
            pair->ways[to].ended = true;
            pair->ways[to].shut = true;
        }
    }
}

static void reset_all(void)
{
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (proxy.pairs[i].open) {
            pair_end(&proxy.pairs[i], true);
        }
    }
}

static bool obey_mode(const char *word, uint64_t number)
{
    static const char *const modes[] = {"pass", "dribble", "delay", "hole", "refuse"};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        if (strcmp(word, modes[i]) == 0) {
            proxy.mode = (enum mode)i;
            proxy.delay_ms = (int64_t)number;
            return true;
        }
    }
    return false;
}

static void obey(char *line)
{
    uint64_t number = 0;
    char *space = strchr(line, ' ');
    if (space != NULL) {
        *space = '\0';
        if (!u64_parse(space + 1, UINT32_MAX, &number)) {
            fail("a number that is none");
        }
    }
    if (strcmp(line, "reset") == 0) {
        reset_all();
    } else if (strcmp(line, "half-up") == 0) {
        half_close(1);
    } else if (strcmp(line, "half-down") == 0) {
        half_close(0);
    } else if (strcmp(line, "cut") == 0) {
        proxy.cut_at = number;
    } else if (strcmp(line, "count") == 0) {
        (void)printf("%llu %llu\n", (unsigned long long)proxy.most_passed,
                     (unsigned long long)proxy.cut);
        proxy.most_passed = 0;
        (void)fflush(stdout);
    } else if (!obey_mode(line, number)) {
        fail("no such command");
    }
}

/* False at the end of what is said. */
static bool listen_to_commands(void)
{
    char *room = proxy.line + proxy.line_len;
    ssize_t got = read(STDIN_FILENO, room, sizeof(proxy.line) - 1 - proxy.line_len);
    if (got <= 0) {
        return false;
    }
    proxy.line_len += (size_t)got;
    proxy.line[proxy.line_len] = '\0';
    char *end = strchr(proxy.line, '\n');
    while (end != NULL) {
        *end = '\0';
        obey(proxy.line);
        proxy.line_len -= (size_t)(end + 1 - proxy.line);
        memmove(proxy.line, end + 1, proxy.line_len + 1);
        end = strchr(proxy.line, '\n');
    }
    return true;
}

/* What poll waits for at ends[i]: something to read when there is room for it, room when there is
 * something. */
static short wanted(const struct pair *pair, int i)
{
    const struct way *in = &pair->ways[1 - i];
    const struct way *out = &pair->ways[i];
    if (proxy.mode == MODE_HOLE) {
        return 0;
    }
    int events = in->len == 0 && !in->ended ? POLLIN : 0;
    events |= out->len > 0 && out->not_before_ms <= now_ms() ? POLLOUT : 0;
    return (short)events;
}

static int patience_ms(void)
{
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        const struct pair *pair = &proxy.pairs[i];
        if (pair->open && (pair->ways[0].len > 0 || pair->ways[1].len > 0)) {
            return 1; /* something is delayed */
        }
    }
    return 1000;
}

static bool turn(void)
{
    struct pollfd fds[2 + 2 * PAIRS_MAX] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                            {.fd = proxy.listener, .events = POLLIN}};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        for (int end = 0; end < 2; end++) {
            const struct pair *pair = &proxy.pairs[i];
            short events = pair->open ? wanted(pair, end) : 0;
            fds[2 + 2 * i + (size_t)end] =
                (struct pollfd){.fd = events != 0 ? pair->ends[end] : -1, .events = events};
        }
    }
    if (poll(fds, ARRAY_LEN(fds), patience_ms()) < 0 && errno != EINTR) {
        fail("poll");
    }
    if (fds[0].revents != 0 && !listen_to_commands()) {
        return false;
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (proxy.pairs[i].open) {
            pair_step(&proxy.pairs[i]);
        }
    }
    if (fds[1].revents != 0) {
        take_connection();
    }
    return true;
}

int main(int argc, char *argv[])
{
    const int on = 1;
    uint64_t ports[2];
    if (argc != 3 || !u64_parse(argv[1], UINT16_MAX, &ports[0]) ||
        !u64_parse(argv[2], UINT16_MAX, &ports[1])) {
        (void)fputs("cairn-proxy LISTEN-PORT TARGET-PORT\n", stderr);
        return 2;
    }
    const struct sockaddr_in address = loopback((uint16_t)ports[0]);
    proxy.target = (uint16_t)ports[1];
    proxy.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)setsockopt(proxy.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(proxy.listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(proxy.listener, PAIRS_MAX) != 0) {
        fail("listen");
    }
    (void)puts("ready");
    (void)fflush(stdout);
    while (turn()) {
    }
    return 0;
}
