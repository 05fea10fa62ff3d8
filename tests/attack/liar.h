/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liar: a broker that lies. Behind it are a world's honest stages, with the broker's real keys;
 * before it the simulator's network and real agents with their real links, turned by hand. What the
 * honest stages say can be changed, held back or sent twice on its way; and the liar can say things
 * of its own: signed heads of any log, and deliveries that such a log proves. What agents and
 * broker write to the log is kept for the test to look at. Asserts (cmocka).
 */
#ifndef ATTACK_LIAR_H
#define ATTACK_LIAR_H

#include "sim/node.h"
#include "support/stories.h"
#include "wire/leaf.h"

#define LIAR_LEAVES 4096

/* Something that the broker says to an agency. */
struct saying {
    uint32_t to;
    struct wire_header header;
    struct slice payload;
};

enum lie {
    LIE_NOT = 0, /* it goes as it is */
    LIE_TOLD,    /* another payload goes */
    LIE_SILENT   /* nothing goes */
};

struct liar {
    struct world *world;
    struct node nodes[WORLD_AGENCIES + 1];
    bool there[WORLD_AGENCIES + 1];
    struct peer peers[WORLD_AGENCIES + 1]; /* their present connections */
    /* Both may be NULL. What is said; and, true, what is heard and never passed on. */
    enum lie (*lie)(struct liar *liar, const struct saying *saying, struct buf *payload);
    bool (*swallow)(struct liar *liar, uint32_t from, const struct wire_header *header,
                    struct slice payload);
    void *data;    /* the lie's */
    uint64_t lies; /* told, or silences */
    struct hash leaves[LIAR_LEAVES];
    struct arena arena; /* of what a lie reads */
    int log;            /* what was said on standard error while it lived */
    int stderr_before;
};

/* Honest as yet. */
struct liar *liar_new(void);
void liar_free(struct liar **liar);
/* A real agent, that knows nothing but the root. */
void liar_join(struct liar *liar, uint32_t agency);
struct agent *liar_agent(struct liar *liar, uint32_t agency);
/* So many seconds: everybody's turn in each. */
void liar_live(struct liar *liar, unsigned seconds);
/* So many hours, in steps that no connection breaks off over: everybody's turn in each. */
void liar_pass(struct liar *liar, unsigned hours);
/* Lives until the agency is connected; it must come to that. */
void liar_connect(struct liar *liar, uint32_t agency);
/* The agent starts again: it will say hello. */
void liar_restart(struct liar *liar, uint32_t agency);
/* Whether the log has this text since the last call of liar_forget. */
bool liar_heard(struct liar *liar, const char *text);
void liar_forget(struct liar *liar);

/* --- what it says of its own accord --- */

void liar_say(struct liar *liar, uint32_t to, enum wire_type type, uint64_t correlation,
              const struct buf *payload);
/* What it heard, in other words, to the honest stages. */
void liar_pass_on(struct liar *liar, uint32_t from, const struct wire_header *header,
                  const struct buf *payload);
/* Of the log that is there: its leaves are put into liar->leaves. Returns how many. */
size_t liar_true_leaves(struct liar *liar);
/* A head of the first `size` of liar->leaves, signed with the broker's real key. */
void liar_head(struct liar *liar, size_t size, struct buf *note);
void liar_sign(struct liar *liar, const struct checkpoint *head, struct buf *note);
struct tree_proof liar_consistency(struct liar *liar, size_t from, size_t to);
struct tree_proof liar_inclusion(struct liar *liar, size_t index, size_t size);

/* An entry as somebody signed it: `signer`'s key under a head that names `sender`. */
struct hearsay {
    const struct world_entry *entry;
    uint32_t sender;
    uint32_t signer;
    const char *origin; /* the partnership; NULL ours */
    bool has_handle;
    struct subject_id about; /* the recipient's own handle for the child */
};
/* The payload of its delivery is appended. */
void liar_hearsay(struct liar *liar, const struct hearsay *hearsay, struct buf *payload);

/* One item, in a log that goes on from the true one with the leaf that tells of it. Members that
 * are 0 are as they ought to be. */
struct invention {
    enum item_kind kind;
    struct slice payload;
    struct hash what; /* item digest, or of a notice SHA-256 of the payload */
    uint8_t parts;
    uint64_t alert;    /* of a release */
    uint64_t position; /* in the mailbox */
    uint32_t told;     /* of whom the leaf tells */
    bool bad_path;
    bool bad_consistency;
    bool leaf_of_another_kind;
};
void liar_deliver(struct liar *liar, uint32_t to, const struct invention *invention);

#endif
