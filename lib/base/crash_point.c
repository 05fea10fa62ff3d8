/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crash_point.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define TIMES_MAX 1000000

static const char *const names[] = {
#define X(name, text, whose) [CRASH_##name] = (text),
    CRASH_POINTS(X)
#undef X
};

static atomic_uint passed;

/* "NAME:TIMES" names this point: after how many times it is to die, else 0. Reads the environment
 * and nothing else: the walls stand by now. */
static uint64_t armed_times(enum crash_point point)
{
    const char *armed = getenv("CAIRN_CRASH_POINT");
    size_t len = strlen(names[point]);
    uint64_t times = 0;
    if (armed == NULL || strncmp(armed, names[point], len) != 0 || armed[len] != ':' ||
        !u64_parse(armed + len + 1, TIMES_MAX, &times)) {
        return 0;
    }
    return times;
}

void crash_point_reach(enum crash_point point)
{
    uint64_t times = armed_times(point);
    if (times == 0 || atomic_fetch_add(&passed, 1) + 1 != times) {
        return;
    }
    static const char said[] = "crash_point reached\n";
    ssize_t put = write(STDERR_FILENO, said, sizeof(said) - 1);
    (void)put;
    _exit(CRASH_POINT_STATUS);
}
