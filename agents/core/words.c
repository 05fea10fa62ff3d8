/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/words.h"

#include <string.h>

#include "agents/core/held.h"
#include "base/date.h"

/* --- when --- */

void words_when(int64_t at_ms, int64_t now_ms, char out[WHEN_BYTES])
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    int year;
    int month;
    int day;
    int minute = instant_london_minute(at_ms);
    int32_t london_day = instant_london_day(at_ms);
    struct writer writer = writer_over(out, WHEN_BYTES - 1);
    if (london_day != instant_london_day(now_ms)) {
        date_split(london_day, &year, &month, &day);
        write_format(&writer, "%d %s %d, ", day, months[month - 1], year);
    }
    write_format(&writer, "%02d:%02d", minute / 60, minute % 60);
    out[writer_slice(&writer).len] = '\0';
}

/* --- which situation --- */

/* How far a reader has come. */
static int rank(enum reader_state state)
{
    static const enum reader_state order[] = {READER_KEPT,   READER_WITHHELD,  READER_TOLD,
                                              READER_QUEUED, READER_DELIVERED, READER_OPENED};
    int at = 0;
    while (order[at] != state) {
        at++;
    }
    return at;
}

enum reader_state words_furthest(const struct words_reader *readers, size_t n)
{
    enum reader_state state = READER_KEPT;
    for (size_t i = 0; i < n; i++) {
        enum reader_state one = readers[i].state;
        state = rank(one) > rank(state) ? one : state;
    }
    return state;
}

static enum reader_state furthest(const struct words_about *about)
{
    return words_furthest(about->readers, about->n_readers);
}

static enum situation unasked_situation(const struct words_about *about)
{
    if (about->row->verdict == VERDICT_STORED_NO_READER) {
        return SITUATION_NO_READER;
    }
    return about->not_tried && about->link == LINK_IS_CONNECTED ? SITUATION_UNASKED
                                                                : SITUATION_UNSURE;
}

static enum situation stored_situation(const struct words_about *about)
{
    if (about->row->retracted) {
        return SITUATION_RETRACTED;
    }
    if (about->row->kind != ENTRY_RECORD) {
        return about->row->kind == ENTRY_REQUEST ? SITUATION_ASKED : SITUATION_STORED;
    }
    if (about->opened_by != NULL) {
        return SITUATION_OPENED;
    }
    if (!about->asked) {
        return unasked_situation(about);
    }
    switch (furthest(about)) {
    case READER_OPENED:
        return SITUATION_SAID_OPENED;
    case READER_DELIVERED:
        return SITUATION_DELIVERED;
    case READER_QUEUED:
        return SITUATION_QUEUED;
    case READER_WITHHELD:
        return SITUATION_NOT_SHARED;
    case READER_TOLD:
        return SITUATION_TOLD;
    case READER_KEPT:
        break;
    }
    return about->row->verdict == VERDICT_STORED_NO_READER ? SITUATION_NO_READER : SITUATION_KEPT;
}

static enum situation unsent_situation(const struct words_about *about)
{
    switch (about->link) {
    case LINK_IS_CONNECTED:
        return SITUATION_SENDING;
    case LINK_IS_STOPPED:
        return SITUATION_STOPPED;
    case LINK_IS_REVOKED:
        return SITUATION_REVOKED;
    case LINK_IS_CONNECTING:
    case LINK_IS_UNAPPROVED:
        break;
    }
    return SITUATION_OFFLINE;
}

enum situation words_situation(const struct words_about *about)
{
    switch (about->row->state) {
    case OUT_SETTLING:
        return SITUATION_SETTLING;
    case OUT_WAITING:
        return SITUATION_WAITING;
    case OUT_SPOOLED:
        return held_is_aside(about->row) ? SITUATION_ASIDE : unsent_situation(about);
    case OUT_STORED:
        return stored_situation(about);
    case OUT_REFUSED:
        return SITUATION_REFUSED;
    case OUT_WITHDRAWN:
        return SITUATION_WITHDRAWN;
    }
    return SITUATION_UNSURE;
}

bool words_must_telephone(const struct words_about *about)
{
    enum situation situation = words_situation(about);
    return about->row->kind == ENTRY_RECORD &&
           record_is_danger(about->row->record_kind, about->row->urgency) &&
           situation != SITUATION_OPENED && situation != SITUATION_WITHDRAWN &&
           situation != SITUATION_RETRACTED;
}

/* --- what it says --- */

/* In a sentence: @T a time, @W why the broker cannot be asked, @N who, @O when it was opened, @V
 * the verdict, @B that a retraction took nothing back, @R that it is not a referral, unless it is
 * one, @A when it was asked, @X what was answered, @I what to do first. */
