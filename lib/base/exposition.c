/* SPDX-License-Identifier: Apache-2.0 */
#include "base/exposition.h"

#include <inttypes.h>
#include <string.h>

struct metric {
    const char *name;
    const char *type;
    const char *label;
    const char *help;
};

static const struct metric metrics[] = {
#define X(id, name, type, label, help) [METRIC_##id] = {name, type, label, help},
    CAIRN_METRICS(X)
#undef X
};

void exposition_head(struct buf *out, enum cairn_metric metric)
{
    const struct metric *of = &metrics[metric];
    buf_format(out, "# HELP %s %s\n# TYPE %s %s\n", of->name, of->help, of->name, of->type);
}

static void add_number(struct buf *out, uint64_t value, enum cairn_unit unit)
{
    switch (unit) {
    case UNIT_ONE:
    case UNIT_BYTES:
        buf_format(out, " %" PRIu64 "\n", value);
        return;
    case UNIT_MS:
    case UNIT_TIME:
        buf_format(out, " %" PRIu64 ".%03" PRIu64 "\n", value / 1000, value % 1000);
        return;
    case UNIT_PERCENT:
        buf_format(out, " %" PRIu64 ".%02" PRIu64 "\n", value / 100, value % 100);
        return;
    }
}

static void add_label(struct buf *out, const char *name, const char *value)
{
    buf_format(out, "{%s=\"", name);
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\n') {
            buf_add_text(out, "\\n");
        } else if (*at == '"' || *at == '\\') {
            buf_format(out, "\\%c", *at);
        } else {
            buf_add(out, at, 1);
        }
    }
    buf_add_text(out, "\"}");
}

static void add_part(struct buf *out, const struct metric *of, const char *part)
{
    if (strcmp(part, "sum") == 0 || strcmp(part, "count") == 0) {
        buf_format(out, "%s_%s", of->name, part);
    } else {
        buf_format(out, "%s_bucket", of->name);
        add_label(out, of->label, part);
    }
}

void exposition_sample(struct buf *out, enum cairn_metric metric, const char *label, uint64_t value,
                       enum cairn_unit unit)
{
    const struct metric *of = &metrics[metric];
    if (unit == UNIT_TIME && value == 0) {
        return;
    }
    if (strcmp(of->type, "histogram") == 0) {
        if (strcmp(label, "count") == 0) {
            add_part(out, of, "+Inf");
            add_number(out, value, unit);
        }
        add_part(out, of, label);
    } else {
        buf_add_text(out, of->name);
        if (of->label[0] != '\0') {
            add_label(out, of->label, label);
        }
    }
    add_number(out, value, unit);
}

void exposition_one(struct buf *out, enum cairn_metric metric, uint64_t value, enum cairn_unit unit)
{
    exposition_head(out, metric);
    exposition_sample(out, metric, "", value, unit);
}
