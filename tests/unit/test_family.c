/* SPDX-License-Identifier: Apache-2.0 */
/* Several children of one event, from a submission to what lies in the spool. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/returned.h"
#include "os/files.h"
#include "support/practice.h"

#define DATA     SOURCE_DIR "/tests/data/"
#define INCIDENT DATA "police/incident.json"

/* Whoever hands such a thing in is of the kind of agency that does. */
static void become(struct practice *practice, enum intake_content content)
{
    if (content == INTAKE_INCIDENT) {
        practice_become(practice, "police");
    } else if (content == INTAKE_PLAN) {
        practice_become(practice, "childrens-services");
    } else if (content == INTAKE_ADULT) {
        practice_become(practice, "adult-services");
    }
}

static struct intake_answer submit(struct practice *practice, enum intake_content content,
                                   const char *text)
{
    become(practice, content);
    struct intake_answer answer = INTAKE_ANSWER_NULL;
    const struct intake_request request = {.content = content, .body = slice_of_text(text)};
    struct error error = ERROR_NULL;

    if (intake_submit(practice->agent, &request, &answer, &error) != 0) {
        fail_msg("%s: %s", error.where, error.what);
    }
    return answer;
}

/* It was taken; what else the answer says is of no interest. */
static void answered(struct intake_answer answer)
{
    assert_true(answer.n > 0);
    intake_answer_deinit(&answer);
}

/* The file with the first `from`, if any, replaced. */
static struct intake_answer submit_changed(struct practice *practice, enum intake_content content,
                                           const char *path, const char *from, const char *to)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    assert_int_equal(file_read(path, &text), 0);
    text_replace(&text, from, to);
    return submit(practice, content, buf_text(&text));
}

static struct intake_answer submit_incident(struct practice *practice, const char *version)
{
    char to[64];

    (void)snprintf(to, sizeof(to), "\"version\": \"%s\"", version);
    return submit_changed(practice, INTAKE_INCIDENT, INCIDENT, "\"version\": \"1\"", to);
}

/* The headers in the spool's normal lane, by kind, in their order. */
static size_t spooled(struct practice *practice, enum entry_kind kind, struct entry_header ret[8])
{
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    struct spool_entry entry;
    size_t n = 0;

    for (uint64_t seq = 1; spool_get(txn, LANE_NORMAL, seq, &entry); seq++) {
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
        struct entry_header header;
        assert_true(wire_entry_header_read(entry.kind, entry.header, &arena, &header));
        if (entry.kind == kind && n < 8) {
            ret[n++] = header;
        }
    }
    return n;
}

static void expect_event(const struct entry_header *a, const struct entry_header *b, bool same)
{
    int differ = memcmp(a->record.event_id, b->record.event_id, CAIRN_EVENT_ID_BYTES);

    assert_true((differ == 0) == same);
}

static void an_incident_is_a_record_and_an_involvement_for_each_child(void **state)
{
    struct practice *practice = *state;
    struct entry_header records[8];
    struct entry_header involvements[8];

    _cleanup_(intake_answer_deinit) struct intake_answer answer = submit_incident(practice, "1");

    assert_int_equal(answer.n, 6);
    assert_int_equal(spooled(practice, ENTRY_RECORD, records), 3);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, involvements), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(records[i].record.record_kind, RECORD_DOMESTIC_ABUSE);
        assert_int_equal(records[i].record.urgency, URGENCY_SAME_DAY);
        assert_int_equal(involvements[i].involvement.role, ROLE_OPEN_CASE);
        assert_memory_equal(records[i].record.handle, involvements[i].involvement.handle,
                            CAIRN_HANDLE_BYTES);
    }
    assert_memory_not_equal(records[0].record.handle, records[1].record.handle, CAIRN_HANDLE_BYTES);
}

static void records_of_one_event_have_one_event_id(void **state)
{
    struct practice *practice = *state;
    struct entry_header records[8];

    _cleanup_(intake_answer_deinit) struct intake_answer first = submit_incident(practice, "1");
    _cleanup_(intake_answer_deinit) struct intake_answer other = submit_changed(
        practice, INTAKE_INCIDENT, DATA "police/missing-episode.json", "\"ref\"", "\"ref\"");

    assert_int_equal(first.n + other.n, 8); /* each child: a record and an involvement */
    assert_int_equal(spooled(practice, ENTRY_RECORD, records), 4);
    expect_event(&records[0], &records[1], true);
    expect_event(&records[0], &records[2], true);
    expect_event(&records[0], &records[3], false);
}