static const char *const sentences[] = {
    [SITUATION_SETTLING] =
        "Settling until @T: can still be taken back. It has not left this computer.",
    [SITUATION_WAITING] =
        "Stored on this computer; not sent yet (this agency's place in the partnership is "
        "not known yet).",
    [SITUATION_OFFLINE] = "Stored on this computer; not sent yet (@W).",
    [SITUATION_STOPPED] =
        "Stored on this computer; not sent: the agent has stopped talking to the broker and "
        "an operator must look.",
    [SITUATION_REVOKED] =
        "Stored on this computer; not sent: this agency, or its key, was revoked, as the broker "
        "says. Nothing that is written here reaches anybody: an operator must ask the partnership.",
    [SITUATION_ASIDE] =
        "Stored on this computer; not sent: the broker refuses it (@V) and an operator must "
        "look.",
    [SITUATION_SENDING] = "Stored on this computer; being sent now.",
    [SITUATION_STORED] = "Stored by the partnership's broker.",
    [SITUATION_ASKED] = "Asked@A.@X What is granted comes to the inbox by itself.",
    [SITUATION_NO_READER] =
        "Stored by the partnership's broker; no agreement lets anybody read it; seen by "
        "nobody@R.",
    [SITUATION_KEPT] = "Stored by the partnership's broker; as it says, kept, seen by nobody@R.",
    [SITUATION_TOLD] =
        "Stored by the partnership's broker, and kept there; what it says is seen by "
        "nobody@R.",
    [SITUATION_NOT_SHARED] = "Stored by the partnership's broker; as it says, not shared with @N: "
                             "no agreement allowed it "
                             "any more before it was delivered; seen by nobody@R.",
    [SITUATION_QUEUED] =
        "Stored by the partnership's broker; as it says, on its way to @N; seen by nobody "
        "yet.",
    [SITUATION_DELIVERED] = "Delivered to @N, as the broker says; nobody there has opened it yet.",
    [SITUATION_SAID_OPENED] =
        "The broker says that it was opened at @N; the log has not confirmed it to this agency "
        "yet, and does so by itself. Nothing to do, unless you must be certain: then ask @N.",
    [SITUATION_OPENED] = "Opened at @N@O, as a notice in the log says.",
    [SITUATION_UNSURE] =
        "Stored by the partnership's broker; the broker cannot be asked now whether anybody "
        "has seen it (@W).",
    [SITUATION_UNASKED] =
        "Stored by the partnership's broker; it was not asked just now whether anybody has seen "
        "it: cairn record asks it.",
    [SITUATION_REFUSED] = "Refused: @V.@B@I",
    [SITUATION_WITHDRAWN] = "Withdrawn before it left. Nobody outside was told.",
    [SITUATION_RETRACTED] = "Taken back after it had left; whoever received it is told.",
};

static_assert(ARRAY_LEN(sentences) == SITUATION_RETRACTED + 1, "every situation has its sentence");

static void write_connection(struct writer *writer, const struct words_about *about)
{
    char when[WHEN_BYTES];
    if (about->link == LINK_IS_CONNECTED) {
        write_text(writer, "it does not answer");
        return;
    }
    if (about->link == LINK_IS_REVOKED) {
        write_text(writer, "this agency, or its key, was revoked");
        return;
    }
    if (about->link == LINK_IS_UNAPPROVED) {
        write_text(writer, "the partnership has not approved this agency yet");
        return;
    }
    if (about->link_since_ms == 0) {
        write_text(writer, "no connection since the agent started");
        return;
    }
    words_when(about->link_since_ms, about->now_ms, when);
    write_format(writer, "no connection since %s", when);
}

/* Those of that state, by name. */
static void write_readers(struct writer *writer, const struct words_about *about,
                          enum reader_state state)
{
    const char *first = state == READER_TOLD ? NULL : about->opened_by;
    size_t more = 0;
    for (size_t i = 0; i < about->n_readers; i++) {
        const struct words_reader *reader = &about->readers[i];
        if (reader->state != state || (first != NULL && strcmp(reader->name, first) == 0)) {
            continue;
        }
        if (first == NULL) {
            first = reader->name;
        } else if (state == READER_OPENED || state == READER_TOLD || about->opened_by == NULL) {
            more++;
        }
    }
    write_text(writer, first == NULL ? "another agency" : first);
    if (more > 0) {
        write_format(writer, " and %zu more", more);
    }
}

static void write_moment(struct writer *writer, int64_t at_ms, int64_t now_ms)
{
    char when[WHEN_BYTES];
    words_when(at_ms, now_ms, when);
    write_format(writer, "%s%s", strchr(when, ',') == NULL ? " at " : " on ", when);
}

static bool any_in(const struct words_about *about, enum reader_state state)
{
    for (size_t i = 0; i < about->n_readers; i++) {
        if (about->readers[i].state == state) {
            return true;
        }
    }
    return false;
}

/* Of a request: who refused it, and whose answer it waits for. */
static void write_answers(struct writer *writer, const struct words_about *about)
{
    static const enum reader_state waiting[] = {READER_DELIVERED, READER_QUEUED};
    bool refused = any_in(about, READER_OPENED);
    bool waits = false;
    if (refused) {
        write_text(writer, " Refused at ");
        write_readers(writer, about, READER_OPENED);
        write_text(writer, ".");
    }
    for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
        if (any_in(about, waiting[i])) {
            write_text(writer, i == 0 ? " No answer yet from " : " On its way to ");
            write_readers(writer, about, waiting[i]);
            write_text(writer, ".");
            waits = true;
        }
    }
    if (!refused && !waits) {
        write_text(writer, " No answer yet.");
    }
}

