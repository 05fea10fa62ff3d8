/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report: every figure and every ratio that cairn-bench gives, in one list each, and how they are
 * printed. A figure holds one number a round. No judgement.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/bench_machine.h"
#include "bench/bench_sender.h"

/* name, section, unit, words */
#define BENCH_FIGURES(X)                                                                           \
    X(SYNC_P50, LIMIT, "us", "fdatasync after overwriting 4 KiB, median")                          \
    X(SYNC_P99, LIMIT, "us", "the same, 99th percentile")                                          \
    X(COMMIT_P50, LIMIT, "ms", "one synced commit of a 2 KiB row, median")                         \
    X(CHAIN_P50, LIMIT, "ms", "C3: three of them in a chain, three environments, median")          \
    X(CHAIN_P99, LIMIT, "ms", "C3, 99th percentile")                                               \
    X(ROWS_8, LIMIT, "records/s", "P8: rows of a record, 8 a synced batch, parcels of 1")          \
    X(ROWS_64, LIMIT, "records/s", "P64: rows of a record, 64 a synced batch, parcels of 64")      \
    X(ROWS_1024, LIMIT, "records/s", "P1024: 1024 a synced batch, parcels of 64")                  \
    X(VERIFY, LIMIT, "checks/s", "V: Ed25519 checks on one core")                                  \
    X(DECISION, LIMIT, "ns", "agreement decision, mean of every record between every two kinds")   \
    X(FRAMES, LIMIT, "frames/s", "F: CURVE frames of 2 KiB, both ends on this machine")            \
    X(BULK, ACCEPTED, "records/s", "parcels of 64, one in flight for each of 8 agencies")          \
    X(BULK_BATCH, ACCEPTED, "records", "  records a commit")                                       \
    X(BULK_P50, ACCEPTED, "ms", "  from send to receipt, median")                                  \
    X(BULK_P99, ACCEPTED, "ms", "  from send to receipt, 99th percentile")                         \
    X(BULK_CPU, ACCEPTED, "us", "  processor time of the broker a record")                         \
    X(BULK_CLIENT_CPU, ACCEPTED, "us", "  processor time of the eight agencies' end a record")     \
    X(TWO, ACCEPTED, "records/s", "parcels of 64, normal and bulk lane of 8 agencies")             \
    X(TWO_BATCH, ACCEPTED, "records", "  records a commit")                                        \
    X(TOLD, ACCEPTED, "records/s", "parcels of 64, of which the MASH is told at once")             \
    X(TOLD_THROUGH, ACCEPTED, "records/s", "  at their reader, which acknowledges")                \
    X(TOLD_CPU, ACCEPTED, "us", "  processor time of the broker a record")                         \
    X(TOLD_CLIENT_CPU, ACCEPTED, "us", "  the same of senders and reader")                         \
    X(SINGLE, ACCEPTED, "records/s", "parcels of 1, one in flight for each of 8 agencies")         \
    X(SINGLE_BATCH, ACCEPTED, "records", "  records a commit")                                     \
    X(SINGLE_P50, ACCEPTED, "ms", "  from send to receipt, median")                                \
    X(SINGLE_P99, ACCEPTED, "ms", "  from send to receipt, 99th percentile")                       \
    X(SINGLE_CPU, ACCEPTED, "us", "  processor time of the broker a record")                       \
    X(SINGLE_CLIENT_CPU, ACCEPTED, "us", "  processor time of the eight agencies' end a record")   \
    X(SINGLE_TWO, ACCEPTED, "records/s", "parcels of 1, normal and bulk lane of 8 agencies")       \
    X(SINGLE_TWO_BATCH, ACCEPTED, "records", "  records a commit")                                 \
    X(SINGLE_TWO_CPU, ACCEPTED, "us", "  processor time of the broker a record")                   \
    X(ALERT_P50, ALERT, "ms", "send of the completing record to delivery, median")                 \
    X(ALERT_P99, ALERT, "ms", "the same, 99th percentile")                                         \
    X(WHOLE_P50, ALERT, "ms", "with a spool's and an inbox's commit at the ends, median")          \
    X(WHOLE_P99, ALERT, "ms", "the same, 99th percentile")                                         \
    X(BULK_ROWS, COST, "rows", "rows added a record, parcels of 64")                               \
    X(BULK_PUTS, COST, "puts", "puts a record, parcels of 64")                                     \
    X(BULK_WRITTEN, COST, "bytes", "handed to the file system a record, parcels of 64")            \
    X(BULK_STORED, COST, "bytes", "growth of the store a record, parcels of 64")                   \
    X(SINGLE_ROWS, COST, "rows", "rows added a record, parcels of 1")                              \
    X(SINGLE_PUTS, COST, "puts", "puts a record, parcels of 1")                                    \
    X(SINGLE_WRITTEN, COST, "bytes", "handed to the file system a record, parcels of 1")           \
    X(BULK_NET, STAGES, "us", "net: gate and answer, parcels of 64")                               \
    X(BULK_IO, STAGES, "us", "libzmq: CURVE and TCP, parcels of 64")                               \
    X(BULK_VERIFY, STAGES, "us", "verify, parcels of 64")                                          \
    X(BULK_COMMIT, STAGES, "us", "commit, parcels of 64")                                          \
    X(BULK_ATTEST, STAGES, "us", "attest, parcels of 64")                                          \
    X(BULK_PUBLISH, STAGES, "us", "publish, parcels of 64")                                        \
    X(BULK_SIGNER, STAGES, "us", "the checkpoint's signer, parcels of 64")                         \
    X(TOLD_NET, STAGES, "us", "net: gate and answer, told at once")                                \
    X(TOLD_IO, STAGES, "us", "libzmq: CURVE and TCP, told at once")                                \
    X(TOLD_VERIFY, STAGES, "us", "verify, told at once")                                           \
    X(TOLD_COMMIT, STAGES, "us", "commit, told at once")                                           \
    X(TOLD_ATTEST, STAGES, "us", "attest, told at once")                                           \
    X(TOLD_PUBLISH, STAGES, "us", "publish, told at once")                                         \
    X(TOLD_SIGNER, STAGES, "us", "the checkpoint's signer, told at once")                          \
    X(SINGLE_NET, STAGES, "us", "net: gate and answer, parcels of 1")                              \
    X(SINGLE_IO, STAGES, "us", "libzmq: CURVE and TCP, parcels of 1")                              \
    X(SINGLE_VERIFY, STAGES, "us", "verify, parcels of 1")                                         \
    X(SINGLE_COMMIT, STAGES, "us", "commit, parcels of 1")                                         \
    X(SINGLE_ATTEST, STAGES, "us", "attest, parcels of 1")                                         \
    X(SINGLE_PUBLISH, STAGES, "us", "publish, parcels of 1")                                       \
    X(SINGLE_SIGNER, STAGES, "us", "the checkpoint's signer, parcels of 1")                        \
    X(SHARE, FULL, "of P64", "accepted, parcels of 64, from an empty store")                       \
    X(MILLION, FULL, "records/s", "accepted, parcels of 64, at one million stored")                \
    X(MILLION_ROWS, FULL, "records/s", "P64 at one million stored")                                \
    X(MILLION_SHARE, FULL, "of P64", "accepted, at one million stored")                            \
    X(MILLION_START, FULL, "ms", "broker, from exec to ready, one million stored")                 \
    X(TEN, FULL, "records/s", "accepted, parcels of 64, at ten million stored (--full)")           \
    X(TEN_ROWS, FULL, "records/s", "P64 at ten million stored")                                    \
    X(TEN_SHARE, FULL, "of P64", "accepted, at ten million stored")                                \
    X(TEN_START, FULL, "ms", "broker, from exec to ready, ten million stored")                     \
    X(CORE_SUBJECTS, CORE, "subjects", "subjects stated before, four of each child")               \
    X(CORE_RECORD, CORE, "us", "a record applied and committed, 256 a batch")                      \
    X(CORE_WHOSE, CORE, "us", "  of it: whose child it is")                                        \
    X(CORE_CANDIDATE, CORE, "us", "  of it: who else it might be")                                 \
    X(CORE_STATEMENT, CORE, "us", "a subject stated anew: links and candidates")                   \
    X(CORE_MEET_NEW, CORE, "us", "  its circle meets, four agencies in two roles each")            \
    X(CORE_MEET, CORE, "us", "  the same once they know of each other")                            \
    X(CORE_MEET_CROWD, CORE, "us", "  the same, a child of 64 subjects")                           \
    X(CORE_IDLE, CORE, "us", "a look at 100000 timers, none due")                                  \
    X(CORE_FIRE, CORE, "us", "one of them fires, with its share of tick and commit")               \
    X(CORE_PICTURE, CORE, "ms", "a picture of 500 entries, drawn by as many questions")            \
    X(SCHOOL_MS, SCHOOL, "ms", "1500 pupils, two sessions: file to last receipt")                  \
    X(SCHOOL_SMALL_MS, SCHOOL, "ms", "150 pupils")                                                 \
    X(SCHOOL_ANON, SCHOOL, "MiB", "most of the agent's own memory, 1500 pupils")                   \
    X(SCHOOL_SMALL_ANON, SCHOOL, "MiB", "most of the agent's own memory, 150 pupils")              \
    X(CLASSIC, PEERS, "messages/s", "RabbitMQ, classic durable queue: acknowledged")               \
    X(CLASSIC_THROUGH, PEERS, "messages/s", "  at its reader")                                     \
    X(CLASSIC_P50, PEERS, "ms", "  to its reader at 200/s, median")                                \
    X(CLASSIC_P99, PEERS, "ms", "  the same, 99th percentile")                                     \
    X(CLASSIC_CLIENT, PEERS, "us", "  processor time of the load a message")                       \
    X(QUORUM, PEERS, "messages/s", "RabbitMQ, quorum queue: acknowledged")                         \
    X(QUORUM_THROUGH, PEERS, "messages/s", "  at its reader")                                      \
    X(QUORUM_P50, PEERS, "ms", "  to its reader at 200/s, median")                                 \
    X(QUORUM_P99, PEERS, "ms", "  the same, 99th percentile")                                      \
    X(QUORUM_CLIENT, PEERS, "us", "  processor time of the load a message")                        \
    X(POSTGRESQL, PEERS, "messages/s", "PostgreSQL, insert and notify: acknowledged")              \
    X(POSTGRESQL_THROUGH, PEERS, "messages/s", "  at its reader")                                  \
    X(POSTGRESQL_P50, PEERS, "ms", "  to its reader at 200/s, median")                             \
    X(POSTGRESQL_P99, PEERS, "ms", "  the same, 99th percentile")                                  \
    X(POSTGRESQL_CLIENT, PEERS, "us", "  processor time of the load a message")                    \
    X(NATS, PEERS, "messages/s", "NATS JetStream, file store, not synced: acknowledged")           \
    X(NATS_THROUGH, PEERS, "messages/s", "  at its reader")                                        \
    X(NATS_P50, PEERS, "ms", "  to its reader at 200/s, median")                                   \
    X(NATS_P99, PEERS, "ms", "  the same, 99th percentile")                                        \
    X(NATS_CLIENT, PEERS, "us", "  processor time of the load a message")                          \
    X(MOSQUITTO, PEERS, "messages/s", "Mosquitto, QoS 1, persistent, not synced: acknowledged")    \
    X(MOSQUITTO_THROUGH, PEERS, "messages/s", "  at its reader")                                   \
    X(MOSQUITTO_P50, PEERS, "ms", "  to its reader at 200/s, median")                              \
    X(MOSQUITTO_P99, PEERS, "ms", "  the same, 99th percentile")                                   \
    X(MOSQUITTO_CLIENT, PEERS, "us", "  processor time of the load a message")                     \
    X(IDLE_ANON, MEMORY, "MiB", "broker's own memory, idle (RssAnon)")                             \
    X(LOADED_ANON, MEMORY, "MiB", "broker's own memory, most under load (RssAnon)")                \
    X(LOADED_FILE, MEMORY, "MiB", "programs and mapped store beside it (RssFile, evictable)")      \
    X(AGENT_ANON, MEMORY, "MiB", "an idle agent's own memory (RssAnon)")                           \
    X(AGENT_FILE, MEMORY, "MiB", "programs and mapped store beside it (RssFile, evictable)")       \
    X(START_EMPTY, START, "ms", "broker, from exec to ready, empty store")                         \
    X(START_FULL, START, "ms", "broker, from exec to ready, the store that the runs left")

