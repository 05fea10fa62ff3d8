/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of an entry or a frame. A refused message is data, not a fault: every stage says one
 * of these words and nothing else, and this table is the only place they are listed. It feeds the
 * wire numbers, the log, the counters, the test rows and docs/protocol.md.
 *
 * FINAL: the same id gets the same answer for ever; a row is kept. RETRY: nothing was kept; send
 * the same again later. Columns: name, wire number (never reused), FINAL or RETRY, one clause for
 * the person who reads them, at an agency, on the command line or in a log: what is wrong with
 * "it", and who has to act where that is not plain.
 */
#ifndef CAIRN_VERDICT_H
#define CAIRN_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define CAIRN_VERDICTS(X)                                                                                                          \
    X(STORED,               1, FINAL, "it is stored and in the log")                                                               \
    X(STORED_NO_READER,     2, FINAL, "it is stored and in the log, but no agreement lets any other agency read it")               \
    X(BUSY,                10, RETRY, "the broker is busy; it is sent again")                                                      \
    X(OVER_QUOTA,          11, RETRY, "this agency has sent more than its quota for now; it is sent again")                        \
    X(STALE_DIRECTORY,     12, RETRY, "it was sealed under an older directory or agreement, or signed by a key that was retired since; it is sealed and signed anew, and sent again") \
    X(DISK_FULL,           14, RETRY, "the broker's disk is nearly full; it is sent again")                                        \
    X(HELLO_FIRST,         15, RETRY, "the broker does not know this connection yet; it is sent again after a greeting")           \
    X(BAD_FRAME,           20, FINAL, "this is no Cairn message: the program that sent it is at fault")                            \
    X(UNSUPPORTED_VERSION, 22, FINAL, "agent and broker have no version of the protocol in common: one of them must be updated")   \
    X(MALFORMED,           23, FINAL, "the message cannot be read: the program that sent it is at fault")                          \
    X(WRONG_LANE,          24, FINAL, "only urgent records and what they need may go ahead of the others")                         \
    X(UNKNOWN_KEY,         30, FINAL, "the key that signed it is not in the partnership's directory")                              \
    X(REVOKED_KEY,         31, FINAL, "the key that signed it, or its agency, was revoked")                                        \
    X(WRONG_SENDER,        32, FINAL, "it names another agency than the one that sent or signed it")                               \
    X(BAD_SIGNATURE,       33, FINAL, "its signature does not hold: it was changed, or another key signed it")                     \
    X(WRONG_PARTNERSHIP,   34, FINAL, "it was made for another partnership")                                                       \
    X(EQUIVOCATION,        40, FINAL, "this id was used before for something else")                                                \
    X(OUT_OF_ORDER,        41, FINAL, "a later one of the same agency came first, so its number cannot be used any more")          \
    X(BAD_ENTRY,           42, FINAL, "a field of it is missing or outside its range")                                             \
    X(NOT_ENTITLED,        44, FINAL, "this agency may not say or ask this")                                                       \
    X(NOT_FOUND,           45, FINAL, "it speaks of a record or an alert that is not there")                                       \
    X(CONFLICT,            46, FINAL, "it does not fit what has happened since")                                                   \
    X(BAD_GRANT,           47, FINAL, "it is sealed for an agency that no agreement lets read it, or not for the one that sent it") \
    X(OVER_LIMIT,          48, FINAL, "it is more than the partnership lets this agency claim or ask for")                         \
    X(QUARANTINED,         50, FINAL, "it is set aside, because the broker stopped twice over it: an operator must look")
/* clang-format on */

enum verdict {
#define X(name, number, lasting, words) VERDICT_##name = (number),
    CAIRN_VERDICTS(X)
#undef X
};

/* The name as in the table, in lower case ("bad_signature"), or "unknown". Static storage. */
const char *verdict_name(enum verdict verdict);
/* One sentence for people. Static storage. */
const char *verdict_words(enum verdict verdict);
/* True when the same entry may be sent again and may then get another answer. */
bool verdict_is_retry(enum verdict verdict);
/* True for the two verdicts that mean the entry is in the log. */
bool verdict_is_stored(enum verdict verdict);
/* Wire number to verdict; false (and *ret untouched) for a number that is not in the table. */
bool verdict_from_wire(uint32_t number, enum verdict *ret);

#endif
