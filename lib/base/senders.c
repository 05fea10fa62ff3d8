/* SPDX-License-Identifier: Apache-2.0 */
#include "cairn/senders.h"

#include <string.h>

#include "base/attr.h"

static_assert(RECORD_ALLEGATION < 32, "a set of kinds is 32 bits");

static const struct {
    const char *class;
    uint32_t kinds;
} senders[] = {
#define X(class, kinds) {class, SENT_BY_ANYBODY | (kinds)},
    CAIRN_SENDERS(X)
#undef X
};

/* Of a class that is not listed, all of them. */
static uint32_t kinds_of(const char *class)
{
    for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
        if (strcmp(senders[i].class, class) == 0) {
            return senders[i].kinds;
        }
    }
    return UINT32_MAX;
}

bool sender_may_say(const char *class, enum record_kind kind, uint32_t code, enum urgency urgency)
{
    return record_is_danger(kind, urgency) ||
           (kind == RECORD_PLAN && (code == CODE_PLAN_EARLY_HELP || code == CODE_PLAN_ENDED)) ||
           (kinds_of(class) >> kind & 1U) != 0;
}

enum record_kind sender_says_next(const char *class, enum record_kind after)
{
    for (unsigned kind = (unsigned)after + 1; record_kind_text(kind) != NULL; kind++) {
        if ((kinds_of(class) >> kind & 1U) != 0) {
            return (enum record_kind)kind;
        }
    }
    return (enum record_kind)0;
}
