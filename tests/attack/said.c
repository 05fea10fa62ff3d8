/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/words.h"

#define CHILD                                                                                      \
    "\"child\":{\"nhs_number\":{\"value\":\"9990000018\",\"verified\":true},"                      \
    "\"given_name\":\"Alix\",\"family_name\":\"Test\",\"birth_date\":\"2022-03-14\"}"
#define LAWFUL                                                                                     \
    "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example, nurse\","                    \
    "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","                       \
    "\"function\":\"early help\",\"family_told\":\"told\"}"

static unsigned number; /* of what was said, in all tests */

struct reference said_concern(struct node *node, const char *summary, bool immediate)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    buf_format(&text,
               "{\"kind\":\"concern\",\"code\":\"neglect-physical\",\"event_date\":\"2026-11-02\","
               "%s\"source\":{\"system\":\"notes\",\"id\":\"s-%u\"}," CHILD
               ",\"account\":{\"summary\":\"%s\"}," LAWFUL "}",
               immediate ? "\"urgency\":\"immediate\"," : "", number++, summary);
    return member_submit(node->member, INTAKE_RECORD, buf_text(&text));
}

struct reference said_involvement(struct node *node)
{
    return member_submit(node->member, INTAKE_INVOLVEMENT,
                         "{\"format\":\"cairn-involvement/v1\"," CHILD
                         ",\"role\":\"open-case\",\"from\":\"2024-01-01\","
                         "\"contact\":{\"name\":\"C. Applegarth\",\"phone\":\"0191 498 0123\"}}");
}

void said_expect_telephone_although(struct node *node, const struct reference *reference,
                                    const struct state_answer *answer)
{
    struct words_reader readers[CAIRN_ADDRESSEES_MAX];
    struct link_status status;
    const struct out_row row = member_out(node->member, reference);
    link_status(&node->member->agent, &status);
    struct words_about about = {.row = &row,
                                .now_ms = node->clock.real_ms,
                                .link = status.state,
                                .link_since_ms = status.since_ms,
                                .asked = answer != NULL,
                                .readers = readers};
    for (size_t i = 0; answer != NULL && i < answer->n_readers; i++) {
        readers[about.n_readers++] =
            (struct words_reader){.name = "MASH", .state = answer->readers[i].state};
    }
    assert_true(words_must_telephone(&about));
}

void said_expect_telephone(struct node *node, const struct reference *reference)
{
    said_expect_telephone_although(node, reference, NULL);
}
