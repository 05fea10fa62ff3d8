/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"

static const char *work_dir;

void bench_work_in(const char *dir)
{
    work_dir = dir;
}

void bench_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fprintf(stderr, "cairn-bench: ");
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "%s%s\n", work_dir == NULL ? "" : "; see ",
                  work_dir == NULL ? "" : work_dir);
    va_end(arguments);
    /* Not exit: threads of libzmq may be at work. Daemons die with this process. */
    _exit(EXIT_FAILURE);
}

void bench_must(int r, const char *what, const struct error *error)
{
    if (r == 0) {
        return;
    }
    if (error != NULL && error->what[0] != '\0') {
        bench_fail("%s: %s: %s", what, error->where, error->what);
    }
    bench_fail("%s: %s", what, strerror(-r));
}

static double clock_s(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

double bench_cpu_s(void)
{
    return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

double bench_process_cpu_s(void)
{
    return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_pause_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

void bench_path(char out[BENCH_PATH], const char *dir, const char *name)
{
    int n = snprintf(out, BENCH_PATH, "%s/%s", dir, name);

    if (n < 0 || n >= BENCH_PATH) {
        bench_fail("%s is too long a path to work in; set TMPDIR to a shorter one", dir);
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void bench_remove(const char *dir)
{
    if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        (void)fprintf(stderr, "cairn-bench: %s is left behind: %s\n", dir, strerror(errno));
    }
}