static void siblings_of_a_school_s_record_have_one_event_id(void **state)
{
    struct practice *practice = *state;
    struct entry_header records[8];

    (void)practice_concern(practice, "\"source\":{\"system\":\"cpoms\",\"id\":\"C-1\"},"
                                     "\"event\":{\"id\":\"E-1\"},");
    (void)practice_concern(practice, "\"source\":{\"system\":\"cpoms\",\"id\":\"C-2\"},"
                                     "\"event\":{\"id\":\"E-1\"},");
    (void)practice_concern(practice, "\"source\":{\"system\":\"other\",\"id\":\"C-3\"},"
                                     "\"event\":{\"id\":\"E-1\"},");
    (void)practice_concern(practice, "");

    assert_int_equal(spooled(practice, ENTRY_RECORD, records), 4);
    expect_event(&records[0], &records[1], true);
    expect_event(&records[0], &records[2], false);
    expect_event(&records[0], &records[3], false);
}

static void the_same_incident_again_says_nothing_again(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer first = submit_incident(practice, "1");
    practice_reopen(practice);
    _cleanup_(intake_answer_deinit) struct intake_answer second = submit_incident(practice, "1");

    assert_int_equal(first.n, 6);
    assert_int_equal(second.n, 3);
    for (size_t i = 0; i < second.n; i++) {
        assert_int_equal(second.items[i].outcome, INTAKE_SAME);
    }
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 3);
}

static void what_waits_for_its_place_in_the_partnership_is_sealed_afterwards(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer answer = submit_incident(practice, "1");
    assert_int_equal(practice_out(practice, &answer.items[0].reference).state, OUT_WAITING);
    practice_govern(practice);
    (void)practice_settle(practice);

    assert_int_equal(spooled(practice, ENTRY_RECORD, headers), 3);
    expect_event(&headers[0], &headers[2], true);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 3);
    assert_int_equal(headers[0].involvement.until_day - headers[0].involvement.from_day, 90);
}

static void a_submission_with_one_bad_child_takes_nothing(void **state)
{
    struct practice *practice = *state;
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
    struct error error = ERROR_NULL;
    assert_int_equal(file_read(DATA "police/malformed-two-children-one-local-id.json", &text), 0);

    const struct intake_request request = {.content = INTAKE_INCIDENT, .body = buf_slice(&text)};
    int r = intake_submit(practice->agent, &request, &answer, &error);

    assert_int_equal(r, -EINVAL);
    assert_int_equal(practice_rows(practice, AT_OUT), 0);
}

static void the_end_of_a_plan_leaves_the_plan_told(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer began =
        submit_changed(practice, INTAKE_PLAN, DATA "childrens_services/plan.json", "PL-", "PL-");
    _cleanup_(intake_answer_deinit) struct intake_answer ended = submit_changed(
        practice, INTAKE_PLAN, DATA "childrens_services/plan-ended.json", "PL-", "PL-");

    assert_int_equal(ended.items[0].outcome, INTAKE_ACCEPTED);
    assert_false(practice_out(practice, &began.items[0].reference).retracted);
    assert_int_equal(spooled(practice, ENTRY_RECORD, headers), 2);
    assert_int_equal(headers[1].record.code, CODE_PLAN_ENDED);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 4);
    assert_int_equal(headers[0].involvement.until_day, INVOLVEMENT_OPEN);
    assert_int_not_equal(headers[2].involvement.until_day, INVOLVEMENT_OPEN);
    assert_int_equal(headers[0].involvement.role, headers[2].involvement.role);
}

static void an_unborn_child_who_is_born_stays_the_same_child(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer unborn = submit_changed(
        practice, INTAKE_PLAN, DATA "childrens_services/unborn.json", "CS-90031", "CS-90031");
    _cleanup_(intake_answer_deinit) struct intake_answer born = submit_changed(
        practice, INTAKE_PLAN, DATA "childrens_services/plan.json", "CS-90017", "CS-90031");

    assert_int_equal(unborn.items[0].outcome, INTAKE_ACCEPTED);
    assert_int_equal(born.items[0].outcome, INTAKE_ACCEPTED);
    assert_int_equal(spooled(practice, ENTRY_RECORD, headers), 2);
    assert_memory_equal(headers[0].record.handle, headers[1].record.handle, CAIRN_HANDLE_BYTES);
}

static void adults_are_told_of_by_children_alone(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer answer =
        submit_changed(practice, INTAKE_ADULT, DATA "adult_services/adult.json", "AD-", "AD-");

    assert_int_equal(answer.n, 2);
    assert_int_equal(spooled(practice, ENTRY_RECORD, headers), 2);
    assert_int_equal(headers[0].record.code, CODE_ADULT_KNOWN);
    expect_event(&headers[0], &headers[1], true);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 0);
}

