/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEER_PORT   17810
#define COMMAND_MAX 1024

struct peer {
    const char *server;  /* as peers/peer calls it */
    const char *program; /* bench-peer-... */
    const char *queue;
    enum bench_figure figure; /* acknowledged; delivered, two waits and the client's time follow */
};

static const struct peer all[] = {
    {"rabbitmq", "bench-peer-rabbitmq", "classic", FIGURE_CLASSIC},
    {"rabbitmq", "bench-peer-rabbitmq", "quorum", FIGURE_QUORUM},
    {"postgresql", "bench-peer-postgresql", "messages", FIGURE_POSTGRESQL},
    {"nats", "bench-peer-nats", "messages", FIGURE_NATS},
    {"mosquitto", "bench-peer-mosquitto", "messages", FIGURE_MOSQUITTO},
};

static_assert(FIGURE_CLASSIC_CLIENT == FIGURE_CLASSIC + 4 &&
                  FIGURE_MOSQUITTO_CLIENT == FIGURE_MOSQUITTO + 4,
              "what a peer says, in this order");

/* The words are ours, and the folder's name was made by mkdtemp. */
static void control(const struct peers *peers, const struct peer *peer, const char *verb)
{
    char command[COMMAND_MAX];
    int n = snprintf(command, sizeof(command), SOURCE_DIR "/tests/bench/peers/peer %s %s %s/%s %d",
                     verb, peer->server, peers->dir, peer->server, PEER_PORT);

    if (n < 0 || (size_t)n >= sizeof(command) || system(command) != 0) {
        bench_fail("%s does not %s", peer->server, verb);
    }
}

static bool read_figures(FILE *pipe, double *out, size_t n)
{
    char line[256];
    char *at = pipe == NULL ? NULL : fgets(line, sizeof(line), pipe);
    for (size_t i = 0; i < n && at != NULL; i++) {
        char *end = at;
        out[i] = strtod(at, &end);
        at = end == at ? NULL : end;
    }
    return at != NULL;
}

static void ask(const struct peers *peers, const struct peer *peer, int seconds,
                struct report *report)
{
    char command[COMMAND_MAX];
    double said[5];
    int n = snprintf(command, sizeof(command), BUILD_DIR "/%s %d %s/%s/ca.pem %s %d", peer->program,
                     PEER_PORT, peers->dir, peer->server, peer->queue, seconds);

    assert(n > 0 && (size_t)n < sizeof(command));
    FILE *pipe = popen(command, "re");
    bool whole = read_figures(pipe, said, ARRAY_LEN(said));
    if (pipe == NULL || pclose(pipe) != 0 || !whole) {
        bench_fail("%s was not measured", peer->server);
    }
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        report_add(report, (enum bench_figure)(peer->figure + i), said[i]);
    }
}

/* PostgreSQL runs as another user when we are root: it must be able to come that far. */
void peers_open(struct peers *peers, const struct partnership *partnership)
{
    char parent[BENCH_PATH];
    bench_path(parent, partnership->dir, "..");
    char *real = realpath(parent, NULL);
    if (real == NULL) {
        bench_must(-errno, parent, NULL);
    }
    bench_path(peers->dir, real, "cairn-peers-XXXXXX");
    free(real);
    if (mkdtemp(peers->dir) == NULL || chmod(peers->dir, 0711) != 0) {
        bench_must(-errno, peers->dir, NULL);
    }
}

void peers_close(struct peers *peers)
{
    bench_remove(peers->dir);
}

static bool is_there(const struct peer *peer)
{
    char path[BENCH_PATH];

    bench_path(path, BUILD_DIR, peer->program);
    return access(path, X_OK) == 0;
}

void peers_measure(struct peers *peers, int seconds, struct report *report)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const struct peer *peer = &all[i];
        bool runs = i > 0 && strcmp(all[i - 1].server, peer->server) == 0;
        bool stays = i + 1 < ARRAY_LEN(all) && strcmp(all[i + 1].server, peer->server) == 0;
        if (!is_there(peer)) {
            continue;
        }
        if (!runs) {
            control(peers, peer, "start");
        }
        ask(peers, peer, seconds, report);
        if (!stays) {
            char dir[BENCH_PATH];
            control(peers, peer, "stop");
            bench_path(dir, peers->dir, peer->server);
            bench_remove(dir);
        }
    }
}
