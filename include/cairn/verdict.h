/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of an entry or a frame. A refused message is data, not a fault: every stage says one
 * of these words and nothing else, and this table is the only place they are listed. It feeds the
 * wire numbers, the log, the counters, the test rows and docs/protocol.md.
 *
 * FINAL: the same id gets the same answer for ever; a row is kept. RETRY: nothing was kept; send
 * the same again later. Columns: name, wire number (never reused), FINAL or RETRY, words for the
 * person who reads them.
 */
#ifndef CAIRN_VERDICT_H
#define CAIRN_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define CAIRN_VERDICTS(X)                                                                                              \
    X(STORED,               1, FINAL, "stored and logged")                                                             \
    X(STORED_NO_READER,     2, FINAL, "stored and logged; no agreement lets anybody read it")                          \
    X(BUSY,                10, RETRY, "the broker is busy; try again")                                                 \
    X(OVER_QUOTA,          11, RETRY, "this agency has sent more than its quota for now")                              \
    X(STALE_DIRECTORY,     12, RETRY, "sealed under an older directory or agreement; fetch the newer one and send again") \
    X(DISK_FULL,           14, RETRY, "the broker's disk is nearly full")                                              \
    X(HELLO_FIRST,         15, RETRY, "the broker does not know this connection yet; say hello again")                 \
    X(BAD_FRAME,           20, FINAL, "not a Cairn frame: magic, type, length or number of parts")                     \
    X(TOO_LARGE,           21, FINAL, "larger than the limit")                                                         \
    X(UNSUPPORTED_VERSION, 22, FINAL, "no protocol version in common")                                                 \
    X(MALFORMED,           23, FINAL, "not the canonical encoding of a known message")                                 \
    X(WRONG_LANE,          24, FINAL, "only urgent records and what they need may use the urgent lane")                \
    X(UNKNOWN_KEY,         30, FINAL, "the signing key is not in the directory")                                       \
    X(REVOKED_KEY,         31, FINAL, "the signing key or its agency is revoked")                                      \
    X(WRONG_SENDER,        32, FINAL, "the connection, the parcel and the entry do not name the same agency")          \
    X(BAD_SIGNATURE,       33, FINAL, "the signature does not hold")                                                   \
    X(WRONG_PARTNERSHIP,   34, FINAL, "made for another partnership")                                                  \
    X(EQUIVOCATION,        40, FINAL, "this id was used before for something else")                                    \
    X(OUT_OF_ORDER,        41, FINAL, "entries of a stream must have rising sequence numbers")                         \
    X(BAD_ENTRY,           42, FINAL, "a field of the entry is missing or outside its range")                          \
    X(KIND_NOT_IN_USE,     43, FINAL, "this kind of entry is numbered but not in use yet")                             \
    X(NOT_ENTITLED,        44, FINAL, "this agency may not say or ask this")                                           \
    X(NOT_FOUND,           45, FINAL, "it names something that does not exist")                                        \
    X(CONFLICT,            46, FINAL, "it does not fit the present state")                                             \
    X(BAD_GRANT,           47, FINAL, "a grant names a reader that the agreements do not allow, or the origin's own is missing") \
    X(QUARANTINED,         50, FINAL, "set aside: applying it stopped the broker twice; an operator must look")
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