/* --- versions --- */

/* The incident with children left out from the end: `n` of its three stay. */
static struct intake_answer submit_children(struct practice *practice, const char *version,
                                            size_t n)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
    char to[64];

    assert_int_equal(file_read(INCIDENT, &text), 0);
    (void)snprintf(to, sizeof(to), "\"version\": \"%s\"", version);
    text_replace(&text, "\"version\": \"1\"", to);
    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *document = json_parse(buf_slice(&text), &error);
    struct json_view view = json_view(document, &error);
    struct json_view children = json_get_array(&view, "children");
    struct json *kept = json_array_new();
    for (size_t i = 0; i < n; i++) {
        struct json_view item = json_item(&children, i);
        _cleanup_(buf_deinit) struct buf one = BUF_MAX(CAIRN_JSON_MAX_BYTES);
        assert_int_equal(json_write(item.node, JSON_STYLE_COMPACT, &one), 0);
        struct json *copy = json_parse(buf_slice(&one), &error);
        (void)json_append_node(kept, &copy);
    }
    (void)json_set_node(document, "children", &kept);
    buf_reset(&text);
    assert_int_equal(json_write(document, JSON_STYLE_COMPACT, &text), 0);
    return submit(practice, INTAKE_INCIDENT, buf_text(&text));
}

static struct intake_answer retract_by(struct practice *practice, const char *system,
                                       const char *source_id)
{
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "{\"kind\":\"retraction\",\"event_date\":\"2026-11-22\",\"source\":{\"system\":"
                   "\"%s\",\"id\":\"R-1\"},\"retracts\":\"%s\"}",
                   system, source_id);
    return submit(practice, INTAKE_RECORD, text);
}

#define TODAY 20779 /* 2026-11-22 */

static void expect_ended(const struct entry_header *header, const struct entry_header *of)
{
    assert_memory_equal(header->involvement.handle, of->involvement.handle, CAIRN_HANDLE_BYTES);
    assert_int_equal(header->involvement.role, of->involvement.role);
    assert_int_equal(header->involvement.until_day, TODAY);
}

static void a_child_is_taken_back_with_the_involvement_that_it_alone_stated(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer first = submit_incident(practice, "1");
    _cleanup_(intake_answer_deinit) struct intake_answer back =
        retract_by(practice, "nethermere-police", "NP-2026-118204/2");

    assert_int_equal(back.n, 2);
    assert_int_equal(back.items[0].outcome, INTAKE_RETRACTED);
    assert_false(practice_out(practice, &first.items[0].reference).retracted);
    assert_true(practice_out(practice, &first.items[2].reference).retracted);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 4);
    expect_ended(&headers[3], &headers[1]);
}

static void an_involvement_that_another_incident_states_too_goes_on(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    answered(submit_children(practice, "1", 2));
    answered(submit_changed(practice, INTAKE_INCIDENT, DATA "police/missing-episode.json",
                            "\"ref\"", "\"ref\""));
    answered(retract_by(practice, "nethermere-police", "NP-2026-118204/2"));

    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 4);
    assert_memory_equal(headers[1].involvement.handle, headers[2].involvement.handle,
                        CAIRN_HANDLE_BYTES);
    assert_memory_equal(headers[3].involvement.handle, headers[2].involvement.handle,
                        CAIRN_HANDLE_BYTES);
    assert_int_equal(headers[3].involvement.until_day, headers[2].involvement.until_day);
}

static void a_retraction_that_names_the_incident_takes_back_all_of_its_children(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer first = submit_incident(practice, "1");
    answered(retract_by(practice, "nethermere-police", "NP-2026-118204"));
    _cleanup_(intake_answer_deinit) struct intake_answer late = submit_incident(practice, "1");

    for (size_t i = 0; i < 6; i += 2) {
        assert_true(practice_out(practice, &first.items[i].reference).retracted);
    }
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 6);
    expect_ended(&headers[5], &headers[2]);
    assert_int_equal(late.n, 3);
}

static void a_child_whom_a_newer_version_leaves_out_is_taken_back(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer first = submit_children(practice, "1", 3);
    _cleanup_(intake_answer_deinit) struct intake_answer second = submit_children(practice, "2", 2);

    assert_int_equal(second.n, 4); /* two the same, one taken back, one involvement ended */
    assert_int_equal(second.items[0].outcome, INTAKE_SAME);
    assert_int_equal(second.items[2].outcome, INTAKE_RETRACTED);
    assert_false(practice_out(practice, &first.items[2].reference).retracted);
    assert_true(practice_out(practice, &first.items[4].reference).retracted);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 4);
    expect_ended(&headers[3], &headers[2]);
}

