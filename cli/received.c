/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/received.h"

#include <string.h>

#include "cli/show.h"

static void show_part_of(struct output *output, const struct json_view *record, const char *key,
                         const char *heading)
{
    struct json_view part = json_opt_object(record, key);

    if (part.node != NULL) {
        output_line(output, "%s", heading);
        show_object(output, "  ", &part);
    }
}

/* Why there is no account to read, where there is one. */
static void show_closed_account(struct output *output, const struct json_view *record)
{
    char state[SHOW_TEXT_BYTES];

    show_text(record, "account_state", state);
    if (strcmp(state, "closed") == 0) {
        output_line(output, "What it says can be read once a named person gives a reason: --open.");
    } else if (strcmp(state, "kept") == 0) {
        output_line(output, "What it says is kept: not shared with this agency, or not yet.");
    } else if (strcmp(state, "open") != 0 && strcmp(state, "none") != 0) {
        output_line(output, "What it says does not open here: %s.", state);
    }
}

/* Who else works with the child, and whom to telephone there. */
static void show_circle(struct output *output, const struct json_view *record)
{
    struct json_view circle = json_opt_array(record, "circle");

    if (json_length(&circle) > 0) {
        output_line(output, "who else is involved with this child");
    }
    for (size_t i = 0; i < json_length(&circle); i++) {
        struct json_view member = json_item(&circle, i);
        char agency[SHOW_TEXT_BYTES];
        char name[SHOW_TEXT_BYTES];
        char phone[SHOW_TEXT_BYTES];
        char contact[SHOW_TEXT_BYTES];
        char number[SHOW_TEXT_BYTES];
        struct json_view duty = json_opt_object(&member, "duty");
        struct json_view person = json_opt_object(&member, "contact");
        show_text(&member, "agency", agency);
        show_text(&member, "name", name);
        show_text(&duty, "phone", phone);
        show_text(&person, "name", contact);
        show_text(&person, "phone", number);
        output_line(output, "  %s (%s)  duty telephone %s%s", name, agency, phone,
                    show_truth(&member, "by_name") ? "; known by name only" : "");
        if (contact[0] != '\0') {
            output_line(output, "    speak to %s, %s", contact, number);
        }
    }
}

/* Words of the protocol, as somebody says them who has never read it; any other as it is. */
static const char *in_plain(const char *word)
{
    static const char *const pairs[][2] = {
        {"immediate", "IMMEDIATE: a child may be in danger"},
        {"same-day", "the same day"},
        {"standing-decision", "a standing decision of that agency, not a person for this child"},
        {"person", "a person at that agency"},
        {"not-more-detrimental", "sharing harms the child no more than keeping it back"},
        {"shared-in-spite-of-detriment", "shared although sharing may harm the child"},
        {"not-told", "not told that it is shared"},
        {"told", "told that it is shared"},
        {"legal-obligation", "the law obliges that agency to share it"},
        {"public-task", "a public task of that agency"},
        {"vital-interests", "somebody's life or health is at stake"},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (strcmp(word, pairs[i][0]) == 0) {
            return pairs[i][1];
        }
    }
    return word;
}

/* What it is and how urgent: before anything else. */
static void show_what(struct output *output, const struct json_view *header)
{
    char kind[SHOW_TEXT_BYTES];
    char code[SHOW_TEXT_BYTES];
    char day[SHOW_TEXT_BYTES];
    char urgency[SHOW_TEXT_BYTES];

    show_text(header, "record_kind", kind);
    show_text(header, "code", code);
    show_text(header, "event_date", day);
    show_text(header, "urgency", urgency);
    if (kind[0] != '\0') {
        output_line(output, "%s%s%s, %s; urgency: %s", kind, code[0] == '\0' ? "" : ": ", code, day,
                    in_plain(urgency));
    }
}

static void show_left_out(struct output *output, const struct json_view *header)
{
    struct json_view left_out = json_opt_array(header, "left_out");
    struct json_view roles = json_opt_array(header, "left_out_roles");

    for (size_t i = 0; i < json_length(&roles); i++) {
        struct json_view role = json_item(&roles, i);
        struct slice text = json_holds_text(&role) ? json_as_text(&role) : SLICE_NULL;
        output_line(output, "  %-18s whoever is to the child: %.*s", "kept from", (int)text.len,
                    (const char *)text.data);
    }
    for (size_t i = 0; i < json_length(&left_out); i++) {
        struct json_view agency = json_item(&left_out, i);
        char name[SHOW_TEXT_BYTES];
        show_text(&agency, "name", name);
        output_line(output, "  %-18s %s", "kept from", name);
    }
}

/* What the sender said about sending it. A number that is nought says nothing. */
static void show_sending(struct output *output, const struct json_view *header)
{
    static const char *const rows[][2] = {
        {"judged_by", "judged by"},        {"basis", "may be shared"},
        {"detriment", "weighed"},          {"family_told", "family"},
        {"retracts", "takes back"},        {"narrowed_because", "narrowed for"},
        {"narrowed_by", "on the word of"}, {"hidden_until", "not shown before"},
    };
    char recorded[SHOW_INSTANT_BYTES];
    int64_t authority = show_number(header, "home_authority", 0);
    int64_t level = show_number(header, "level", 0);

    output_line(output, "about the sending");
    show_instant(header, "recorded_at", recorded);
    if (recorded[0] != '\0') {
        output_line(output, "  %-18s %s", "recorded", recorded);
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[SHOW_TEXT_BYTES];
        show_text(header, rows[i][0], text);
        if (text[0] != '\0') {
            output_line(output, "  %-18s %s", rows[i][1], in_plain(text));
        }
    }
    if (authority > 0) {
        output_line(output, "  %-18s %lld", "local authority", (long long)authority);
    }
    if (level > 0) {
        output_line(output, "  %-18s %lld", "level of need", (long long)level);
    }
    show_left_out(output, header);
}

void received_show(struct output *output, const struct json_view *record)
{
    struct json_view header = json_opt_object(record, "header");
    char id[SHOW_TEXT_BYTES];
    char from[SHOW_TEXT_BYTES];

    show_text(record, "record", id);
    show_agency(record, "from", from);
    output_line(output, "%s from %s", id, from);
    show_what(output, &header);
    show_words(output, "", record, "words");
    show_words(output, "", record, "pass_on");
    show_family_view(output, "", &header);
    show_part_of(output, record, "card", "which child");
    show_part_of(output, record, "account", "what is said");
    show_closed_account(output, record);
    show_circle(output, record);
    if (json_has(&header, "record_kind")) {
        show_sending(output, &header);
    } else {
        show_part_of(output, record, "header", "about the sending");
    }
}
