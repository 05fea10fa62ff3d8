/* SPDX-License-Identifier: Apache-2.0 */
/* A broker's counters in plain English. docs/operations.md has the same list. */
#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "cairn/verdict.h"
#include "cli/plain.h"

struct row {
    const char *name;
    const char *plain;
};

static const struct row stages[] = {
    {"gate", "what came in"},
    {"answer", "receipts"},
    {"commit", "what was written down"},
    {"publish", "what went out"},
    {"waiting", "what waits"},
    {"review", "the partnership is to look again at its documents by"},
    {"ring", "what is being worked on now"},
    {"resident", "memory"},
    {"answers", "what agencies were answered, of each thing they sent or asked"},
    {"apply", "what came of it"},
};

static const struct row figures[] = {
    {"gate_frames", "messages from agencies"},
    {"gate_bytes", "their size, all together"},
    {"gate_bad_frames", "messages that were none of Cairn's"},
    {"gate_refused_connections",
     "connections turned away: a key that is not in the directory, or was revoked"},
    {"gate_paused", "times that it stopped reading for a moment, to catch up"},
    {"answer_sent", "receipts sent"},
    {"answer_dropped", "receipts that could not be sent: the agency sends again and gets one"},
    {"commit_entries", "things written into the journal"},
    {"commit_within_10_ms", "writes to the disk that took 10 ms or less"},
    {"commit_within_50_ms", "50 ms or less"},
    {"commit_within_250_ms", "a quarter of a second or less"},
    {"commit_within_1000_ms", "a second or less"},
    {"commit_within_5000_ms", "5 seconds or less"},
    {"commit_batches", "writes to the disk in all"},
    {"commit_took_ms", "time that they took, all together"},
    {"commit_cut", "writes that ended early because they had become large; the next took the rest"},
    {"commit_log_size", "entries of the log"},
    {"commit_unwitnessed", "of these the newest, which no agency has confirmed yet"},
    {"commit_clock_frozen", "the machine's clock has jumped and is not believed: put it right"},
    {"commit_used_bytes", "of the disk in use by the store"},
    {"commit_oldest_read_ms", "since the longest reading of the store now under way began"},
    {"commit_disk_percent", "of the store's disk is full"},
    {"commit_crashed_applying", "the last run died over one entry: see its log"},
    {"commit_deaths", "runs before this one, in a row, that died"},
    {"publish_items", "items delivered to agencies"},
    {"publish_questions", "questions of agencies answered"},
    {"publish_dropped", "deliveries that could not be sent: the agency fetches them again"},
    {"waiting_undelivered", "items that agencies have not fetched yet"},
    {"waiting_unopened_records",
     "urgent records that nobody has opened in time: ring the desk on duty"},
    {"waiting_unopened_alerts", "alerts that nobody has opened in time"},
    {"waiting_silent_agencies", "agencies that have said nothing of any child for a week"},
    {"review_agreements_ms", "the agreements"},
    {"review_patterns_ms", "the patterns"},
    {"review_calendar_ms", "the calendar"},
    {"ring_slots_used", "messages"},
    {"ring_bytes_used", "their size"},
    {"resident_bytes", "held by the process"},
    {"apply_records_stored", "records stored"},
    {"apply_entries_refused", "things refused for good, and logged as refused"},
    {"apply_equivocations", "ids that were used for a second thing, which was refused"},
    {"apply_stream_gaps", "gaps in what an agency sent, which usually fill by themselves"},
    {"apply_bodies_destroyed", "sealed records destroyed because their time was over"},
    {"apply_links_verified", "children of two agencies found to be one, by a checked number"},
    {"apply_links_provisional",
     "children of two agencies taken for one, by name, birth date and postcode"},
    {"apply_candidates_shown", "pairs of children shown to people, who say whether they are one"},
    {"apply_links_confirmed", "children of two agencies that a person says are one"},
    {"apply_links_undone", "pairs of children that a person says are two"},
    {"apply_links_contradicted",
     "pairs of children kept apart, or parted, because another number differs"},
    {"apply_links_parted", "children parted into two"},
    {"apply_links_too_large", "pairs of children not joined, because too much belongs to them"},
    {"apply_token_crowded", "numbers that too many children share to be compared"},
    {"apply_looks_cut_short", "looks at a child with more records than a pattern looks at"},
    {"apply_alerts_raised", "alerts raised"},
    {"apply_alerts_over_budget",
     "of these, beyond what their pattern was planned to raise in a week"},
    {"apply_alerts_listed",
     "finds listed for review: what was there before their pattern was turned on"},
    {"apply_shadow_raised", "alerts of patterns on trial, of which nobody hears"},
    {"apply_alerts_extended", "times that an alert was added to"},
    {"apply_alerts_opened", "alerts opened"},
    {"apply_alerts_closed", "alerts closed"},
    {"apply_alerts_withdrawn", "alerts withdrawn, because what they rest on was taken back"},
    {"apply_retractions", "records taken back by who sent them"},
    {"apply_cosignatures_refused", "confirmations of the log that proved nothing"},
    {"apply_unopened",
     "times that nobody had opened something in time, and those concerned were told"},
    {"apply_limits_reached",
     "claims and requests beyond what the directory lets that agency, refused"},
    {"apply_ties_made", "adults tied to a child"},
    {"apply_ties_undone", "such ties ended"},
    {"apply_granted_later", "records opened to one more agency after they were stored"},
    {"apply_requests", "requests of agencies for what others hold"},
    {"apply_requests_refused", "of these refused"},
    {"apply_holds", "children whose records a person keeps from being destroyed"},
    {"apply_holds_released", "such holds ended"},
    {"apply_withheld", "items taken out of mailboxes because they may not go there any more"},
    {"apply_told", "items put into agencies' mailboxes"},
    {"apply_tell_too_large", "news that had too many to be told to: somebody was not"},
    {"apply_governance_accepted", "signed documents taken up"},
    {"apply_governance_refused", "signed documents refused"},
#define X(name, number, final, words) {"answers_" #name, (words)},
    CAIRN_VERDICTS(X)
#undef X
};

const char *plain_stage(const char *counter)
{
    size_t len = strcspn(counter, "_");

    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        if (strlen(stages[i].name) == len && strncmp(stages[i].name, counter, len) == 0) {
            return stages[i].plain;
        }
    }
    return "other";
}

const char *plain_figure(const char *counter)
{
    for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
        if (strcmp(figures[i].name, counter) == 0) {
            return figures[i].plain;
        }
    }
    return counter;
}
