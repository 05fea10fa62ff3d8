/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"

const char *leaf_type_text(enum leaf_type type)
{
    switch (type) {
    case LEAF_ENTRY:
        return "entry";
    case LEAF_TOLD:
        return "told";
    case LEAF_GOVERNANCE:
        return "governance";
    case LEAF_START:
        return "start";
    case LEAF_REFUSED:
        return "refused";
    case LEAF_TICK:
        return "tick";
    case LEAF_DESTROYED:
        return "destroyed";
    }
    return "unknown";
}

bool log_report_bad(struct log_report *report, const char *where, const char *format, ...)
{
    va_list arguments;

    report->result = LOG_NOT_SOUND;
    (void)snprintf(report->where, sizeof(report->where), "%s", where);
    va_start(arguments, format);
    (void)vsnprintf(report->problem, sizeof(report->problem), format, arguments);
    va_end(arguments);
    return false;
}

bool log_report_bad_leaf(struct log_report *report, uint64_t leaf, const char *words)
{
    char where[32];

    (void)snprintf(where, sizeof(where), "leaf %" PRIu64, leaf);
    report->has_bad_leaf = true;
    report->bad_leaf = leaf;
    return log_report_bad(report, where, "%s", words);
}

void log_report_unread(struct log_report *report, const struct error *error)
{
    (void)log_report_bad(report, error->where, "%s", error->what);
    report->result = LOG_NOT_READ;
}

/* --- what is said --- */

static void set_audit(struct json *result, const struct audit *audit)
{
    struct json *part = json_object_new();

    json_set_integer(part, "batches", (int64_t)audit->batches);
    json_set_integer(part, "entries", (int64_t)audit->entries);
    json_set_integer(part, "bodies", (int64_t)audit->bodies);
    json_set_integer(part, "bodies_absent", (int64_t)audit->bodies_absent);
    json_set_integer(part, "signatures", (int64_t)audit->parcels);
    json_set_integer(part, "documents", (int64_t)audit->documents);
    json_set_integer(part, "cosignatures", (int64_t)audit->cosignatures);
    (void)json_set_node(result, "audit", &part);
}

static void set_result(struct json *result, const struct log_report *report)
{
    char root[BASE64_BYTES(CAIRN_HASH_BYTES)];
    struct json *leaves = json_object_new();

    base64_encode(SLICE_OF(report->root.bytes), root);
    json_set_bool(result, "sound", report->result == LOG_SOUND);
    json_set_word(result, "origin", report->origin);
    json_set_integer(result, "size", (int64_t)report->size);
    for (unsigned i = 1; i <= LEAF_TYPES; i++) {
        json_set_integer(leaves, leaf_type_text((enum leaf_type)i), (int64_t)report->leaves[i]);
    }
    (void)json_set_node(result, "leaves", &leaves);
    if (report->audited) {
        set_audit(result, &report->audit);
    }
    if (report->result == LOG_SOUND) {
        json_set_word(result, "root", root);
    }
    if (report->size > 0) {
        json_set_instant(result, "first", report->first_ms);
        json_set_instant(result, "last", report->last_ms);
    }
    if (report->compared) {
        json_set_integer(result, "checkpoint_size", (int64_t)report->compared_size);
        json_set_word(result, "checkpoint_key", report->key);
    }
    if (report->has_bad_leaf) {
        json_set_integer(result, "bad_leaf", (int64_t)report->bad_leaf);
    }
    if (report->problem[0] != '\0') {
        json_set_word(result, "problem", report->problem);
    }
}