static void a_child_of_an_older_version_that_comes_late_is_not_told(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    answered(submit_children(practice, "2", 2));
    practice_reopen(practice);
    _cleanup_(intake_answer_deinit) struct intake_answer first = submit_children(practice, "1", 3);

    assert_int_equal(first.n, 3);
    assert_int_equal(first.items[2].outcome, INTAKE_OLDER);
    assert_false(first.items[2].has_reference);
    assert_int_equal(spooled(practice, ENTRY_RECORD, headers), 2);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 2);
}

static void a_child_who_is_in_the_next_version_again_is_told_again(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    answered(submit_children(practice, "1", 3));
    answered(submit_children(practice, "2", 2));
    _cleanup_(intake_answer_deinit) struct intake_answer third = submit_children(practice, "3", 3);
    _cleanup_(intake_answer_deinit) struct intake_answer late = submit_children(practice, "2", 2);

    assert_int_equal(third.n, 4);
    assert_int_equal(third.items[2].outcome, INTAKE_ACCEPTED);
    assert_int_equal(late.n, 2);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 5);
    assert_int_not_equal(headers[4].involvement.until_day, TODAY);
}

static void what_still_waits_here_is_withdrawn_with_its_involvement(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    _cleanup_(intake_answer_deinit) struct intake_answer first = submit_children(practice, "1", 3);
    answered(submit_children(practice, "2", 2));
    practice_govern(practice);
    (void)practice_settle(practice);

    assert_int_equal(practice_out(practice, &first.items[5].reference).state, OUT_WITHDRAWN);
    assert_int_equal(spooled(practice, ENTRY_RECORD, headers), 2);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 2);
}

#define PLAN DATA "childrens_services/plan.json"

static struct intake_answer submit_plan(struct practice *practice, const char *from, const char *to)
{
    return submit_changed(practice, INTAKE_PLAN, PLAN, from, to);
}

static void whom_a_newer_version_of_a_plan_leaves_out_is_involved_no_more(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];
    const char *own = "\"role\": \"family support\"";
    const char *other = "\"agency\": \"Elsewhere\", \"role\": \"family support\"";

    answered(submit_plan(practice, own, own));
    _cleanup_(intake_answer_deinit) struct intake_answer second = submit_plan(practice, own, other);

    assert_int_equal(second.items[0].outcome, INTAKE_ACCEPTED);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 3);
    expect_ended(&headers[2], &headers[1]);
    assert_int_equal(headers[1].involvement.role, ROLE_PLAN_TEAM);
}

/* Rows of the plan that lie there: documents and claims that had ended by some days from now, or
 * things, of which some still hold. */
static size_t stated_then(struct practice *practice, bool things)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_STATED, SLICE_NULL);
    size_t n = 0;
    for (; walk.live; store_walk_next(&walk)) {
        struct reader reader = reader_over(walk.value);
        bool thing = walk.key.data[0] == 2;
        n += thing == things && read_i32(&reader) <= TODAY + 9 ? 1 : 0;
    }
    return n;
}

static void what_documents_said_goes_when_nothing_of_it_holds_any_more(void **state)
{
    struct practice *practice = *state;
    const char *open = "\"phone\": \"0191 498 0811\"";
    const char *ends = "\"phone\": \"0191 498 0811\", \"until\": \"2026-12-01\"";
    answered(submit_plan(practice, open, ends));
    assert_int_equal(stated_then(practice, false), 2);
    assert_true(stated_then(practice, true) > 0);

    clock_fake_advance(&practice->clock, (CAIRN_STATED_KEPT_DAYS + 20) * INT64_C(86400000));
    for (int i = 0; i < 8; i++) { /* each looks at some of what is there */
        char other[32];
        (void)snprintf(other, sizeof(other), "NP-2029-%d", i);
        answered(submit_changed(practice, INTAKE_INCIDENT, INCIDENT, "NP-2026-118204", other));
    }

    assert_int_equal(stated_then(practice, false), 0);
    assert_true(stated_then(practice, true) > 0); /* of the plan's team, who have no end */
}

