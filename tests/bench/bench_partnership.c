/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_partnership.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/date.h"
#include "govern/joining.h"
#include "govern/keys.h"
#include "os/fd.h"
#include "os/files.h"

#define NO_QUOTA UINT64_C(100000000)

static const struct test_agency agencies[BENCH_AGENCIES] = {
    {1, "gp-1", "gp", false},
    {2, "hospital-1", "hospital", false},
    {3, "health-visiting-1", "health-visiting", false},
    {4, "school-nursing-1", "school-nursing", false},
    {5, "gp-2", "gp", false},
    {6, "dental-1", "dental", false},
    {7, "maternity-1", "maternity", false},
    {8, "hospital-2", "hospital", false},
    {BENCH_MASH, "mash", "mash", false},
    {BENCH_SCHOOL, "school-1", "school", false},
};

/* A port that was free a moment ago: agencies are told of it before the broker has it. */
static int free_port(void)
{
    _cleanup_(fd_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        bench_must(-errno, "a free port", NULL);
    }
    return ntohs(address.sin_port);
}

static void sub_dir(const struct partnership *partnership, const char *name, char out[BENCH_PATH])
{
    struct error error = ERROR_NULL;

    bench_path(out, partnership->dir, name);
    bench_must(dir_create(out, &error), "folder", &error);
}

static void write_file(const char *path, const struct buf *text)
{
    bench_must(file_write_new(path, buf_slice(text), 0600), path, NULL);
}

static void write_key(const char *dir, const char *name, uint32_t agency, const char *sort)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    struct error error = ERROR_NULL;

    governing_seed(agency, sort, &seed);
    bench_must(key_write(dir, name, &seed, &error), "key file", &error);
}

/* --- documents --- */

static void write_document(struct partnership *partnership, const char *dir,
                           enum governance_document document, const struct buf *text)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct error error = ERROR_NULL;

    governing_note(&partnership->governing, 1, document, 1, buf_slice(text), &note);
    const struct govern_document signed_document = {
        .document = document, .text = buf_slice(text), .note = buf_slice(&note)};
    bench_must(govern_write(dir, &signed_document, &error), "governance", &error);
    if (document == GOVERNANCE_ROOT) {
        return; /* governing_init began with the same text */
    }
    enum govern_result result = governing_offer_signed(&partnership->governing, document,
                                                       buf_slice(text), buf_slice(&note));
    if (result != GOVERN_ACCEPTED) {
        bench_fail("governance: %s: %s", govern_result_text(result),
                   partnership->governing.error.what);
    }
}

static void write_documents(struct partnership *partnership, const char *dir)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    governing_root_text(&partnership->governing, 1, 1, &text);
    write_document(partnership, dir, GOVERNANCE_ROOT, &text);
    buf_reset(&text);
    governing_directory_text(agencies, BENCH_AGENCIES, &text);
    text_replace(&text, "tcp://127.0.0.1:7440", partnership->endpoint);
    write_document(partnership, dir, GOVERNANCE_DIRECTORY, &text);
    for (uint32_t i = GOVERNANCE_AGREEMENTS; i <= GOVERNANCE_DOCUMENTS; i++) {
        buf_reset(&text);
        governing_template(governance_document_text(i), &text);
        write_document(partnership, dir, (enum governance_document)i, &text);
    }
}

/* --- broker and agent --- */

static void make_broker(struct partnership *partnership)
{
    _cleanup_(buf_deinit) struct buf ini = BUF_MAX(4096);
    char governance[BENCH_PATH];
    char keys[BENCH_PATH];
    char highwater[BENCH_PATH];
    char signed_head[BENCH_PATH];

    sub_dir(partnership, "governance", governance);
    sub_dir(partnership, "broker-keys", keys);
    sub_dir(partnership, "store", partnership->broker_store);
    bench_path(highwater, partnership->dir, "highwater");
    bench_path(signed_head, partnership->dir, "signed");
    write_documents(partnership, governance);
    write_key(keys, KEY_TRANSPORT, 0, "curve");
    write_key(keys, KEY_CHECKPOINT, 0, "sign");
    write_key(keys, KEY_PEPPER, 0, "pepper");
    buf_format(&ini,
               "[broker]\ndir = %s\ngovernance = %s\nkeys = %s\nendpoint = %s\nhighwater = %s\n"
               "signed = %s\nquota_records = %" PRIu64 "\nquota_bytes = 1024G\n",
               partnership->broker_store, governance, keys, partnership->endpoint, highwater,
               signed_head,
               partnership->quota_records == 0 ? NO_QUOTA : partnership->quota_records);
    bench_path(partnership->broker_ini, partnership->dir, "broker.ini");
    write_file(partnership->broker_ini, &ini);
}

