/* SPDX-License-Identifier: Apache-2.0 */
#include "support/practice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/core/settle.h"
#include "base/date.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "govern/joining.h"
#include "govern/keys.h"
#include "os/files.h"
#include "support/scratch.h"

#define BACKUP_MAX_BYTES (16 << 20)

static const struct test_agency agencies[PRACTICE_AGENCIES] = {
    {.number = AGENCY_OWN, .id = "elm-street", .kind = "gp"},
    {.number = AGENCY_HOSPITAL, .id = "north-hospital", .kind = "hospital"},
    {.number = AGENCY_SCHOOL, .id = "oak-school", .kind = "school"},
    {.number = AGENCY_MASH, .id = "north-mash", .kind = "mash"},
    {.number = AGENCY_DUTY, .id = "duty-team", .kind = "out-of-hours"},
    {.number = AGENCY_GONE, .id = "old-surgery", .kind = "gp", .revoked = true},
};

static const char *const key_files[][2] = {
    {KEY_SIGNING, "sign"},
    {KEY_OPENING, "open"},
    {KEY_TRANSPORT, "curve"},
};

/* --- the folder --- */

static void must(int r, const struct error *error)
{
    if (r != 0) {
        (void)fprintf(stderr, "%s: %s\n", error->where, error->what);
    }
    assert(r == 0);
}

static void write_key(struct practice *practice, const char *file, const char *sort, unsigned n)
{
    char name[KEY_NAME_BYTES];
    struct error error = ERROR_NULL;
    _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
    key_name(sort, n, name);
    governing_seed(AGENCY_OWN, name, &key);
    key_name(file, n, name);
    must(key_write(practice->keys, name, &key, &error), &error);
}

void practice_write_set(struct practice *practice, unsigned n)
{
    for (size_t i = 0; i < ARRAY_LEN(key_files); i++) {
        write_key(practice, key_files[i][0], key_files[i][1], n);
    }
}

static void write_joining(struct practice *practice)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(JOINING_MAX_BYTES);
    int r = joining_write(practice->governing.governance, &text);
    assert(r == 0);
    r = file_write_new(practice->joining, buf_slice(&text), 0600);
    assert(r == 0);
}

static void fill_paths(struct practice *practice)
{
    scratch_make(practice->dir);
    (void)snprintf(practice->keys, sizeof(practice->keys), "%s/keys", practice->dir);
    (void)snprintf(practice->joining, sizeof(practice->joining), "%s/joining.json", practice->dir);
    (void)snprintf(practice->store, sizeof(practice->store), "%s/store", practice->dir);
}

/* --- the agent --- */

static void open_agent(struct practice *practice)
{
    struct error error = ERROR_NULL;
    must(agent_open(&practice->options, &practice->clock.clock, &practice->agent, &error), &error);
}

struct practice *practice_new(void)
{
    struct practice *practice = base_zalloc(1, sizeof(*practice));
    struct error error = ERROR_NULL;
    log_init("test", (enum log_level)0); /* what is refused on purpose is not news */
    must(crypto_init(&error), &error);
    practice->backup = BUF_MAX(BACKUP_MAX_BYTES);
    fill_paths(practice);
    governing_init(&practice->governing);
    governing_fill(&practice->governing, agencies, PRACTICE_AGENCIES);
    clock_fake_init(&practice->clock, PRACTICE_NOW_MS);
    must(dir_create(practice->keys, &error), &error);
    practice_write_set(practice, 1);
    write_key(practice, KEY_STORE, "store", 1);
    write_joining(practice);
    practice->options = (struct agent_options){
        .dir = practice->store,
        .keys = practice->keys,
        .joining = practice->joining,
        .socket = "",
        .settle_ms = 24 * PRACTICE_HOUR,
        .allow_tmpfs = true,
    };
    open_agent(practice);
    return practice;
}

