/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be watched of a broker and of an agent, as Prometheus names it (text format 0.0.4). This
 * is the whole list: docs/operations.md says what each means and what to do, config/prometheus has
 * alert rules over it, and tools/check_source keeps the three the same.
 *
 * Labels are of bounded sets of ours: lanes, verdicts, documents, kinds of folders, names of
 * counts. Never a child, a record, a person, or a name that somebody gave. Times are Unix seconds;
 * those of what has not happened are left out.
 */
#ifndef CAIRN_METRICS_H
#define CAIRN_METRICS_H

/* clang-format off */
/* id, name, type, label ("" none), help */
#define CAIRN_METRICS(X)                                                                                                      \
    X(BROKER_UP, "cairn_broker_up", "gauge", "", "1 while the broker's process runs")                                         \
    X(BROKER_START, "cairn_broker_start_timestamp_seconds", "gauge", "", "when it was started")                               \
    X(BROKER_FRAMES, "cairn_broker_frames_total", "counter", "", "frames taken in")                                           \
    X(BROKER_RECEIVED, "cairn_broker_received_bytes_total", "counter", "", "bytes taken in")                                  \
    X(BROKER_BAD_FRAMES, "cairn_broker_bad_frames_total", "counter", "", "messages that were no frame")                       \
    X(BROKER_CONNECTIONS_REFUSED, "cairn_broker_connections_refused_total", "counter", "", "handshakes with a key that the directory does not hold") \
    X(BROKER_PAUSES, "cairn_broker_reading_paused_total", "counter", "", "times that the full ring stopped reading")          \
    X(BROKER_ANSWERS, "cairn_broker_answers_total", "counter", "verdict", "what was answered to entries, frames and questions") \
    X(BROKER_RECEIPTS, "cairn_broker_receipts_total", "counter", "result", "receipts, sent or dropped because they could not be") \
    X(BROKER_APPLIED, "cairn_broker_applied_total", "counter", "what", "what applying entries found")                         \
    X(BROKER_ENTRIES, "cairn_broker_inputs_total", "counter", "", "inputs of the journal")                                    \
    X(BROKER_BATCH, "cairn_broker_batch_seconds", "histogram", "le", "from the first plan of a batch to its signed head")     \
    X(BROKER_CUT, "cairn_broker_batches_cut_total", "counter", "", "batches that ended because they had written enough")      \
    X(BROKER_LOG, "cairn_broker_log_leaves", "gauge", "", "entries of the log, signed")                                       \
    X(BROKER_LOG_UNWITNESSED, "cairn_broker_log_unwitnessed_leaves", "gauge", "", "entries beyond the newest head that an agency has cosigned") \
    X(BROKER_CLOCK_STEPPED, "cairn_broker_clock_stepped", "gauge", "", "1 while the machine's clock is not believed")         \
    X(BROKER_STORE_USED, "cairn_broker_store_used_bytes", "gauge", "", "pages of the store in use")                           \
    X(BROKER_DISK_USED, "cairn_broker_disk_used_ratio", "gauge", "", "how full the store's disk is, 0 to 1")                  \
    X(BROKER_OLDEST_READ, "cairn_broker_oldest_read_seconds", "gauge", "", "age of the oldest read transaction")              \
    X(BROKER_DELIVERED, "cairn_broker_delivered_total", "counter", "", "items of mailboxes sent")                             \
    X(BROKER_DELIVERIES_DROPPED, "cairn_broker_deliveries_dropped_total", "counter", "", "deliveries that could not be sent") \
    X(BROKER_QUESTIONS, "cairn_broker_questions_total", "counter", "", "questions of agencies answered")                      \
    X(BROKER_RING_SLOTS, "cairn_broker_ring_slots", "gauge", "", "slots of the ring in use")                                  \
    X(BROKER_RING_BYTES, "cairn_broker_ring_bytes", "gauge", "", "bytes of frames in the ring")                               \
    X(BROKER_RESIDENT, "cairn_broker_resident_memory_bytes", "gauge", "", "memory that the process holds")                    \
    X(BROKER_MAILBOXES, "cairn_broker_undelivered", "gauge", "", "items of active agencies' mailboxes that they have not acknowledged") \
    X(BROKER_UNOPENED, "cairn_broker_unopened", "gauge", "what", "urgent records and alerts whose time to be opened is over, and nobody has") \
    X(BROKER_SILENT, "cairn_broker_agencies_silent", "gauge", "", "active agencies that joined a week ago or earlier, and of which nothing has come for a week") \
    X(BROKER_CRASHED, "cairn_broker_crashed_applying", "gauge", "", "1 when the last run died while it applied an entry")     \
    X(BROKER_DEATHS, "cairn_broker_deaths", "gauge", "", "runs before this one, in a row, that ended without being told to")  \
    X(BROKER_DUTY_GAP, "cairn_broker_duty_gap", "gauge", "", "0 when somebody is there to open what is urgent; 1 no front door, 2 no calendar, 3 no desk of it at a front door") \
    X(BROKER_REVIEW, "cairn_broker_document_review_timestamp_seconds", "gauge", "document", "end of the day by which the partnership must look at it again") \
    X(AGENT_UP, "cairn_agent_up", "gauge", "", "1 while the agent answers")                                                   \
    X(AGENT_CONNECTED, "cairn_agent_connected", "gauge", "", "1 while it is connected to the broker")                         \
    X(AGENT_LINK_SINCE, "cairn_agent_link_changed_timestamp_seconds", "gauge", "", "when the connection last came or went")   \
    X(AGENT_CONTACT, "cairn_agent_contact_timestamp_seconds", "gauge", "", "when the broker was last heard")                  \
    X(AGENT_RECEIPT, "cairn_agent_receipt_timestamp_seconds", "gauge", "", "when the broker last answered something for good") \
    X(AGENT_CLOCK_OFF, "cairn_agent_clock_difference_seconds", "gauge", "", "between our clock and the broker's, at the last hello") \
    X(AGENT_SPOOL, "cairn_agent_spool_entries", "gauge", "lane", "entries that wait to be sent or answered")                  \
    X(AGENT_UNSEALED, "cairn_agent_unsealed_entries", "gauge", "how", "what waits before it is sealed: for our place in the partnership, or to settle") \
    X(AGENT_SPOOL_OLDEST, "cairn_agent_spool_oldest_timestamp_seconds", "gauge", "", "since when the oldest waits that is to be sent, sealed or not") \
    X(AGENT_HELD, "cairn_agent_held_entries", "gauge", "how", "entries that do not get through; at most 16 are counted")      \
    X(AGENT_RETURNED, "cairn_agent_returned", "gauge", "what", "what the broker refused for good and nobody has dealt with") \
    X(AGENT_DELIVERIES, "cairn_agent_deliveries_total", "counter", "", "items that were delivered")                           \
    X(AGENT_MISSING, "cairn_agent_deliveries_missing", "gauge", "", "items that never came and never will")                   \
    X(AGENT_MISSING_NOTICED, "cairn_agent_deliveries_missing_timestamp_seconds", "gauge", "", "when the newest of them was missed") \
    X(AGENT_LOG, "cairn_agent_log_leaves", "gauge", "", "entries of the log, as far as it was verified")                      \
    X(AGENT_CONTRADICTED, "cairn_agent_log_contradicted", "gauge", "", "1 when the broker showed two logs, to us or to another agency") \
    X(AGENT_CONFIRMING, "cairn_agent_log_confirming_agencies", "gauge", "", "other agencies that have confirmed this log within three days, or all of it") \
    X(AGENT_CONFIRMED, "cairn_agent_log_confirmed_timestamp_seconds", "gauge", "", "when one of them last confirmed the most of it, by its own clock") \
    X(AGENT_UNCONFIRMED, "cairn_agent_log_unconfirmed", "gauge", "", "1 when fewer than half confirm of those that did before, or nobody ever has") \
    X(AGENT_UNOPENED, "cairn_agent_unopened", "gauge", "what", "urgent records of others and alerts that are here and nobody has opened") \
    X(AGENT_UNOPENED_OLDEST, "cairn_agent_unopened_oldest_timestamp_seconds", "gauge", "what", "when the oldest of them came") \
    X(AGENT_REQUESTS, "cairn_agent_requests_waiting", "gauge", "", "requests of others that wait for a person here")          \
    X(AGENT_REVIEWS, "cairn_agent_reviews_due", "gauge", "", "kept records that a person is to look at by now")               \
    X(AGENT_FEED, "cairn_agent_feed_timestamp_seconds", "gauge", "feed", "when something was last taken from a watched folder, or (interface) handed in") \
    X(AGENT_FEED_CONFIGURED, "cairn_agent_feed_configured", "gauge", "feed", "1 for each kind of folder that is watched")     \
    X(AGENT_FEED_REFUSED, "cairn_agent_feed_refused", "gauge", "feed", "files of a watched folder that were refused, and nobody has dealt with") \
    X(AGENT_FEED_SET_ASIDE, "cairn_agent_feed_set_aside", "gauge", "feed", "files of a watched folder of which rows were not taken, and nobody has looked") \
    X(AGENT_TODAY, "cairn_agent_today", "gauge", "what", "what happened today, by the clocks of London")                      \
    X(AGENT_DUTY_GAP, "cairn_agent_duty_gap", "gauge", "", "0 when somebody is there to open what is urgent; 1 no front door, 2 no calendar, 3 no desk of it at a front door") \
    X(AGENT_VERSION, "cairn_agent_document_version", "gauge", "document", "version of each document held")                    \
    X(AGENT_REVIEW, "cairn_agent_document_review_timestamp_seconds", "gauge", "document", "end of the day by which the partnership must look at it again") \
    X(AGENT_STORE_USED, "cairn_agent_store_used_bytes", "gauge", "", "pages of the store in use")                             \
    X(AGENT_STORE_RATIO, "cairn_agent_store_used_ratio", "gauge", "", "the same as a part of what it may hold, 0 to 1")       \
    X(AGENT_DISK_USED, "cairn_agent_disk_used_ratio", "gauge", "", "how full the store's disk is, 0 to 1")
