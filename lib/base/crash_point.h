/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_point: places where a test can have a program die at once, as by kill -9. Every durable
 * step of the daemons has one on either side: what lies between "on the disk" and "said" is where
 * the order of things is a promise. Tests go through the whole list (tests/fault/crash_points.py),
 * so a step that is added here is tested, and one that is not here does not compile.
 *
 * Only in builds with CAIRN_CRASH_POINTS (Debug). Elsewhere CRASH_POINT is nothing, and no program
 * contains any of this.
 *
 * CAIRN_CRASH_POINT="NAME:TIMES" arms one before the program starts: it dies when it comes there
 * for that many times. It says so on standard error, and its status is CRASH_POINT_STATUS.
 */
#ifndef BASE_CRASH_POINT_H
#define BASE_CRASH_POINT_H

#define CRASH_POINT_STATUS 93

/* name, text, whose: broker, signer (the broker's child) or agent */
#define CRASH_POINTS(X)                                                                            \
    X(COMMIT_PLANNED, "commit.planned", "broker")         /* nothing written yet */                \
    X(COMMIT_JOURNAL_PUT, "commit.journal_put", "broker") /* in the transaction */                 \
    X(COMMIT_APPLIED, "commit.applied", "broker")                                                  \
    X(COMMIT_SYNCED, "commit.synced", "broker") /* nobody knows yet */                             \
    X(ATTEST_REREAD, "attest.reread", "broker")                                                    \
    X(ATTEST_MARKED, "attest.marked", "broker") /* high-water mark */                              \
    X(ATTEST_SIGNED, "attest.signed", "broker")                                                    \
    X(ATTEST_SHOWN, "attest.shown", "broker") /* on the board; answers may follow */               \
    X(ANSWER_DUE, "answer.due", "broker")                                                          \
    X(ANSWER_SENT, "answer.sent", "broker")                                                        \
    X(PUBLISH_FILLED, "publish.filled", "broker")                                                  \
    X(PUBLISH_SENT, "publish.sent", "broker")                                                      \
    X(SIGNER_ASKED, "signer.asked", "signer")                                                      \
    X(SIGNER_REMEMBERED, "signer.remembered", "signer")                                            \
    X(SIGNER_SIGNED, "signer.signed", "signer")                                                    \
    X(HIGHWATER_WRITTEN, "highwater.written", "broker") /* not synced */                           \
    X(GOVERNANCE_TAKEN, "governance.taken", "agent")                                               \
    X(GOVERNANCE_KEPT, "governance.kept", "agent")                                                 \
    X(INTAKE_PUT, "intake.put", "agent")   /* in the transaction */                                \
    X(INTAKE_KEPT, "intake.kept", "agent") /* synced; the caller does not know yet */              \
    X(INTAKE_ANSWERED, "intake.answered", "agent")                                                 \
    X(SETTLE_PUT, "settle.put", "agent")   /* sealed and in the spool, in the transaction */       \
    X(SETTLE_KEPT, "settle.kept", "agent") /* synced; the link does not know yet */                \
    X(PARCEL_CUT, "parcel.cut", "agent")                                                           \
    X(PARCEL_SENT, "parcel.sent", "agent")                                                         \
    X(RECEIPT_TAKEN, "receipt.taken", "agent")                                                     \
    X(RECEIPT_KEPT, "receipt.kept", "agent")                                                       \
    X(INBOX_TAKEN, "inbox.taken", "agent") /* checked, in the transaction */                       \
    X(INBOX_KEPT, "inbox.kept", "agent")                                                           \
    X(WITNESS_PUT, "witness.put", "agent") /* the head that it holds */                            \
    X(WITNESS_KEPT, "witness.kept", "agent")                                                       \
    X(ACKNOWLEDGEMENT_CUT, "acknowledgement.cut", "agent")                                         \
    X(ACKNOWLEDGEMENT_SENT, "acknowledgement.sent", "agent")                                       \
    X(HANDED_OVER, "inbox.handed_over", "agent") /* about to be, to an application */              \
    X(READING_PUT, "reading.put", "agent")                                                         \
    X(READING_KEPT, "reading.kept", "agent")   /* the application does not know yet */             \
    X(DECISION_PUT, "decision.put", "agent")   /* it is on disk, what opens by it is not */        \
    X(DECISION_KEPT, "decision.kept", "agent") /* the person does not know yet */

enum crash_point {
#define X(name, text, whose) CRASH_##name,
    CRASH_POINTS(X)
#undef X
};

#ifdef CAIRN_CRASH_POINTS
#define CRASH_POINT(name) crash_point_reach(CRASH_##name)
#else
#define CRASH_POINT(name) ((void)CRASH_##name)
#endif

/* Any thread. */
void crash_point_reach(enum crash_point point);

#endif
