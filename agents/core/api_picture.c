/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The picture of a child: who looks and why goes into the log first, then the broker is asked what
 * this agency may see, and what comes back is joined with what is open here already. Nothing is
 * opened by looking. The child's account texts stay where they are, but for what each says it
 * means.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/alerts.h"
#include "agents/core/api_decision.h"
#include "agents/core/api_view.h"
#include "agents/core/decide.h"
#include "agents/core/event.h"

#define PAGES_MAX 4 /* of CAIRN_PICTURE_HEADLINES_MAX headlines, for one look */

#define SILENCE                                                                                    \
    "This is what this agency may see, of what the agencies that are connected have said. "        \
    "Silence is not safety: others may know something and not have said it, or not to us."
#define WITHHELD " Something is kept that may not be shown here yet."
#define OLDER    " There is more from before the last entry."

/* A picture being put together. */
struct drawing {
    const struct api_view *view;
    struct opening opening; /* its transaction lives for one page */
    struct json *entries;
    struct json *involved;
    struct json *silent;
    size_t n_involved;
    uint32_t flags;
    int32_t until_day; /* of the next page */
};

/* --- the look --- */

/* Until the broker has answered for good, or the time is up. */
static bool wait_answered(const struct api_view *view, const struct reference *reference,
                          struct out_row *ret)
{
    int64_t deadline_ms = clock_boot_ms(view->agent->clock) + CAIRN_API_ASK_MAX_MS;
    for (;;) {
        uint64_t seen = news_count(&view->agent->news);
        struct store_txn *txn = store_read(view->agent->store);
        bool there = txn != NULL && out_get(txn, reference, ret);
        store_end(&txn);
        int64_t left_ms = deadline_ms - clock_boot_ms(view->agent->clock);
        if (there && ret->state != OUT_SPOOLED) {
            return true;
        }
        if (left_ms <= 0 || news_closed(&view->agent->news)) {
            return false;
        }
        (void)news_wait(&view->agent->news, seen, (int)left_ms);
    }
}

static void answer_decide_fault(int r, const struct error *error, struct api_answer *answer)
{
    if (r == -EINVAL) {
        answer_problem(answer, PROBLEM_REFUSED, error);
    } else if (r == -EAGAIN) {
        answer_problem(answer, PROBLEM_NOT_JOINED, NULL);
    } else {
        answer_fault(answer, r);
    }
}

/* The look is in the log when this is true. */
static bool put_look(const struct api_view *view, const struct decide_request *decision,
                     struct reference *ret_reference, struct entry_id *ret,
                     struct api_answer *answer)
{
    struct error error = ERROR_NULL;
    struct out_row row;
    int r = decide_submit(view->agent, decision, ret_reference, &error);
    if (r != 0) {
        answer_decide_fault(r, &error, answer);
        return false;
    }
    if (!wait_answered(view, ret_reference, &row)) {
        answer_problem_words(answer, PROBLEM_OFFLINE,
                             "the broker has not answered yet: that somebody looks, and why, is on "
                             "its way into the log; nothing was shown");
        return false;
    }
    if (row.state != OUT_STORED) {
        answer_problem_words(answer, PROBLEM_NOT_FOUND, verdict_words((enum verdict)row.verdict));
        return false;
    }
    *ret = row.entry;
    return true;
}

/* --- one entry --- */

/* The code, or the kind, or the class, as words: the finest that may be known. */
static void set_what(struct json *object, const struct wire_headline *headline)
{
    char words[CAIRN_AGENCY_ID_MAX_BYTES + 1] = "";
    struct slice finest = headline->class;
    if (headline->has_record) {
        finest = slice_of_text(headline->code != CODE_NOT_SAID
                                   ? record_code_text(headline->code)
                                   : record_kind_text(headline->record_kind));
    }
    for (size_t i = 0; i < finest.len && i < sizeof(words) - 1; i++) {
        words[i] = finest.data[i] == '-' ? ' ' : (char)finest.data[i];
    }
    answer_set_peer_text(object, "what", slice_of_text(words));
}

/* What its author says it means for the child, of an account that is open already. */
static void set_significance(struct json *object, const struct opening *opening,
                             const struct wire_delivered *delivered)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(SEAL_ACCOUNT_MAX_BYTES);
    struct error ignored = ERROR_NULL;
    enum open_result result = open_may(opening, delivered, PART_ACCOUNT);
    if (result == OPEN_DONE) {
        result = open_part(opening, delivered, PART_ACCOUNT, &text);
    }
    json_set_word(object, "account_state", open_result_text(result));
    if (result != OPEN_DONE) {
        return;
    }
    _cleanup_(json_free) struct json *document = json_parse(buf_slice(&text), &ignored);
    struct json_view account = json_view(document, &ignored);
    struct json_view narrative = json_opt_object(&account, "narrative");
    struct slice significance = json_opt_text(&narrative, "significance");
    if (significance.len > 0) {
        answer_set_peer_text(object, "significance", significance);
    }
}