/* clang-format on */

enum cairn_metric {
#define X(id, name, type, label, help) METRIC_##id,
    CAIRN_METRICS(X)
#undef X
    CAIRN_METRIC_COUNT
};

/* How a number is kept, and so how it becomes one of Prometheus's. */
enum cairn_unit {
    UNIT_ONE = 1,
    UNIT_BYTES,
    UNIT_MS,      /* a span; becomes seconds */
    UNIT_TIME,    /* ms since 1970, 0 never; becomes seconds */
    UNIT_PERCENT, /* becomes a ratio */
};

/*
 * The broker's counters, in the order of their file: id, name there, metric, its label's value,
 * unit. One per verdict (answers_VERDICT) and one per note of apply (apply_NOTE) follow there, and
 * belong to BROKER_ANSWERS and BROKER_APPLIED. Of a histogram the label's value is the bucket's
 * limit, "sum" or "count".
 */
#define CAIRN_BROKER_COUNTERS(X)                                                                   \
    X(GATE_FRAMES, "gate_frames", BROKER_FRAMES, "", ONE)                                          \
    X(GATE_BYTES, "gate_bytes", BROKER_RECEIVED, "", BYTES)                                        \
    X(GATE_BAD, "gate_bad_frames", BROKER_BAD_FRAMES, "", ONE)                                     \
    X(GATE_REFUSED, "gate_refused_connections", BROKER_CONNECTIONS_REFUSED, "", ONE)               \
    X(GATE_PAUSED, "gate_paused", BROKER_PAUSES, "", ONE)                                          \
    X(ANSWER_SENT, "answer_sent", BROKER_RECEIPTS, "sent", ONE)                                    \
    X(ANSWER_DROPPED, "answer_dropped", BROKER_RECEIPTS, "dropped", ONE)                           \
    X(COMMIT_ENTRIES, "commit_entries", BROKER_ENTRIES, "", ONE)                                   \
    X(COMMIT_WITHIN_10_MS, "commit_within_10_ms", BROKER_BATCH, "0.01", ONE)                       \
    X(COMMIT_WITHIN_50_MS, "commit_within_50_ms", BROKER_BATCH, "0.05", ONE)                       \
    X(COMMIT_WITHIN_250_MS, "commit_within_250_ms", BROKER_BATCH, "0.25", ONE)                     \
    X(COMMIT_WITHIN_1000_MS, "commit_within_1000_ms", BROKER_BATCH, "1", ONE)                      \
    X(COMMIT_WITHIN_5000_MS, "commit_within_5000_ms", BROKER_BATCH, "5", ONE)                      \
    X(COMMIT_BATCHES, "commit_batches", BROKER_BATCH, "count", ONE)                                \
    X(COMMIT_TOOK_MS, "commit_took_ms", BROKER_BATCH, "sum", MS)                                   \
    X(COMMIT_CUT, "commit_cut", BROKER_CUT, "", ONE)                                               \
    X(COMMIT_LOG_SIZE, "commit_log_size", BROKER_LOG, "", ONE)                                     \
    X(COMMIT_UNWITNESSED, "commit_unwitnessed", BROKER_LOG_UNWITNESSED, "", ONE)                   \
    X(COMMIT_CLOCK_FROZEN, "commit_clock_frozen", BROKER_CLOCK_STEPPED, "", ONE)                   \
    X(COMMIT_USED_BYTES, "commit_used_bytes", BROKER_STORE_USED, "", BYTES)                        \
    X(COMMIT_OLDEST_READ_MS, "commit_oldest_read_ms", BROKER_OLDEST_READ, "", MS)                  \
    X(COMMIT_DISK_PERCENT, "commit_disk_percent", BROKER_DISK_USED, "", PERCENT)                   \
    X(COMMIT_CRASHED, "commit_crashed_applying", BROKER_CRASHED, "", ONE)                          \
    X(COMMIT_DEATHS, "commit_deaths", BROKER_DEATHS, "", ONE)                                      \
    X(PUBLISH_ITEMS, "publish_items", BROKER_DELIVERED, "", ONE)                                   \
    X(PUBLISH_QUESTIONS, "publish_questions", BROKER_QUESTIONS, "", ONE)                           \
    X(PUBLISH_DROPPED, "publish_dropped", BROKER_DELIVERIES_DROPPED, "", ONE)                      \
    X(WAITING_UNDELIVERED, "waiting_undelivered", BROKER_MAILBOXES, "", ONE)                       \
    X(WAITING_RECORDS, "waiting_unopened_records", BROKER_UNOPENED, "record", ONE)                 \
    X(WAITING_ALERTS, "waiting_unopened_alerts", BROKER_UNOPENED, "alert", ONE)                    \
    X(WAITING_SILENT, "waiting_silent_agencies", BROKER_SILENT, "", ONE)                           \
    X(DUTY_GAP, "duty_gap", BROKER_DUTY_GAP, "", ONE)                                              \
    X(REVIEW_AGREEMENTS_MS, "review_agreements_ms", BROKER_REVIEW, "agreements", TIME)             \
    X(REVIEW_PATTERNS_MS, "review_patterns_ms", BROKER_REVIEW, "patterns", TIME)                   \
    X(REVIEW_CALENDAR_MS, "review_calendar_ms", BROKER_REVIEW, "calendar", TIME)                   \
    X(RING_SLOTS_USED, "ring_slots_used", BROKER_RING_SLOTS, "", ONE)                              \
    X(RING_BYTES_USED, "ring_bytes_used", BROKER_RING_BYTES, "", BYTES)                            \
    X(RESIDENT_BYTES, "resident_bytes", BROKER_RESIDENT, "", BYTES)

#endif
