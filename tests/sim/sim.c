/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many simulated lives, each in a process of its own: `./run sim --seeds N`. A life that ends badly
 * is named by its seed, and the command that lives it again.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "sim/life.h"
#include "support/scratch.h"

#define SAY_EVERY 100

struct options {
    uint64_t seeds;
    uint64_t first;
    uint64_t steps;
    uint64_t processes;
};

static struct options options = {.seeds = 50, .first = 1, .steps = 1500, .processes = 1};

static const struct argp_option known[] = {
    {"seeds", 'n', "N", 0, "so many lives (50)", 0},
    {"seed", 's', "S", 0, "the first seed (1); the others follow it", 0},
    {"steps", 't', "N", 0, "what happens in each life before faults stop (1500)", 0},
    {"processes", 'p', "N", 0, "so many lives at a time (1)", 0},
    {0},
};

static error_t take_option(int key, char *argument, struct argp_state *state)
{
    uint64_t *number = key == 'n'   ? &options.seeds
                       : key == 's' ? &options.first
                       : key == 't' ? &options.steps
                       : key == 'p' ? &options.processes
                                    : NULL;
    if (number == NULL) {
        return ARGP_ERR_UNKNOWN;
    }
    if (!u64_parse(argument, UINT32_MAX, number)) {
        argp_error(state, "%s is no number", argument);
    }
    return 0;
}

static const struct argp parser = {
    .options = known,
    .parser = take_option,
    .doc = "Simulated lives of a partnership, with faults, against a model of what is right.",
};

/* --- lives --- */

static int tell_fd;

static void live(uint64_t seed)
{
    struct life_told told;
    life_live(seed, (unsigned)options.steps, &told);
    ssize_t n = write(tell_fd, &told, sizeof(told)); /* less than a pipe takes at once */
    exit(n == (ssize_t)sizeof(told) ? EXIT_SUCCESS : EXIT_FAILURE);
}

struct running {
    pid_t pid;
    uint64_t seed;
};

struct sums {
    uint64_t lived;
    uint64_t failed;
    struct life_told told;
};

static void add(struct sums *sums, const struct life_told *told)
{
    sums->told.said += told->said;
    sums->told.log_size += told->log_size;
    sums->told.before_peace += told->before_peace;
    sums->told.tellings += told->tellings;
    sums->told.frames += told->frames;
    sums->told.deaths += told->deaths;
    sums->told.restored += told->restored;
    sums->told.renewed += told->renewed;
    sums->told.switched += told->switched;
    sums->told.asked += told->asked;
    sums->told.judged += told->judged;
    sums->told.rolled_back += told->rolled_back;
    sums->told.rounds = sums->told.rounds > told->rounds ? sums->told.rounds : told->rounds;
}

static void wait_for_one(struct running *running, size_t n, int told_fd, struct sums *sums)
{
    int status = 0;
    struct life_told told;
    pid_t pid = wait(&status);
    size_t i = 0;
    while (i < n && running[i].pid != pid) {
        i++;
    }
    if (i == n) {
        return;
    }
    running[i].pid = 0;
    sums->lived++;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
        read(told_fd, &told, sizeof(told)) == (ssize_t)sizeof(told)) {
        add(sums, &told);
    } else {
        sums->failed++;
        printf("seed %" PRIu64 " fails: ./run sim --seeds 1 --seed %" PRIu64 " --steps %" PRIu64
               "\n",
               running[i].seed, running[i].seed, options.steps);
    }
    if (sums->lived % SAY_EVERY == 0) {
        printf("%" PRIu64 " of %" PRIu64 " lives, %" PRIu64 " failed\n", sums->lived, options.seeds,
               sums->failed);
    }
    (void)fflush(stdout);
}

static size_t free_place(const struct running *running, size_t n)
{
    size_t i = 0;
    while (i < n && running[i].pid != 0) {
        i++;
    }
    return i;
}

#define PROCESSES_MAX 64

static void live_all(struct sums *sums)
{
    struct running running[PROCESSES_MAX] = {{0}};
    size_t n = options.processes < PROCESSES_MAX ? (size_t)options.processes : PROCESSES_MAX;
    int ends[2];
    if (n == 0 || pipe(ends) != 0) {
        exit(EXIT_FAILURE);
    }
    tell_fd = ends[1];
    for (uint64_t i = 0; i < options.seeds; i++) {
        size_t place = free_place(running, n);
        if (place == n) {
            wait_for_one(running, n, ends[0], sums);
            place = free_place(running, n);
        }
        running[place].seed = options.first + i;
        running[place].pid = fork();
        if (running[place].pid == 0) {
            live(running[place].seed);
        }
    }
    while (sums->lived < options.seeds) {
        wait_for_one(running, n, ends[0], sums);
    }
}

int main(int argc, char **argv)
{
    struct sums sums = {.lived = 0};
    struct timespec began;
    struct timespec ended;
    error_t r = argp_parse(&parser, argc, argv, 0, NULL, NULL);
    if (r != 0) {
        return EXIT_FAILURE;
    }
    scratch_under("/dev/shm");
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    live_all(&sums);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%" PRIu64 " lives from seed %" PRIu64 ", %" PRIu64 " steps each, in %lld s: %" PRIu64
           " failed\n"
           "said %" PRIu64 ", log entries %" PRIu64 " (%" PRIu64
           " while things went wrong), tellings %" PRIu64 ", frames %" PRIu64
           ", starts of the broker after the first %" PRIu64 ", stores restored %" PRIu64
           ", keys renewed %" PRIu64 ", of the broker %" PRIu64 ", pairs shown %" PRIu64
           ", of these judged %" PRIu64 ", brokers rolled back %" PRIu64 ", longest drain %" PRIu64
           " rounds\n",
           sums.lived, options.first, options.steps, (long long)(ended.tv_sec - began.tv_sec),
           sums.failed, sums.told.said, sums.told.log_size, sums.told.before_peace,
           sums.told.tellings, sums.told.frames, sums.told.deaths, sums.told.restored,
           sums.told.renewed, sums.told.switched, sums.told.asked, sums.told.judged,
           sums.told.rolled_back, sums.told.rounds);
    return sums.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