/* name, figure, beside which, words */
#define BENCH_RATIOS(X)                                                                            \
    X(BULK_BY_ROWS_64, BULK, ROWS_64, "accepted, parcels of 64 / P64")                             \
    X(BULK_BY_ROWS_1024, BULK, ROWS_1024, "accepted, parcels of 64 / P1024")                       \
    X(BULK_BY_FRAMES, BULK, FRAMES, "accepted, parcels of 64 / F, a frame of 2 KiB a record")      \
    X(TWO_BY_ROWS_1024, TWO, ROWS_1024, "accepted, two lanes / P1024")                             \
    X(SINGLE_BY_ROWS_8, SINGLE, ROWS_8, "accepted, parcels of 1 / P8")                             \
    X(SINGLE_BY_VERIFY, SINGLE, VERIFY, "accepted, parcels of 1 / V, one core")                    \
    X(SINGLE_TWO_BY_VERIFY, SINGLE_TWO, VERIFY, "accepted, parcels of 1 in two lanes / V")         \
    X(SINGLE_BY_FRAMES, SINGLE, FRAMES, "accepted, parcels of 1 / F")                              \
    X(WHOSE_BY_RECORD, CORE_WHOSE, CORE_RECORD, "whose child it is / a record committed")          \
    X(CANDIDATE_BY_RECORD, CORE_CANDIDATE, CORE_RECORD, "who else it might be / the same")         \
    X(MILLION_BY_EMPTY, MILLION_SHARE, SHARE, "share of P64, one million stored / empty store")    \
    X(TEN_BY_EMPTY, TEN_SHARE, SHARE, "share of P64, ten million stored / empty store")            \
    X(BULK_BY_CLASSIC, BULK, CLASSIC, "accepted, parcels of 64 / RabbitMQ classic")                \
    X(BULK_BY_QUORUM, BULK, QUORUM, "accepted, parcels of 64 / RabbitMQ quorum")                   \
    X(BULK_BY_NATS, BULK, NATS, "accepted, parcels of 64 / NATS, which does not sync")             \
    X(TOLD_BY_CLASSIC, TOLD_THROUGH, CLASSIC_THROUGH, "at the reader / RabbitMQ classic")          \
    X(TOLD_BY_QUORUM, TOLD_THROUGH, QUORUM_THROUGH, "at the reader / RabbitMQ quorum")             \
    X(TOLD_BY_NATS, TOLD_THROUGH, NATS_THROUGH, "at the reader / NATS, which does not sync")       \
    X(WHOLE_BY_QUORUM, WHOLE_P50, QUORUM_P50, "alert with its three commits / quorum, median")     \
    X(WHOLE_BY_QUORUM_99, WHOLE_P99, QUORUM_P99, "the same, 99th percentiles")                     \
    X(SCHOOL_BY_SMALL, SCHOOL_ANON, SCHOOL_SMALL_ANON, "the agent's memory, ten times the pupils") \
    X(ALERT_BY_COMMIT, ALERT_P50, COMMIT_P50, "alert, send to delivery / one commit, median")      \
    X(WHOLE_BY_CHAIN, WHOLE_P50, CHAIN_P50, "alert with its three commits / C3, median")           \
    X(WHOLE_BY_CHAIN_99, WHOLE_P99, CHAIN_P99, "the same, 99th percentiles")

enum bench_figure {
#define X(name, section, unit, words) FIGURE_##name,
    BENCH_FIGURES(X)
#undef X
    N_FIGURES
};

struct report {
    const struct bench_options *options;
    char command[128];
    char commit[48];        /* that it was built from, as `./run bench` says, or "unknown" */
    int64_t begun_ms;       /* since boot */
    struct machine machine; /* as it was at the start */
    struct record_sizes sizes;
    uint64_t stored; /* records in the store at the end */
    bool tmpfs;
    struct samples figures[N_FIGURES];
};

void report_add(struct report *report, enum bench_figure figure, double value);
/* As the options say: on standard output, and into the folder for reports. */
void report_print(const struct report *report);
/* The rates side by side, as SVG. */
void report_draw(const struct report *report, struct buf *out);
/* For report_draw: what the figure is called. */
const char *report_words(enum bench_figure figure);
void report_deinit(struct report *report);

#endif