static void a_plan_in_which_only_an_end_is_new_says_that_end(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];
    const char *open = "\"phone\": \"0191 498 0811\"";
    const char *ends = "\"phone\": \"0191 498 0811\", \"until\": \"2026-12-01\"";

    answered(submit_plan(practice, open, open));
    _cleanup_(intake_answer_deinit) struct intake_answer second = submit_plan(practice, open, ends);
    _cleanup_(intake_answer_deinit) struct intake_answer again = submit_plan(practice, open, ends);
    _cleanup_(intake_answer_deinit) struct intake_answer late = submit_plan(practice, open, open);

    assert_int_equal(second.items[0].outcome, INTAKE_SAME);
    assert_int_equal(second.n, 2);
    assert_int_equal(again.n, 1);
    assert_int_equal(late.n, 1); /* the very same as the first */
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 3);
    assert_int_equal(headers[2].involvement.role, ROLE_ALLOCATED_WORKER);
    assert_int_equal(headers[2].involvement.until_day, TODAY + 9);
}

static void an_older_version_of_a_plan_that_comes_late_states_nobody(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];

    answered(submit_plan(practice, "\"version\": \"1\"", "\"version\": \"2\""));
    _cleanup_(intake_answer_deinit) struct intake_answer first =
        submit_plan(practice, "Thaddeus Wrenfield", "Somebody Else");

    assert_int_equal(first.n, 1);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 2);
}

static void the_end_of_a_plan_ends_whom_it_does_not_name_too(void **state)
{
    struct practice *practice = *state;
    struct entry_header headers[8];
    const char *own = "\"role\": \"family support\"";

    answered(submit_plan(practice, own, own));
    _cleanup_(intake_answer_deinit) struct intake_answer ended =
        submit_changed(practice, INTAKE_PLAN, DATA "childrens_services/plan-ended.json", own,
                       "\"agency\": \"Elsewhere\", \"role\": \"family support\"");

    assert_int_equal(ended.n, 3);
    assert_int_equal(spooled(practice, ENTRY_INVOLVEMENT, headers), 4);
    expect_ended(&headers[3], &headers[1]);
}

static uint64_t returned(struct practice *practice)
{
    struct returned_figures figures;
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    returned_count(txn, &figures);
    assert_int_equal(store_fault(txn), 0);
    return figures.n;
}

static void what_the_broker_refused_of_it_waits_until_its_next_version(void **state)
{
    struct practice *practice = *state;
    answered(submit_incident(practice, "1"));
    struct store_txn *txn = store_begin(practice->agent->store);
    for (uint64_t seq = 1; seq <= 16; seq++) {
        const struct wire_result result = {.seq = seq, .verdict = VERDICT_REVOKED_KEY};
        spool_answer(txn, LANE_NORMAL, &result, PRACTICE_NOW_MS);
    }
    assert_int_equal(agent_commit(&txn), 0);
    assert_int_equal(returned(practice), 6); /* a record and an involvement for each child */

    answered(submit_incident(practice, "2"));

    assert_int_equal(returned(practice), 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, practice_set_up, practice_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(an_incident_is_a_record_and_an_involvement_for_each_child),
        STORY(records_of_one_event_have_one_event_id),
        STORY(siblings_of_a_school_s_record_have_one_event_id),
        STORY(the_same_incident_again_says_nothing_again),
        STORY(what_the_broker_refused_of_it_waits_until_its_next_version),
        cmocka_unit_test_setup_teardown(
            what_waits_for_its_place_in_the_partnership_is_sealed_afterwards,
            practice_set_up_ungoverned, practice_tear_down),
        STORY(a_submission_with_one_bad_child_takes_nothing),
        STORY(the_end_of_a_plan_leaves_the_plan_told),
        STORY(an_unborn_child_who_is_born_stays_the_same_child),
        STORY(adults_are_told_of_by_children_alone),
        STORY(a_child_is_taken_back_with_the_involvement_that_it_alone_stated),
        STORY(an_involvement_that_another_incident_states_too_goes_on),
        STORY(a_retraction_that_names_the_incident_takes_back_all_of_its_children),
        STORY(a_child_whom_a_newer_version_leaves_out_is_taken_back),
        STORY(a_child_of_an_older_version_that_comes_late_is_not_told),
        STORY(a_child_who_is_in_the_next_version_again_is_told_again),
        cmocka_unit_test_setup_teardown(what_still_waits_here_is_withdrawn_with_its_involvement,
                                        practice_set_up_ungoverned, practice_tear_down),
        STORY(whom_a_newer_version_of_a_plan_leaves_out_is_involved_no_more),
        STORY(what_documents_said_goes_when_nothing_of_it_holds_any_more),
        STORY(a_plan_in_which_only_an_end_is_new_says_that_end),
        STORY(an_older_version_of_a_plan_that_comes_late_states_nobody),
        STORY(the_end_of_a_plan_ends_whom_it_does_not_name_too),
    };
#undef STORY

    return cmocka_run_group_tests(tests, NULL, NULL);
}
