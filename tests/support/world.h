/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world: a partnership in one thread. A real broker's stages over a real store in a temporary
 * folder, stepped by hand; agencies that write real parcels; a link in memory instead of sockets; a
 * clock that moves when told to. The stories of the broker's tests are told with these verbs.
 */
#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

#include "broker/answer.h"
#include "broker/attest.h"
#include "broker/commit.h"
#include "broker/gate.h"
#include "broker/publish.h"
#include "broker/verify.h"
#include "signer/service.h"
#include "support/governing.h"
#include "support/scratch.h"

/* Agency numbers of every world; ids and kinds as in world.c. */
enum {
    GP = 1,
    HOSPITAL = 2,
    HEALTH_VISITING = 3,
    MASH = 4,
    SCHOOL = 5,
    STRANGER = 6
};
#define WORLD_AGENCIES 6
#define WORLD_LETTERS  1200 /* more than a full ring answers */

/* The children of the tests: each agency has a handle of its own for each. */
enum {
    ALIX = 1,
    BLAKE = 2
};

struct world_letter {
    uint32_t to;
    struct net_frame frame;
    bool seen;
};

struct world {
    char dir[SCRATCH_BYTES];
    struct governing governing;
    struct clock_fake clock;
    struct secret pepper;
    struct signer *checkpoint_signer; /* for tests that forge; the broker asks the service */
    struct service service;
    struct signer_client signer;
    struct store *store;
    struct counters counters; /* COUNTERS_NULL: nothing is counted */
    struct board *board;
    struct pipeline *pipeline;
    struct verify verify;
    struct commit commit;
    struct attest attest;
    struct publish publish;
    struct gate gate;
    struct answer answer;
    struct world_letter letters[WORLD_LETTERS];
    size_t n_letters;
    uint64_t seqs[WORLD_AGENCIES + 1][CAIRN_LANES + 1]; /* next of each stream */
    uint64_t correlation;
    struct arena arena; /* of what the last question returned */
};

struct world *world_new(void); /* crypto, governance, a started broker */
void world_free(struct world **world);
/* cmocka's set-up and tear-down, with the world as the test's state. */
int world_set_up(void **state);
int world_tear_down(void **state);
/* The process dies and starts again: nothing but the folder survives. Returns commit_recover's
 * result. */
int world_restart(struct world *world);

/* --- writing parcels --- */

struct world_record {
    uint32_t from;
    int child;
    int32_t day;
    uint32_t code;        /* 0: WAS_NOT_BROUGHT */
    uint32_t record_kind; /* 0: MISSED_APPOINTMENT */
    uint32_t level;
    enum urgency urgency; /* 0: ROUTINE */
    const char *service;  /* occurrence; NULL: none */
    uint32_t authority;   /* another one, the child's; 0: ours */
    uint8_t event;        /* of several children; 0: of this record alone */
    const struct entry_id *retracts;
};

/* An entry that a test has made; everything in it is in fixed storage. */
struct world_entry {
    struct entry_header header;
    struct wire_entry wire;
    struct wire_grant grants[CAIRN_GRANTS_MAX];
    uint8_t header_bytes[CAIRN_HEADER_MAX_BYTES];
    uint8_t body[2048];
    struct secret keys[CAIRN_PARTS + 1]; /* data keys by part */
};

struct entry_id world_next_id(struct world *world, uint32_t agency, enum lane lane);
/* A sealed record with the grants that today's agreements ask for; text goes into the account, the
 * child's name into the card. */
void world_record(struct world *world, const struct world_record *record, struct world_entry *ret);
/* A subject statement with one verified NHS number for the child (nhs false: only name, birth date
 * and postcode). */
void world_statement(struct world *world, uint32_t agency, int child, bool nhs,
                     struct world_entry *ret);
void world_involvement(struct world *world, uint32_t agency, int child, struct world_entry *ret);
void world_decision(struct world *world, uint32_t agency, uint64_t alert, enum action action,
                    enum outcome outcome, struct world_entry *ret);
