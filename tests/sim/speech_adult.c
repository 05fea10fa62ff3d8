/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"
#include "sim/chance.h"
#include "sim/speech_internal.h"

#define FIRST_DAY 20454 /* 2026-01-01: each thing that is said of an adult has the next */
#define LAST_DAY  (FIRST_DAY + 300)

static const char *const adults[SIM_ADULTS + 1] = {
    "",
    "{\"nhs_number\":{\"value\":\"9990000107\",\"verified\":true},\"given_name\":\"Gwen\","
    "\"family_name\":\"Test\",\"birth_date\":\"1994-06-21\"}",
    "{\"nhs_number\":{\"value\":\"9990000115\",\"verified\":true},\"given_name\":\"Hari\","
    "\"family_name\":\"Test\",\"birth_date\":\"1991-02-03\"}",
};

/* That the adult is known to it. */
static void say_of_adult(struct life *life, struct node *node)
{
    struct said said = {.kind = SAID_ADULT,
                        .agency = node->agency,
                        .adult = 1 + (int)chance_below(SIM_ADULTS),
                        .day = FIRST_DAY + (int32_t)life->model.n_said};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    char day[DATE_TEXT_BYTES];
    struct intake_item item;
    if (said.day > LAST_DAY) {
        return;
    }
    date_format(said.day, day);
    buf_format(&text,
               "{\"format\":\"cairn-adult/v1\",\"source\":{\"system\":\"adults\",\"id\":\"a-%zu\","
               "\"version\":\"1\"},\"since\":\"%s\","
               "\"contact\":{\"name\":\"Duty desk\",\"phone\":\"0191 498 0900\"},"
               "\"lawfulness\":{\"judged_by\":\"person\",\"basis\":\"legal-obligation\","
               "\"detriment\":\"not-more-detrimental\",\"judge\":\"L. Example, team manager\","
               "\"family_told\":\"not-told\"},"
               "\"adult\":{\"ref\":\"a\",\"person\":%s}}",
               life->model.n_said, day, adults[said.adult]);
    if (speech_submit(node, INTAKE_ADULT, &text, &item)) {
        said.reference = item.reference;
        (void)speech_add(life, &said);
    }
}

/* What the adult is to a child, until when, or that it never was. */
static void say_tie(struct life *life, struct node *node)
{
    static const char *const ends[] = {"", ",\"until\":\"2026-01-20\"", ",\"withdrawn\":true"};
    uint32_t end = chance_below(ARRAY_LEN(ends));
    struct said said = {.kind = SAID_TIE,
                        .agency = node->agency,
                        .child = 1 + (int)chance_below(SIM_TIED),
                        .adult = 1 + (int)chance_below(SIM_ADULTS),
                        .until = end == 1 ? FIRST_DAY + 19 : MODEL_TIE_OPEN,
                        .undone = end == 2};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct intake_item item;
    buf_format(&text,
               "{\"format\":\"cairn-tie/v1\",\"child\":{%s," FAMILY
               "},\"person\":%s,\"relationship\":\"mother\"%s}",
               speech_named(node, said.child), adults[said.adult], ends[end]);
    if (speech_submit(node, INTAKE_TIE, &text, &item)) {
        said.reference = item.reference;
        (void)speech_add(life, &said);
    }
}

/* An agent that does not know yet what it is, by the directory that speech_begin publishes, refuses
 * to speak of adults. */
static bool knows_what_it_is(const struct node *node)
{
    struct own_place place = OWN_PLACE_NULL;
    _cleanup_(governance_unref) struct governance *held =
        govern_keep_current(node->member->agent.keep);
    bool placed = govern_keep_place(node->member->agent.keep, &place);
    own_place_deinit(&place);
    return placed && held != NULL && held->versions[GOVERNANCE_DIRECTORY] > 1;
}

void speech_of_adults(struct life *life, struct node *node)
{
    if (!knows_what_it_is(node) || life->model.n_said >= MODEL_SAID - 1) {
        return;
    }
    if (node->agency == ADULT_SERVICE) {
        say_of_adult(life, node);
    } else if (node->agency != MASH) {
        say_tie(life, node);
    }
}
