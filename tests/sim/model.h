/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model: what ought to be true of a partnership, told again in plain arrays and none of the
 * broker's code. It knows what people said, and the order that the log put it in; from these alone
 * it says who may have which part of it and who must, and which pattern stands. It reads the log
 * after each commit and hears every frame that the broker sends, and ends the simulation at the
 * first that it does not allow.
 *
 * Its partnership has agreements of its own (model_agreements): a routine concern goes to whoever
 * is involved as `circle` says and to the front door as `door` says; an immediate one always to the
 * front door; a child that was not brought is held for the front door until there are three of
 * them. Of a child that somebody knows by name alone, nobody but the front door opens an account,
 * until a person has confirmed that it is this child; and once a person has said that it is
 * another, neither is told anything of the other's. Two children who might be one are two, until a
 * person at the front door, who was asked, says that they are one (model_pair.c).
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "agents/core/state.h"
#include "govern/govern.h"
#include "support/world.h"

#define SIM_AGENTS     6        /* all of a world have an agent; MASH is the front door */
#define ADULT_SERVICE  STRANGER /* the sixth here: it knows adults, no children */
#define SIM_CHILDREN   8        /* from 1 */
#define SIM_BY_NAME    5        /* whom some agencies know by name alone: model_by_name */
#define SIM_HERE       6        /* has the name and birth date of the next, whom ... */
#define SIM_THERE      7        /* ... the hospital knows, and nobody else */
#define SIM_STOLEN     8        /* a child of whom only a thief speaks */
#define SIM_TIED       2        /* and before it: children whom adults are tied to */
#define SIM_ADULTS     2        /* from 1 */
#define MODEL_PATTERN  3        /* missed appointments */
#define MODEL_TIE_OPEN INT32_MAX
#define MODEL_SAID     600
#define MODEL_LOG      20000
#define MODEL_ITEMS    8  /* how often one thing may be frozen anew */
#define MODEL_VERSIONS 64 /* of the agreements, and of the directory */
#define MODEL_KEYS     6  /* sets of keys that an agency comes to have at most */

enum said_kind {
    SAID_CONCERN = 1,
    SAID_MISSED,
    SAID_INVOLVEMENT,
    SAID_RETRACTION,
    SAID_DECISION, /* the front door opens the child's alert, or closes it */
    SAID_REQUEST,  /* for all that others hold back of a child */
    SAID_LINK,     /* that whom an agency knows by name is the child, or is not */
    SAID_SAME,     /* that two children are one, or are not */
    SAID_ADULT,    /* that an adult is known to a service */
    SAID_TIE       /* what that adult is to a child */
};

/* One thing that somebody said, and what has become of it. */
struct said {
    enum said_kind kind;
    uint32_t agency;
    int child;
    bool immediate;
    int32_t day;                 /* of a record */
    int adult;                   /* of what is said of an adult, and of a tie ... */
    int32_t until;               /* ... the day on which it ends, or MODEL_TIE_OPEN */
    bool undone;                 /* ... it never held */
    uint32_t narrowed;           /* this agency was left out; 0 none */
    size_t takes_back;           /* of a retraction: what */
    uint64_t alert;              /* of a decision: about which */
    uint32_t outcome;            /* of one that closes it; 0: it opens it */
    bool confirms;               /* of a link ... */
    uint32_t member;             /* ... of whom */
    const struct said *named[2]; /* of two children: a record of each */
    struct reference reference;
    bool stolen;      /* said with a key that was stolen from this agency */
    bool may_be_lost; /* its agent went back to a copy from before it */
    bool withdrawn;   /* before it left */
    bool settled;     /* the last copy of its agent's store holds it unsealed ... */
    bool may_repeat;  /* ... and its agent went back to that: it may come under a second id */
    bool repeated;    /* and has */
    size_t n_items;   /* digests it was frozen under: another when its id was used before */
    struct hash items[MODEL_ITEMS];

    bool logged;
    uint64_t index;
    enum verdict verdict;
    bool taken_back;    /* by a retraction that is in the log */
    bool circle_shares; /* the agreements shared it with the circle ever since ... */
    bool door_shares;   /* ... and with the front door */
    bool listed;        /* in its child's alert */
    bool shown;         /* to the front door, for a child who might be another's */
    bool released;      /* by a decision, while it was listed */
    uint32_t concerns;  /* of a decision that closes: 1 << agency whose records were listed */
    uint32_t heard;     /* and who was sent that it is closed */
    bool granted[SIM_AGENTS + 1];  /* by a person who was asked */
    bool withheld[SIM_AGENTS + 1]; /* what was sent may be lost, and does not come again */
    /* Of an adult, by child, in bits 1 << agency: who may be told that there is something, who
     * must, who was; who must hear that it was wrong, and has. */
    uint32_t may_know[SIM_CHILDREN + 1];
    uint32_t must_know[SIM_CHILDREN + 1];
    uint32_t knows[SIM_CHILDREN + 1];
    uint32_t must_unlearn[SIM_CHILDREN + 1];
    uint32_t unlearned[SIM_CHILDREN + 1];
    uint8_t told[SIM_AGENTS + 1];  /* PART_BIT of what the log says it was told */
    uint8_t given[SIM_AGENTS + 1]; /* and of what was sent to it */
};