/* A later grant of this record's parts, to nobody yet. */
void world_grant(struct world *world, uint32_t agency, const struct world_entry *record,
                 struct world_entry *ret);
/* Recipients in rising order. */
void world_grant_to(struct world *world, struct world_entry *grant,
                    const struct world_entry *record, uint32_t recipient);
/* Takes what was sealed to this agency out of the entry. */
void world_withhold(struct world_entry *entry, uint32_t recipient);
/* record NULL: everything that may be asked for. */
void world_request(struct world *world, uint32_t agency, int child, const struct entry_id *record,
                   struct world_entry *ret);
/* Of a link: by a record of whom is meant, under an alert or 0, and for a candidate a record of the
 * other child, or NULL. */
struct world_link {
    enum action action;
    uint64_t alert;
    const struct entry_id *record;
    const struct entry_id *other;
};
void world_link_decision(struct world *world, uint32_t agency, const struct world_link *link,
                         struct world_entry *ret);
void world_acknowledgement(struct world *world, uint32_t agency, uint64_t position,
                           struct world_entry *ret);
/* Freezes header and item again after a test changed entry->header. */
void world_refreeze(struct world_entry *entry);

struct world_parcel {
    uint32_t agency;     /* who signs and is named in the head */
    uint32_t connection; /* who is connected; 0: agency */
    uint32_t signer;     /* whose key signs; 0: agency */
    enum lane lane;      /* 0: normal */
    size_t n;
    const struct world_entry *entries;             /* an array */
    void (*change_head)(struct parcel_head *head); /* before it is signed; may be NULL */
};
/* Cuts and signs; the frame's bytes are appended. */
void world_cut(struct world *world, const struct world_parcel *parcel, struct buf *out);

/* --- moving things --- */

/* The agency's connection: its route and its transport key. */
struct peer world_peer(uint32_t agency);

/* Hands a frame to gate as if it came from that agency's connection. Returns its correlation. */
void world_receive(struct world *world, uint32_t agency, struct slice frame);
/* One batch, and its head; false when there was neither. */
bool world_commit(struct world *world);
/* Every stage until nothing moves. */
void world_turn(struct world *world);
/* Cut, receive, turn. Returns the first entry's verdict, or the frame's when it was refused as a
 * whole. */
enum verdict world_send(struct world *world, const struct world_parcel *parcel);
enum verdict world_send_one(struct world *world, uint32_t agency, const struct world_entry *entry);
/* The newest letter of that type to the agency, or an empty slice; payload borrowed until the next
 * world_turn. */
struct slice world_letter(struct world *world, uint32_t agency, enum wire_type type);
void world_forget_letters(struct world *world); /* every call that sends does so first */
/* Fetches everything after `after` for the agency; the delivery borrows from world->arena. False
 * when nothing came. */
bool world_fetch(struct world *world, uint32_t agency, uint64_t after, struct wire_delivery *ret);
/* The nth notice of that type in the agency's mailbox (0 the first); false when there is none. */
bool world_notice(struct world *world, uint32_t agency, enum notice_type type, size_t nth,
                  struct wire_notice *ret);
/* How many items of that kind lie in the agency's mailbox. */
size_t world_items(struct world *world, uint32_t agency, enum item_kind kind);
uint64_t world_log_size(struct world *world);
/* The directory of this world as its version 1 has it. */
void world_directory_text(struct buf *out);
/* Signs and submits a new directory version in which these agencies are revoked (bit 1 <<
 * number). */
void world_revoke(struct world *world, uint32_t revoked_bits);
/* That directory's text. */
void world_directory_of(uint32_t revoked_bits, struct buf *out);
/* Likewise one in which this agency's transport key is revoked, and the agency itself is not. */
void world_revoke_transport(struct world *world, uint32_t agency);
/* Likewise its signing key; another one stands behind it, and the old one goes on signing here.
 * Only offered: it is in force with the next turn. */
void world_offer_signing_revoked(struct world *world, uint32_t agency);
void world_offer_signing_retired(struct world *world, uint32_t agency);

#endif
