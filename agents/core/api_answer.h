/* SPDX-License-Identifier: Apache-2.0 */
/* What the local interface answers: JSON, plain text, or a problem of cairn/client.h. One thread,
 * the connection's, makes it; its body is whoever's the answer is until api.c hands it to the
 * library. */
#ifndef AGENTS_API_ANSWER_H
#define AGENTS_API_ANSWER_H

#include "base/error.h"
#include "base/slice.h"
#include "cairn/client.h"
#include "cairn/ids.h"
#include "cairn/limits.h"
#include "json/json.h"

enum problem {
#define X(name, status, text, title) PROBLEM_##name,
    CAIRN_PROBLEMS(X)
#undef X
};
#define PROBLEM_COUNT (PROBLEM_DISK_FULL + 1)

struct api_answer {
    unsigned status;
    const char *type;  /* media type; static */
    const char *allow; /* methods of a path that was asked with another; static, else NULL */
    /* The desk on duty, said in a problem when it may be about a child in danger; phone "": not
     * known. */
    char desk[CAIRN_NAME_MAX_BYTES];
    char phone[CAIRN_PHONE_MAX_BYTES];
    bool may_be_urgent; /* something was to be handed in: any problem, not only our own faults */
    struct buf body;    /* may hold personal data: deinit wipes */
};
#define API_ANSWER_NULL                                                                            \
    ((struct api_answer){.status = 500, .type = "", .body = BUF_MAX(CAIRN_API_ANSWER_MAX_BYTES)})

/* Takes *document. */
void answer_json(struct api_answer *answer, unsigned status, struct json **document);
/* `error` says what and where; NULL: the title says it all. */
void answer_problem(struct api_answer *answer, enum problem problem, const struct error *error);
/* The same with a sentence of our own. */
void answer_problem_words(struct api_answer *answer, enum problem problem, const char *words);
/* PROBLEM_NOT_FOUND of an alert, and of a record: ours or delivered. */
void answer_no_alert(struct api_answer *answer);
void answer_no_record(struct api_answer *answer);
/* For a -errno of the store or of the system. */
void answer_fault(struct api_answer *answer, int fault);

/* --- values that every answer writes alike --- */
void answer_set_entry(struct json *object, const char *key, const struct entry_id *entry);
/* Numbers beyond a signed 64-bit integer do not occur: positions, indexes and sizes count up. */
void answer_set_count(struct json *object, const char *key, uint64_t count);
/* Text of a peer: left out when it is not text. */
void answer_set_peer_text(struct json *object, const char *key, struct slice text);
/* JSON that another agency sealed, as a member; false and nothing set when it is not JSON. */
bool answer_set_sealed(struct json *object, const char *key, struct slice text);

#endif
