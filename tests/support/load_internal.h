/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of load, for load.c (what it does) and load_judge.c (what it expects). */
#ifndef SUPPORT_LOAD_INTERNAL_H
#define SUPPORT_LOAD_INTERNAL_H

#include "govern/govern.h"
#include "net/dealer.h"
#include "support/load.h"
#include "tree/checkpoint.h"
#include "wire/wire.h"

#define PATIENCE_MS 60000
#define SILENCE_MS  2000 /* then what is missing is sent again: an answer may be dropped */

struct sent {
    uint64_t correlation;
    uint64_t first_seq;
    size_t n;
    double ready_ms; /* to be sent */
    bool answered;
    bool compared; /* answered again, the same */
    bool proved[CAIRN_PARCEL_ENTRIES_MAX];
    struct wire_result results[CAIRN_PARCEL_ENTRIES_MAX];
    struct buf frame;
};

struct load {
    struct governance *governance;
    const struct agency *self;
    struct signer *signer;
    struct secret transport;
    struct dealer *dealer;
    uint32_t key_id;
    uint64_t stream;
    uint64_t next_seq;
    uint64_t next_correlation;
    enum lane lane;
    enum verdict refusal; /* since the last submission */
    char submitted_path[ESTATE_PATH];
    char acknowledged_path[ESTATE_PATH];
    char heads_path[ESTATE_PATH];
    int submitted;
    int acknowledged;
    int heads;
    size_t n_sent;
    size_t n_acknowledged;
    size_t n_answered;
    double waited_ms;
    struct sent *sent;
    size_t room;             /* for so many of them */
    bool greeted;            /* the broker has answered hello on this connection */
    struct checkpoint shown; /* in that hello */
    struct checkpoint head;  /* the newest that a receipt or a hello brought */
    struct buf note;         /* its signed note */
    struct arena arena;
};

/* False when there is no connection yet, or the broker does not read. */
bool load_send(struct load *load, struct slice bytes);
/* Says hello until it is answered on this connection. */
void load_greet(struct load *load);

#endif
