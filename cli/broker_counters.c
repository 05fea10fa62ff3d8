/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/broker_counters.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "cli/log_store.h"

#define COUNTERS_FILE "counters"

enum status broker_counters_find(const char *dir, struct counters_reading *ret, struct error *error)
{
    char path[LOG_STORE_PATH_BYTES];

    log_store_path(dir, COUNTERS_FILE, path);
    int r = counters_read(path, ret);
    if (r == -ENOENT || r == -ENOTDIR) {
        (void)log_store_missing(dir, error);
        return STATUS_NOT_FOUND;
    }
    if (r < 0) {
        (void)error_set(error, path, "cannot be read: %s", strerrordesc_np(-r));
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

uint64_t broker_counter(const struct counters_reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->count; i++) {
        if (strcmp(reading->counters[i].name, name) == 0) {
            return reading->counters[i].value;
        }
    }
    return 0;
}

enum cairn_unit broker_counter_unit(const char *name)
{
    static const struct {
        const char *name;
        enum cairn_unit unit;
    } rows[] = {
#define X(id, counter, metric, label, counted) {counter, UNIT_##counted},
        CAIRN_BROKER_COUNTERS(X)
#undef X
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].unit;
        }
    }
    return UNIT_ONE;
}