static void make_agent(const struct partnership *partnership, uint32_t agency,
                       struct bench_agent *ret)
{
    _cleanup_(buf_deinit) struct buf ini = BUF_MAX(4096);
    _cleanup_(buf_deinit) struct buf joining = BUF_MAX(JOINING_MAX_BYTES);
    char home[BENCH_PATH];
    char keys[BENCH_PATH];
    char path[BENCH_PATH];
    struct error error = ERROR_NULL;

    sub_dir(partnership, agencies[agency - 1].id, home);
    bench_path(keys, home, "keys");
    bench_path(ret->store, home, "store");
    bench_path(ret->watched, home, "attendance");
    bench_must(dir_create(keys, &error), "folder", &error);
    bench_must(dir_create(ret->store, &error), "folder", &error);
    bench_must(dir_create(ret->watched, &error), "folder", &error);
    write_key(keys, KEY_SIGNING, agency, "sign");
    write_key(keys, KEY_OPENING, agency, "open");
    write_key(keys, KEY_TRANSPORT, agency, "curve");
    write_key(keys, KEY_STORE, agency, "store");
    bench_must(joining_write(partnership->governing.governance, &joining), "joining file", NULL);
    bench_path(path, home, "joining.json");
    write_file(path, &joining);
    buf_format(&ini, "[agent]\ndir = %s\nkeys = %s\njoining = %s\nsocket = %s/agent.sock\n",
               ret->store, keys, path, home);
    if (agency == BENCH_SCHOOL) {
        buf_add_text(&ini, "settle = 0s\n");
        buf_format(&ini, "[watch]\nattendance = %s\n[attendance]\npupil_upn =\npupil_id = Adno\n",
                   ret->watched);
        buf_format(&ini, "[school]\nperiods = %s\n", partnership->school_period);
    }
    bench_path(ret->ini, home, "agent.ini");
    write_file(ret->ini, &ini);
}

/* A day that surely lies before the school days that are told of: two months ago. */
static void choose_period(struct partnership *partnership)
{
    char text[DATE_TEXT_BYTES];

    date_format(instant_london_day(clock_real_ms(clock_system())) - 60, text);
    (void)snprintf(partnership->school_period, sizeof(partnership->school_period), "%.5s",
                   text + 5);
}

void partnership_make(struct partnership *partnership)
{
    const char *parent = getenv("TMPDIR");
    struct error error = ERROR_NULL;
    _cleanup_(secret_deinit) struct secret curve = SECRET_NULL;

    bench_path(partnership->dir, parent == NULL ? BUILD_DIR : parent, "cairn-bench-XXXXXX");
    if (mkdtemp(partnership->dir) == NULL) {
        bench_must(-errno, partnership->dir, NULL);
    }
    bench_work_in(partnership->dir);
    partnership->tmpfs = file_system_check(partnership->dir, false, &error) != 0;
    (void)snprintf(partnership->endpoint, sizeof(partnership->endpoint), "tcp://127.0.0.1:%d",
                   free_port());
    governing_init(&partnership->governing);
    make_broker(partnership);
    choose_period(partnership);
    make_agent(partnership, BENCH_MASH, &partnership->mash);
    make_agent(partnership, BENCH_SCHOOL, &partnership->school);
    governing_seed(0, "curve", &curve);
    bench_must(curve_public(&curve, partnership->broker_key), "CURVE", NULL);
}

void partnership_remove(struct partnership *partnership)
{
    governing_deinit(&partnership->governing);
    bench_work_in(NULL);
    bench_remove(partnership->dir);
}