/* What is known here beyond the headline: of another's record as it was delivered, of one of ours
 * where to find it. */
static void set_known(struct json *object, const struct opening *opening,
                      const struct wire_headline *headline)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivered delivered;
    struct entry_header header;
    struct reference reference;
    char text[REFERENCE_TEXT_BYTES];
    uint8_t flags;
    if (out_by_entry(opening->txn, &headline->record, &reference)) {
        reference_format(&reference, text);
        json_set_word(object, "reference", text);
        return;
    }
    if (!received_entry(opening->txn, &headline->record, &arena, &delivered, &flags) ||
        !wire_entry_header_read(delivered.kind, delivered.header, &arena, &header) ||
        header.kind != ENTRY_RECORD) {
        return;
    }
    json_set_instant(object, "recorded_at", header.record.recorded_ms);
    set_significance(object, opening, &delivered);
}

static void add_entry(struct drawing *drawing, const struct wire_headline *headline)
{
    struct json *object = view_headline(drawing->view, drawing->opening.txn, headline);
    set_what(object, headline);
    json_set_bool(object, "may_ask", (headline->flags & HEADLINE_MAY_ASK) != 0);
    if (headline->has_record) {
        set_known(object, &drawing->opening, headline);
    }
    (void)json_append_node(drawing->entries, &object);
}

/* --- who is involved, who is connected --- */

static void add_involved(struct drawing *drawing, const struct wire_involved *involved)
{
    const struct api_view *view = drawing->view;
    const struct agency *agency = directory_agency(&view->governance->directory, involved->agency);
    if (agency == NULL) {
        return;
    }
    struct json *object = view_agency(view, involved->agency);
    view_set_roles(object, involved->roles);
    json_set_bool(object, "by_name", (involved->flags & INVOLVED_PROVISIONAL) != 0);
    json_set_bool(object, "own", involved->agency == view->own);
    view_set_duty(object, agency);
    (void)json_append_node(drawing->involved, &object);
    drawing->n_involved++;
}

static struct json *kind_json(const struct directory *directory, const struct agency_kind *kind,
                              size_t *ret_agencies)
{
    struct json *object = json_object_new();
    *ret_agencies = 0;
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        *ret_agencies += agency->active && agency->kind == kind ? 1 : 0;
    }
    json_set_word(object, "kind", kind->id);
    json_set_word(object, "name", kind->name);
    answer_set_count(object, "agencies", *ret_agencies);
    return object;
}

/* Who could have said something: what is not connected cannot. */
static void set_coverage(struct json *object, struct drawing *drawing)
{
    const struct directory *directory = &drawing->view->governance->directory;
    struct json *coverage = json_object_new();
    struct json *kinds = json_array_new();
    size_t total = 0;
    for (size_t i = 0; i < directory->n_kinds; i++) {
        size_t agencies = 0;
        struct json *kind = kind_json(directory, &directory->kinds[i], &agencies);
        total += agencies;
        if (agencies > 0) {
            (void)json_append_node(kinds, &kind);
        } else {
            json_free(&kind);
        }
    }
    answer_set_count(coverage, "agencies", total);
    answer_set_count(coverage, "involved", drawing->n_involved);
    (void)json_set_node(coverage, "kinds", &kinds);
    (void)json_set_node(coverage, "silent", &drawing->silent);
    (void)json_set_node(object, "coverage", &coverage);
}

static void add_silent(struct drawing *drawing, const struct wire_silent *silent)
{
    struct json *item = view_agency(drawing->view, silent->agency);
    if (silent->last_day != 0) {
        json_set_day(item, "last_said", silent->last_day);
    }
    (void)json_append_node(drawing->silent, &item);
}

/* --- asking --- */

static bool take_page(struct drawing *drawing, struct slice payload, bool first,
                      struct api_answer *answer)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(store_end) struct store_txn *txn = view_read(drawing->view, answer);
    struct wire_picture_reply reply;
    if (txn == NULL) {
        return false;
    }
    if (!wire_picture_reply_read(payload, &arena, &reply)) {
        answer_problem_words(answer, PROBLEM_OFFLINE, "the broker's answer does not hold");
        return false;
    }
    drawing->opening.txn = txn;
    for (size_t i = 0; i < reply.n_headlines; i++) {
        add_entry(drawing, &reply.headlines[i]);
        drawing->until_day = reply.headlines[i].event_day - 1;
    }
    for (size_t i = 0; first && i < reply.n_involved; i++) {
        add_involved(drawing, &reply.involved[i]);
    }
    for (size_t i = 0; first && i < reply.n_silent; i++) {
        add_silent(drawing, &reply.silent[i]);
    }
    drawing->flags = (drawing->flags & PICTURE_WITHHELD) | reply.flags;
    if (reply.n_headlines == 0) {
        drawing->flags &= ~PICTURE_OLDER; /* no way on */
    }
    return !view_broken(txn, answer);
}