void practice_free(struct practice **owned)
{
    struct practice *practice = *owned;
    agent_close(&practice->agent);
    scratch_remove(practice->dir);
    governing_deinit(&practice->governing);
    buf_deinit(&practice->backup);
    crypto_deinit();
    base_free(owned);
}

void practice_reopen(struct practice *practice)
{
    agent_close(&practice->agent);
    open_agent(practice);
}

static void store_path(const struct practice *practice, char out[160])
{
    (void)snprintf(out, 160, "%s/data.mdb", practice->store);
}

void practice_backup(struct practice *practice)
{
    char path[160];
    store_path(practice, path);
    agent_close(&practice->agent);
    int r = file_read(path, &practice->backup);
    assert(r == 0);
    open_agent(practice);
}

void practice_restore(struct practice *practice)
{
    char path[160];
    store_path(practice, path);
    agent_close(&practice->agent);
    int r = file_write_atomic(path, buf_slice(&practice->backup), 0600);
    assert(r == 0);
    open_agent(practice);
}

static void offer(struct practice *practice, enum governance_document document)
{
    struct govern_document held;
    struct error error = ERROR_NULL;
    bool there = governance_held(practice->governing.governance, document, &held);
    assert(there);
    enum govern_result result = govern_keep_offer(practice->agent->keep, &held, &error);
    must(result == GOVERN_ACCEPTED ? 0 : -1, &error);
}

void practice_govern(struct practice *practice)
{
    for (unsigned i = GOVERNANCE_DIRECTORY; i <= GOVERNANCE_DOCUMENTS; i++) {
        offer(practice, (enum governance_document)i);
    }
}

int practice_set_up(void **state)
{
    struct practice *practice = practice_new();

    practice_govern(practice);
    *state = practice;
    return 0;
}

int practice_set_up_ungoverned(void **state)
{
    *state = practice_new();
    return 0;
}

int practice_tear_down(void **state)
{
    struct practice *practice = *state;

    practice_free(&practice);
    return 0;
}

static void text_of(const struct practice *practice, enum governance_document document,
                    struct buf *out)
{
    struct govern_document held;
    bool there = governance_held(practice->governing.governance, document, &held);
    assert(there);
    buf_add_slice(out, held.text);
}

static void put_in_force(struct practice *practice, enum governance_document document,
                         uint64_t version, const struct buf *text)
{
    enum govern_result result =
        governing_offer(&practice->governing, document, version, buf_slice(text));
    must(result == GOVERN_ACCEPTED ? 0 : -1, &practice->governing.error);
    offer(practice, document);
}

void practice_amend(struct practice *practice, enum governance_document document, uint64_t version,
                    const char *from, const char *to)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    text_of(practice, document, &text);
    text_replace(&text, from, to);
    put_in_force(practice, document, version, &text);
}

void practice_renew(struct practice *practice, uint32_t agency, unsigned sets, unsigned retired)
{
    const uint64_t *versions = practice->governing.governance->versions;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    text_of(practice, GOVERNANCE_DIRECTORY, &text);
    governing_renew(agency, sets, retired, &text);
    put_in_force(practice, GOVERNANCE_DIRECTORY, versions[GOVERNANCE_DIRECTORY] + 1, &text);
}

void practice_become(struct practice *practice, const char *kind)
{
    const struct governance *governance = practice->governing.governance;
    const struct agency *own = directory_agency(&governance->directory, AGENCY_OWN);
    char from[64];
    char to[64];
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    assert(own != NULL);
    if (!govern_keep_place(practice->agent->keep, &place) || strcmp(own->kind->id, kind) == 0) {
        return;
    }
    (void)snprintf(from, sizeof(from), "\"kind\": \"%s\"", own->kind->id);
    (void)snprintf(to, sizeof(to), "\"kind\": \"%s\"", kind);
    practice_amend(practice, GOVERNANCE_DIRECTORY, governance->versions[GOVERNANCE_DIRECTORY] + 1,
                   from, to); /* the first agency of the document is this one */
}

/* --- saying something --- */