/* Of what was refused because of who asks: what would have to be there. */
static void write_instead(struct writer *writer, const struct out_row *row)
{
    if (row->verdict != VERDICT_NOT_ENTITLED) {
        return;
    }
    if (row->kind == ENTRY_REQUEST) {
        write_text(writer, " Say first how your agency is involved with this child (cairn involve "
                           "FILE), and ask again; what no agreement tells your agency of cannot be "
                           "asked for.");
    } else if (row->kind == ENTRY_TIE) {
        write_text(writer, " Say first how your agency is involved with this child (cairn involve "
                           "FILE), and state the tie again.");
    } else if (row->kind == ENTRY_RECORD && row->record_kind != RECORD_RETRACTION) {
        write_text(writer, " Records of this kind are for agencies of another kind to send: say "
                           "what you have seen as a concern.");
    }
}

static void write_part(struct writer *writer, const struct words_about *about, char part)
{
    char when[WHEN_BYTES];
    switch (part) {
    case 'T':
        words_when(about->row->due_ms, about->now_ms, when);
        write_text(writer, when);
        break;
    case 'W':
        write_connection(writer, about);
        break;
    case 'N':
        write_readers(writer, about, furthest(about));
        break;
    case 'O':
        if (about->opened_ms != 0) {
            write_moment(writer, about->opened_ms, about->now_ms);
        }
        break;
    case 'A':
        write_moment(writer, about->row->created_ms, about->now_ms);
        break;
    case 'X':
        write_answers(writer, about);
        break;
    case 'V':
        write_text(writer, verdict_words((enum verdict)about->row->verdict));
        break;
    case 'B':
        if (about->row->record_kind == RECORD_RETRACTION) {
            write_text(writer, " It has taken nothing back.");
        }
        break;
    case 'I':
        write_instead(writer, about->row);
        break;
    default:
        assert(part == 'R');
        if (about->row->record_kind != RECORD_REFERRAL) {
            write_text(writer, "; this is not a referral");
        }
        break;
    }
}

void words_telephone(struct writer *writer, const struct desk *desk)
{
    if (desk == NULL) {
        write_text(writer, "Telephone the duty desk now (its number is not known to this computer "
                           "yet). ");
        return;
    }
    write_format(writer, "Telephone now: %s %s. ", desk->name, desk->phone);
}

/* Who knows of it without having it, beside whoever is further. */
static void write_told(struct writer *writer, const struct words_about *about)
{
    if (any_in(about, READER_TOLD)) {
        write_text(writer,
                   " Told that it exists, on which day and of what kind, as the broker says: ");
        write_readers(writer, about, READER_TOLD);
        write_text(writer, ".");
    }
}

void words_state(const struct words_about *about, char out[WORDS_MAX_BYTES])
{
    struct writer writer = writer_over(out, WORDS_MAX_BYTES - 1);
    if (words_must_telephone(about)) {
        words_telephone(&writer, about->desk);
    }
    for (const char *at = sentences[words_situation(about)]; *at != '\0'; at++) {
        if (*at == '@') {
            write_part(&writer, about, *++at);
        } else {
            write_bytes(&writer, at, 1);
        }
    }
    if (about->row->state == OUT_STORED && about->row->kind == ENTRY_RECORD) {
        write_told(&writer, about);
    }
    if (about->destroyed_ms != 0) {
        char when[WHEN_BYTES];
        words_when(about->destroyed_ms, about->now_ms, when);
        write_format(&writer, " The broker destroyed its copy of what it says %s%s.",
                     strchr(when, ',') == NULL ? "at " : "on ", when);
    }
    out[writer_slice(&writer).len] = '\0'; /* names, times and verdicts are bounded: it fits */
}

bool words_seen(const struct words_reader *readers, size_t n, char out[WORDS_MAX_BYTES])
{
    struct writer writer = writer_over(out, WORDS_MAX_BYTES - 1);
    const struct words_about about = {.n_readers = n, .readers = readers};
    enum reader_state state = words_furthest(readers, n);
    if (rank(state) <= rank(READER_TOLD)) {
        return false;
    }
    write_text(&writer,
               "The agreements kept it, but it is not kept any more, as the broker says: ");
    write_text(&writer, state == READER_OPENED      ? "it was opened at "
                        : state == READER_DELIVERED ? "it was delivered to "
                                                    : "it is on its way to ");
    write_readers(&writer, &about, state);
    write_text(&writer, ".");
    out[writer_slice(&writer).len] = '\0';
    return true;
}

const char *reader_state_text(enum reader_state state)
{
    switch (state) {
    case READER_KEPT:
        return "kept";
    case READER_QUEUED:
        return "queued";
    case READER_DELIVERED:
        return "delivered";
    case READER_OPENED:
        return "opened";
    case READER_WITHHELD:
        return "not-shared";
    case READER_TOLD:
        return "told";
    }
    return "unknown";
}
