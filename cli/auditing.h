/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditing: an audit under way, for the files of cli/audit*.c: audit.c walks the journal and hands
 * each input to the file that knows it. One thread; everything below borrows from the transaction.
 * What returns bool returns false once the store is not sound, having said why (audit_fault).
 */
#ifndef CLI_AUDITING_H
#define CLI_AUDITING_H

#include "cli/audit.h"
#include "govern/govern.h"
#include "ledger/journal.h"
#include "ledger/state.h"
#include "wire/leaf.h"

/* What an agency cosigned last, as the journal has it. */
struct cosigned {
    uint32_t agency;
    uint64_t log_size;
    struct hash log_root;
    uint8_t cosignature[COSIGNATURE_BYTES];
    uint32_t key_id;
};

/* An audit under way. */
struct auditing {
    struct store_txn *txn;
    struct audit *audit;
    struct governance *governance; /* in force at the batch being looked at */
    /* why the first document does not hold that did not since one did; empty when all hold */
    char refused[sizeof(((struct audit *)NULL)->problem)];
    enum governance_document refused_document;
    uint64_t batch;
    int64_t time_ms; /* of the batch */
    uint32_t input;
    size_t offset;
    struct hash before;    /* the digest of all rows before the batch */
    struct hash said;      /* by the batch's row, up to the end of the input */
    uint64_t signed_batch; /* batch and first input of the parcel whose signature held last */
    uint32_t signed_input;
    uint64_t leaf;              /* every leaf before this one has been looked at */
    uint64_t leaves_of_entries; /* among those */
    uint64_t leaves_of_destroyed;
    uint64_t entries_told;     /* entries of the journal that have a leaf of their own */
    uint64_t blobs;            /* rows that an entry led to */
    struct cosigned *cosigned; /* ascending agency */
    size_t n_cosigned;
};

/* Whether the leaf at that index was made for the input at hand, as the journal has it now. */
bool audit_is_of_input(const struct auditing *auditing, const struct leaf *leaf,
                       uint64_t index) MUST_USE;

/* The first fault is the one that is told. Always false. */
bool audit_fault(struct auditing *auditing, const char *format, ...) PRINTF(2, 3);

/* --- the journal: audit.c --- */
/* The batch under the walk, which is to have that number, when everything before it was sound. What
 * it leads to is looked at; what is wrong with it shows here, or in the next batch. */
bool audit_batch(struct auditing *auditing, const struct store_walk *walk,
                 uint64_t number) MUST_USE;
/* After the journal: the table has so many rows, which entries led to. */
bool audit_nothing_more(struct auditing *auditing, enum table table, uint64_t rows) MUST_USE;

/* --- entries: audit_entry.c --- */
bool audit_entry(struct auditing *auditing, const struct entry_input *entry) MUST_USE;

/* --- governance documents: audit_document.c --- */
/* Takes it into force as the broker did. */
bool audit_document(struct auditing *auditing, const struct govern_document *document) MUST_USE;
/* After the journal. */
bool audit_documents_in_force(struct auditing *auditing) MUST_USE;

/* --- cosignatures: audit_cosignature.c --- */
/* Of an acknowledgement: kept as that agency's last, when it holds. */
void audit_cosignature_follow(struct auditing *auditing, const struct entry_input *entry);
/* After the journal: each agency's row has that one. */
bool audit_cosignatures(struct auditing *auditing) MUST_USE;

/* --- the log beside the journal: audit_leaves.c --- */
/* Nothing before this leaf is left that the journal should have told of. */
bool audit_leaves_until(struct auditing *auditing, uint64_t until) MUST_USE;
/* The next leaf is the one of this input; that of a start says where in the log it stands. */
bool audit_input_leaf(struct auditing *auditing, const struct leaf *expected) MUST_USE;
/* After the journal: what is left of the log tells of nothing that the journal does not. */
bool audit_leaves_end(struct auditing *auditing) MUST_USE;

#endif