struct intake_item practice_submit(struct practice *practice, enum intake_content content,
                                   const char *text)
{
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    struct intake_request request = {.content = content, .body = slice_of_text(text)};
    struct error error = ERROR_NULL;
    must(intake_submit(practice->agent, &request, &answer, &error), &error);
    assert(answer.n == 1);
    return answer.items[0];
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static void add_meta(const struct practice_visit *visit, struct buf *out)
{
    buf_format(out, "\"meta\":{");
    if (visit->version != NULL) {
        buf_format(out, "\"versionId\":\"%s\"%s", visit->version, visit->updated ? "," : "");
    }
    if (visit->updated != NULL) {
        buf_format(out, "\"lastUpdated\":\"%s\"", visit->updated);
    }
    buf_format(out, "},");
}

struct intake_item practice_visit(struct practice *practice, const struct practice_visit *visit)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    buf_format(&text, "{\"resourceType\":\"Appointment\",\"id\":\"%s\",\"status\":\"%s\",",
               visit->id, visit->status);
    add_meta(visit, &text);
    if (visit->cancelled_by != NULL) {
        buf_format(&text, "\"cancelationReason\":{\"coding\":[{\"code\":\"%s\"}]},",
                   visit->cancelled_by);
    }
    buf_format(&text,
               "\"start\":\"2026-11-20T09:20:00Z\",\"serviceType\":[{\"text\":\"%s\"}],"
               "\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\","
               "\"birthDate\":\"%s\",\"identifier\":[{\"system\":"
               "\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"%s\"}],"
               "\"name\":[{\"family\":\"Thistledown\",\"given\":[\"Peregrina\"]}]}],"
               "\"participant\":[{\"actor\":{\"reference\":\"#p\"},\"status\":\"accepted\"}]}",
               or_else(visit->service, "Paediatric clinic"), or_else(visit->birth, "2022-03-14"),
               or_else(visit->nhs_number, "9994117025"));
    assert(buf_ok(&text));
    return practice_submit(practice, INTAKE_APPOINTMENT, buf_text(&text));
}

struct intake_item practice_appointment(struct practice *practice, const char *id,
                                        const char *status, const char *version)
{
    return practice_visit(practice,
                          &(struct practice_visit){.id = id, .status = status, .version = version});
}

void practice_concern_text(const char *members, struct buf *out)
{
    buf_format(out,
               "{\"kind\":\"concern\",\"code\":\"neglect-physical\",\"event_date\":\"2026-11-20\","
               "%s\"child\":{\"given_name\":\"Peregrina\",\"family_name\":\"Thistledown\","
               "\"birth_date\":\"2022-03-14\",\"nhs_number\":{\"value\":\"999 411 7025\","
               "\"verified\":true}},\"account\":{\"summary\":\"Came without a coat again.\"},"
               "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example, nurse\","
               "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","
               "\"function\":\"early help\",\"family_told\":\"told\"}}",
               members);
    assert(buf_ok(out));
}

struct intake_item practice_concern(struct practice *practice, const char *members)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    practice_concern_text(members, &text);
    return practice_submit(practice, INTAKE_RECORD, buf_text(&text));
}

/* --- looking --- */

struct out_row practice_out(struct practice *practice, const struct reference *reference)
{
    struct out_row row;
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    bool there = out_get(txn, reference, &row);
    assert(there);
    return row;
}

uint64_t practice_rows(struct practice *practice, enum agent_table table)
{
    uint64_t rows[STORE_TABLES_MAX];
    int r = store_rows(practice->agent->store, rows);
    assert(r == 0);
    return rows[table];
}

uint64_t practice_count(struct practice *practice, const char *name)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    return count_get(txn, instant_london_day(practice->clock.real_ms), name);
}

unsigned practice_settle(struct practice *practice)
{
    unsigned turns = 0;
    bool more = true;
    while (more) {
        int r = settle_step(practice->agent, &more);
        assert(r == 0);
        turns++;
    }
    return turns;
}