static bool ask_page(struct drawing *drawing, const struct entry_id *look, bool first,
                     struct api_answer *answer)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_picture_request request = {.look = *look, .until_day = drawing->until_day};
    enum verdict verdict = VERDICT_STORED;
    int r =
        link_ask_picture(drawing->view->agent, &request, &verdict, &payload, CAIRN_API_ASK_MAX_MS);
    if (r != 0) {
        answer_problem_words(answer, PROBLEM_OFFLINE,
                             r == -EPROTO ? "the broker's answer does not hold"
                                          : "the broker does not answer: nothing was shown");
        return false;
    }
    if (!verdict_is_stored(verdict)) {
        answer_problem_words(answer, PROBLEM_NOT_FOUND, verdict_words(verdict));
        return false;
    }
    return take_page(drawing, buf_slice(&payload), first, answer);
}

static bool ask_pages(struct drawing *drawing, const struct entry_id *look,
                      struct api_answer *answer)
{
    bool good = ask_page(drawing, look, true, answer);
    for (size_t page = 1; good && page < PAGES_MAX && (drawing->flags & PICTURE_OLDER) != 0;
         page++) {
        good = ask_page(drawing, look, false, answer);
    }
    return good;
}

/* --- the answer --- */

static void show(struct drawing *drawing, const struct reference *reference,
                 struct api_answer *answer)
{
    char text[REFERENCE_TEXT_BYTES];
    char words[WORDS_MAX_BYTES];
    bool older = (drawing->flags & PICTURE_OLDER) != 0;
    bool withheld = (drawing->flags & PICTURE_WITHHELD) != 0;
    struct json *document = json_object_new();
    reference_format(reference, text);
    (void)snprintf(words, sizeof(words), "%s%s%s", SILENCE, withheld ? WITHHELD : "",
                   older ? OLDER : "");
    json_set_word(document, "look", text);
    (void)json_set_node(document, "entries", &drawing->entries);
    json_set_bool(document, "older", older);
    if (view_is_front_door(drawing->view)) {
        json_set_bool(document, "withheld", withheld);
    }
    (void)json_set_node(document, "involved", &drawing->involved);
    set_coverage(document, drawing);
    json_set_word(document, "words", words);
    answer_json(answer, 200, &document);
}

static void draw(const struct api_view *view, const struct reference *reference,
                 const struct entry_id *look, struct api_answer *answer)
{
    struct drawing drawing = {
        .view = view,
        .opening = {.agent = view->agent, .own = view->own},
        .entries = json_array_new(),
        .involved = json_array_new(),
        .silent = json_array_new(),
        .until_day = PICTURE_ALL_DAYS,
    };
    if (ask_pages(&drawing, look, answer)) {
        show(&drawing, reference, answer);
    }
    json_free(&drawing.entries);
    json_free(&drawing.involved);
    json_free(&drawing.silent);
}

/* What can be known to be refused is not sent. */
static bool may_look(const struct api_view *view, const struct api_look *look,
                     struct api_answer *answer)
{
    struct known_alert row;
    if (look->alert != 0) {
        _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
        if (txn == NULL) {
            return false;
        }
        if (!known_alert_get(txn, look->alert, &row)) {
            answer_no_alert(answer);
            return false;
        }
        if (!view_is_front_door(view)) {
            answer_problem(answer, view->placed ? PROBLEM_FRONT_DOOR : PROBLEM_NOT_JOINED, NULL);
            return false;
        }
    }
    if (view->link.state != LINK_IS_CONNECTED) {
        answer_problem_words(answer, PROBLEM_OFFLINE,
                             "the broker cannot be asked now, and a look needs it: nothing was "
                             "shown");
        return false;
    }
    return true;
}

void api_picture(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct api_look look = {.alert = 0, .child = IDENTITY_NULL};
    struct error error = ERROR_NULL;
    struct reference reference;
    struct entry_id entry;
    view_begin(call->agent, &view);
    _cleanup_(json_free) struct json *document = api_body_json(call, answer);
    if (document == NULL) {
        return;
    }
    const struct event_terms terms = {.live = view.governance->root.live, .now_ms = view.now_ms};
    if (api_look_read(document, &terms, &look, &error) != 0) {
        answer_problem(answer, PROBLEM_REFUSED, &error);
        return;
    }
    const struct decide_request decision = {
        .action = ACTION_LOOK,
        .alert = look.alert,
        .child = look.alert == 0 ? &look.child : NULL,
        .person = api_decision_person(&look.who),
        .by_uid = call->uid,
    };
    bool put =
        may_look(&view, &look, answer) && put_look(&view, &decision, &reference, &entry, answer);
    bytes_wipe(&look, sizeof(look));
    if (put) {
        draw(&view, &reference, &entry, answer);
    }
}
