/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/counters.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* One slot per verdict, in the order of the table. */
enum verdict_slot {
#define X(name, number, lasting, words) SLOT_OF_##name,
    CAIRN_VERDICTS(X)
#undef X
    N_VERDICTS
};

static const char *const names[N_BROKER_COUNTERS + N_VERDICTS + N_APPLY_NOTES] = {
#define X(id, name, metric, label, unit) [COUNT_##id] = (name),
    CAIRN_BROKER_COUNTERS(X)
#undef X
#define X(name, number, lasting, words) [N_BROKER_COUNTERS + SLOT_OF_##name] = "answers_" #name,
        CAIRN_VERDICTS(X)
#undef X
#define X(name, text) [N_BROKER_COUNTERS + N_VERDICTS + NOTED_##name] = "apply_" text,
            APPLY_NOTES(X)
#undef X
};
static_assert(ARRAY_LEN(names) <= COUNTERS_MAX, "the counters fit their file");

static size_t verdict_slot(enum verdict verdict)
{
    switch (verdict) {
#define X(name, number, lasting, words)                                                            \
    case VERDICT_##name:                                                                           \
        return SLOT_OF_##name;
        CAIRN_VERDICTS(X)
#undef X
    }
    return SLOT_OF_BAD_FRAME;
}

/* Whose file this is, lives. */
static int refuse_second(const char *path, struct error *error)
{
    const char *end = strrchr(path, '/');
    (void)error_set(error, "dir", "another broker is running on %.*s",
                    end == NULL ? 0 : (int)(end - path), path);
    return -EBUSY;
}

int broker_counters_free(const char *path, struct error *error)
{
    struct counters_reading reading;
    return counters_read(path, &reading) == 0 && reading.alive ? refuse_second(path, error) : 0;
}

int broker_counters_create(const char *path, struct counters *ret, struct error *error)
{
    int r = counters_create(path, names, ARRAY_LEN(names), clock_system(), ret);
    if (r == -EBUSY) {
        return refuse_second(path, error);
    }
    if (r != 0) {
        (void)error_set(error, path, "the counters' file cannot be made: %s", strerror(-r));
    }
    return r;
}

void count(struct counters *counters, enum broker_counter counter, uint64_t by)
{
    counter_add(counters, (size_t)counter, by);
}

void count_set(struct counters *counters, enum broker_counter counter, uint64_t value)
{
    counter_set(counters, (size_t)counter, value);
}

void count_verdict(struct counters *counters, enum verdict verdict)
{
    counter_add(counters, N_BROKER_COUNTERS + verdict_slot(verdict), 1);
}

void count_note(struct counters *counters, enum apply_note note, uint64_t by)
{
    counter_add(counters, N_BROKER_COUNTERS + N_VERDICTS + (size_t)note, by);
}