/* A leaf of the log, as the model remembers it. */
struct logged {
    uint8_t type;
    uint8_t kind;
    uint32_t agency;
    uint64_t number;
    struct entry_id id;
    enum verdict verdict;
    struct hash digest;
    uint32_t reader;     /* of a later grant, and of a refusal: whom it is for */
    bool refuses;        /* what was asked */
    struct said *grants; /* and what; NULL: nothing that anybody said */
};

/* What holds between the child and whom an agency knows by its name alone. */
enum model_link {
    MODEL_BY_NAME = 0,
    MODEL_ONE_CHILD, /* a person has confirmed it */
    MODEL_APART      /* or refused or undone it: for good, until a person says otherwise */
};

/* SIM_HERE and SIM_THERE. */
struct model_pair {
    size_t n_stated; /* handles of anybody, of which the broker has a statement */
    uint8_t stated[MODEL_SAID][CAIRN_HANDLE_BYTES];
    bool asked; /* whether they are one */
    struct said *shown[2];
    bool heard;
    bool judged;
    bool one;
};

/* What an agency says of an adult and a child. */
struct model_tie {
    bool there;
    int32_t until; /* or MODEL_TIE_OPEN */
};

/* A person has refused what was asked. */
struct model_refusal {
    uint32_t agency;
    struct entry_id request;
};

enum model_effect {
    MODEL_SHARE = 1,
    MODEL_HOLD,
    MODEL_ASK,
    MODEL_DENY
};

/* Of an agency's sets of keys the directory lists so many, of which the oldest are retired. */
struct model_keys {
    unsigned listed;
    unsigned retired;
};

struct model_rules {
    enum model_effect circle;
    enum model_effect door;
};

struct model {
    size_t n_said;
    struct said said[MODEL_SAID];
    struct logged *log; /* MODEL_LOG */
    uint64_t log_size;
    struct model_rules rules[MODEL_VERSIONS + 1]; /* by version */
    uint64_t version;                             /* in force */
    uint32_t revoked_by[MODEL_VERSIONS + 1];      /* by version of the directory: 1 << agency */
    uint32_t revoked;                             /* in force */
    struct model_keys keys_by[MODEL_VERSIONS + 1][SIM_AGENTS + 1]; /* by version of the directory */
    struct model_keys keys[SIM_AGENTS + 1];                        /* in force */
    uint32_t key_ids[SIM_AGENTS + 1][MODEL_KEYS + 1]; /* of signing keys, by set from 1 */
    enum model_link links[SIM_AGENTS + 1];            /* of SIM_BY_NAME: model_by_name */
    bool parted; /* a link was: its alerts may be withdrawn, or others */
    bool involved[SIM_AGENTS + 1][SIM_CHILDREN + 1];
    bool alert[SIM_CHILDREN + 1];
    bool open[SIM_CHILDREN + 1]; /* and nobody has closed it */
    struct model_pair pair;
    struct model_tie ties[SIM_AGENTS + 1][SIM_CHILDREN + 1][SIM_ADULTS + 1];
    uint8_t handles[SIM_AGENTS + 1][SIM_CHILDREN + 1][CAIRN_HANDLE_BYTES];
    size_t n_refusals;
    struct model_refusal refusals[MODEL_SAID];
    uint64_t frames; /* heard */
    uint64_t tellings;
};

void model_start(struct model *model);
void model_stop(struct model *model);
/* The text of agreements with these rules. */
void model_agreements(const struct model_rules *rules, struct buf *out);
/* What the log has more than the model knows. */
void model_reads(struct model *model, struct store *store);
/* A frame that the broker sends to this agency. */
void model_hears(struct model *model, uint32_t agency, struct slice frame);
/* By an item digest; NULL: none that anybody said. */
struct said *model_said(struct model *model, const struct hash *item);
/* This agency knows the child by its name alone. */
bool model_by_name(uint32_t agency, int child);
/* By what people have said until now. */
bool model_same_child(const struct model *model, int a, int b);
/* What it is told does not count, or is not known there, any more. */
bool model_stands(const struct said *said);
/* The parts that this agency must have in the end, whatever happened on the way. */
uint8_t model_must(const struct model *model, const struct said *said, uint32_t agency);

/* Ends the simulation: what is not as it ought to be. */
void model_wrong(const char *format, ...) PRINTF(1, 2) NORETURN;

#endif
