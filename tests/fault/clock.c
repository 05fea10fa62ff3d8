/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock: a real-time clock that somebody sets, for LD_PRELOAD. CAIRN_CLOCK names a file of eight
 * bytes, a signed number of seconds, lowest byte first; whatever asks for the real time is told so
 * much more. Waiting, which is measured from boot, is as it was. The file is mapped before main, so
 * that the daemons' walls do not matter, and read at every call. Without that name, time is as it
 * is.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead_s;
static int (*real_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void map_file(void)
{
    const char *path = getenv("CAIRN_CLOCK");
    if (path == NULL) {
        return;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        abort();
    }
    (void)close(fd);
    ahead_s = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    if (real_gettime == NULL) {
        *(void **)&real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    }
    int r = real_gettime(clock, ret);
    if (r == 0 && ahead_s != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        ret->tv_sec += *ahead_s;
    }
    return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int r = clock_gettime(CLOCK_REALTIME, &now);
    *ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return r;
}

time_t time(time_t *ret)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret != NULL) {
        *ret = now.tv_sec;
    }
    return now.tv_sec;
}
