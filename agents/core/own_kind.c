/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/own_kind.h"

#include "cairn/senders.h"

/* "concern, referral, ..." */
static void list_kinds(const char *class, struct writer *out)
{
    enum record_kind kind = (enum record_kind)0;

    while ((kind = sender_says_next(class, kind)) != 0) {
        write_format(out, "%s%s", out->len > 0 ? ", " : "", record_kind_text(kind));
    }
}

int own_kind_check(const struct governance *governance, uint32_t own, const struct event *event,
                   struct error *error)
{
    const struct agency *agency = directory_agency(&governance->directory, own);
    char kinds[160] = "";
    struct writer out = writer_over(kinds, sizeof(kinds) - 1);

    if (agency == NULL ||
        sender_may_say(agency->kind->class, event->kind, event->code, event->urgency)) {
        return 0;
    }
    list_kinds(agency->kind->class, &out);
    return error_set(error, "",
                     "%s is not for an agency of kind %s to send: it sends %s; and whatever is "
                     "immediate",
                     record_kind_text(event->kind), agency->kind->id, kinds);
}
