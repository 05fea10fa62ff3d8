/* SPDX-License-Identifier: Apache-2.0 */
/* Of words.h what is said of alerts and notices. */
#include "agents/core/words.h"
#include "cairn/client.h"

static void write_outcome(struct writer *writer, enum outcome outcome)
{
    const char *text = outcome_text((uint32_t)outcome);
    for (const char *at = text == NULL ? "" : text; *at != '\0'; at++) {
        write_bytes(writer, *at == '-' ? " " : at, 1);
    }
}

void words_alert(const struct known_alert *row, const char *name, int64_t now_ms,
                 char out[WORDS_MAX_BYTES])
{
    char when[WHEN_BYTES];
    struct writer writer = writer_over(out, WORDS_MAX_BYTES - 1);
    switch (row->state) {
    case KNOWN_LISTED:
        words_when(row->raised_ms, now_ms, when);
        write_format(&writer,
                     "Listed for review %s, from what was there before the pattern was turned on. "
                     "Nobody was alerted.",
                     when);
        break;
    case KNOWN_NOTICED:
        words_when(row->raised_ms, now_ms, when);
        write_format(&writer, "Noticed %s. Nobody at the front door has opened it yet.", when);
        break;
    case KNOWN_OPENED:
        words_when(row->opened.at_ms, now_ms, when);
        write_format(&writer, "Opened at %s, %s. Nothing has been decided yet.", name, when);
        break;
    case KNOWN_CLOSED:
        words_when(row->closed.at_ms, now_ms, when);
        write_format(&writer, "Closed at %s, %s: ", name, when);
        write_outcome(&writer, row->outcome);
        write_text(&writer, ".");
        break;
    case KNOWN_WITHDRAWN:
        words_when(row->closed.at_ms, now_ms, when);
        write_format(
            &writer,
            "Withdrawn %s: a named person at %s has said that it was put together from two "
            "children.",
            when, name);
        break;
    }
    out[writer_slice(&writer).len] = '\0';
}

/* Certainly two: two that are named, or of two kinds. Those of one kind that are not named may be
 * one. */
static bool are_two(const struct wire_headline *one, const struct wire_headline *other)
{
    return one->has_record && other->has_record
               ? one->origin != other->origin
               : !slice_equal(one->origin_kind, other->origin_kind);
}

const char *words_alert_heading(const struct wire_headline *headlines, size_t n)
{
    bool named = n > 0;
    bool referral = false;
    for (size_t i = 0; i < n; i++) {
        if (are_two(&headlines[0], &headlines[i])) {
            return CAIRN_ALERT_HEADING;
        }
        named = named && headlines[i].has_record;
        referral =
            referral || (headlines[i].has_record && headlines[i].record_kind == RECORD_REFERRAL);
    }
    if (!named && n != 1) {
        return CAIRN_ALERT_HEADING_UNNAMED;
    }
    return referral ? CAIRN_ALERT_HEADING_REFERRAL : CAIRN_ALERT_HEADING_ONE;
}

void words_unopened(const struct words_watch *watch, char out[WORDS_MAX_BYTES])
{
    char when[WHEN_BYTES];
    struct writer writer = writer_over(out, WORDS_MAX_BYTES - 1);
    write_text(&writer, "Nobody at the front door has opened this yet. ");
    words_telephone(&writer, watch->desk);
    if (watch->next != NULL) {
        words_when(watch->next_ms, watch->now_ms, when);
        write_format(&writer, "From %s it is %s %s.", when, watch->next->name, watch->next->phone);
    }
    size_t len = writer_slice(&writer).len;
    out[len > 0 && out[len - 1] == ' ' ? len - 1 : len] = '\0';
}

void words_pass_on(uint32_t authority, char out[WORDS_MAX_BYTES])
{
    struct writer writer = writer_over(out, WORDS_MAX_BYTES - 1);
    write_format(
        &writer,
        "To be passed on: the child is one of another local authority (%u). Tell its front "
        "door, and then say here that you have.",
        authority);
    out[writer_slice(&writer).len] = '\0';
}

const char *words_notice(enum notice_type type)
{
    switch (type) {
    case NOTICE_RAISED:
        return CAIRN_ALERT_HEADING_UNNAMED ".";
    case NOTICE_EXTENDED:
        return "Something more was noticed about this child: please look again.";
    case NOTICE_OPENED:
        return "A named person at the front door has opened this alert.";
    case NOTICE_CLOSED:
        return "A named person at the front door has decided about this alert.";
    case NOTICE_RECORD_OPENED:
        return "A named person there has opened what you sent.";
    case NOTICE_RETRACTED:
        return "The broker says that something has been taken back by the agency that sent it.";
    case NOTICE_TOLD:
        return "Another agency has recorded something about this child. What it says is not shared "
               "with you; what is named may be asked for.";
    case NOTICE_UNOPENED:
        return "Nobody at the front door has opened this yet: telephone the desk on duty now.";
    case NOTICE_LINK_CONFIRMED:
        return "A named person has said that what was told here is about this child.";
    case NOTICE_LINK_UNDONE:
        return "A named person has said that what was told here is about another child: do not act "
               "on it for this one.";
    case NOTICE_WITHDRAWN:
        return "This alert is withdrawn: it was put together from two children.";
    case NOTICE_CANDIDATE:
        return "Two children might be the same child: a named person says whether they are.";
    case NOTICE_NOT_SHARED:
        return "What you sent waited for that agency, and no agreement allows it any more: it was "
               "not delivered. If they still need to know, ask whoever answers for sharing.";
    case NOTICE_DESTROYED_UNUSED:
        return "The broker has destroyed its copies of what these say: nobody else was given them, "
               "and no rule can use them any more. Your own system still holds what it recorded.";
    case NOTICE_DESTROYED_DELIVERED:
        return "The broker has destroyed its copies of what these say: whoever was to have them "
               "has long had them.";
    case NOTICE_LISTED:
        return "For review: what was recorded before a pattern was turned on meets it. Nobody was "
               "alerted.";
    case NOTICE_OVER_BUDGET:
        return "This pattern has raised more alerts this week than its owner planned for.";
    case NOTICE_HOLD_ENDS:
        return "Your hold on this child's records ends in four weeks. If they must still be kept, "
               "hold this record again; otherwise the broker may destroy its copies.";
    }
    return "";
}

const char *notice_type_text(enum notice_type type)
{
    switch (type) {
    case NOTICE_RAISED:
        return "raised";
    case NOTICE_EXTENDED:
        return "extended";
    case NOTICE_OPENED:
        return "opened";
    case NOTICE_CLOSED:
        return "closed";
    case NOTICE_RECORD_OPENED:
        return "record-opened";
    case NOTICE_RETRACTED:
        return "retracted";
    case NOTICE_TOLD:
        return "told";
    case NOTICE_UNOPENED:
        return "unopened";
    case NOTICE_LINK_CONFIRMED:
        return "link-confirmed";
    case NOTICE_LINK_UNDONE:
        return "link-undone";
    case NOTICE_WITHDRAWN:
        return "withdrawn";
    case NOTICE_CANDIDATE:
        return "candidate";
    case NOTICE_NOT_SHARED:
        return "not-shared";
    case NOTICE_DESTROYED_UNUSED:
        return "destroyed-unused";
    case NOTICE_DESTROYED_DELIVERED:
        return "destroyed-delivered";
    case NOTICE_LISTED:
        return "listed";
    case NOTICE_OVER_BUDGET:
        return "over-budget";
    case NOTICE_HOLD_ENDS:
        return "hold-ends";
    }
    return "unknown";
}