static void say_audit(struct output *output, const struct audit *audit)
{
    output_line(output,
                "  journal  %" PRIu64 " %s with %" PRIu64 " %s, as the log says; %" PRIu64
                " %s of agencies %s",
                audit->batches, text_plural(audit->batches, "batch", "batches"), audit->entries,
                text_plural(audit->entries, "entry", "entries"), audit->parcels,
                text_plural(audit->parcels, "signature", "signatures"),
                text_plural(audit->parcels, "holds", "hold"));
    output_line(output,
                "  sealed   %" PRIu64 " %s what was signed; %" PRIu64
                " %s destroyed, which the log outlives",
                audit->bodies, text_plural(audit->bodies, "body is", "bodies are"),
                audit->bodies_absent, text_plural(audit->bodies_absent, "was", "were"));
    output_line(output, "  governed by %" PRIu64 " signed %s, which the log names",
                audit->documents, text_plural(audit->documents, "document", "documents"));
    output_line(output, "  seen     by %" PRIu64 " %s hold", audit->cosignatures,
                text_plural(audit->cosignatures, "agency, whose cosignatures",
                            "agencies, whose cosignatures"));
    output_line(output, "What the broker concluded from its journal (who is one child, alerts, "
                        "mailboxes) was not looked at: `cairn-broker --replay DIR` does that.");
}

static void say_sound(struct output *output, const struct log_report *report)
{
    char root[BASE64_BYTES(CAIRN_HASH_BYTES)];
    char first[INSTANT_TEXT_BYTES];
    char last[INSTANT_TEXT_BYTES];

    base64_encode(SLICE_OF(report->root.bytes), root);
    instant_format(report->first_ms, first);
    instant_format(report->last_ms, last);
    output_line(output, "Sound: %" PRIu64 " %s one tree.", report->size,
                text_plural(report->size, "leaf, which is what its hash says, makes",
                            "leaves, each what its hash says, make"));
    output_line(output, "  log      %s", report->origin);
    output_line(output, "  root     %s", root);
    if (report->size > 0) {
        output_line(output, "  time     %s to %s", first, last);
    }
    output_line(output,
                "  leaves   %" PRIu64 " of entries (%" PRIu64 " of them refused), %" PRIu64
                " about who was told, %" PRIu64 " about governance, %" PRIu64
                " of the broker starting, %" PRIu64 " about refused frames, %" PRIu64
                " of timers, %" PRIu64 " about bodies destroyed",
                report->leaves[LEAF_ENTRY], report->refused, report->leaves[LEAF_TOLD],
                report->leaves[LEAF_GOVERNANCE], report->leaves[LEAF_START],
                report->leaves[LEAF_REFUSED], report->leaves[LEAF_TICK],
                report->leaves[LEAF_DESTROYED]);
    if (report->audited) {
        say_audit(output, &report->audit);
    }
    if (report->compared) {
        output_line(output, "  signed   the first %" PRIu64 " %s, by %s%s", report->compared_size,
                    text_plural(report->compared_size, "leaf", "leaves"), report->key,
                    report->own_key ? " (as the log itself names it)" : "");
    } else {
        output_line(output, "It was compared with no checkpoint: this shows that the log is "
                            "whole, not that it is the one which agencies saw (--checkpoint).");
    }
}

enum status log_report_say(struct cli *cli, const char *path, const struct log_report *report)
{
    struct output *output = &cli->output;
    char what[sizeof(report->where) + sizeof(report->problem) + 8];
    bool inside = report->where[0] != '\0' && strcmp(report->where, path) != 0;

    (void)snprintf(what, sizeof(what), "%s%s%s", inside ? report->where : "", inside ? ": " : "",
                   report->problem);
    switch (report->result) {
    case LOG_SOUND:
        set_result(output_result(output), report);
        say_sound(output, report);
        return STATUS_OK;
    case LOG_NOT_SOUND:
        set_result(output_result(output), report);
        if (output->json && output_finish(output) != STATUS_OK) {
            return STATUS_FAILED;
        }
        return output_refuse(output, STATUS_FAILED, path, "NOT SOUND: %s", what);
    case LOG_NOT_READ:
        break;
    }
    return output_refuse(output, STATUS_FAILED, path, "%s", what);
}
