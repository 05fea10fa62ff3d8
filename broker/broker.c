/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/broker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "broker/admit.h"
#include "broker/commit_show.h"
#include "broker/memory_plan.h"
#include "broker/offers.h"
#include "govern/keys.h"
#include "net/net.h"
#include "os/files.h"
#include "os/memory.h"
#include "os/notify.h"
#include "os/signals.h"
#include "signer/child.h"

#define TURN_MS  250 /* how often threads look at signals and the watchdog when nothing happens */
#define PATH_LEN 512

/* --- open --- */

static int open_keys(struct broker *broker, struct error *error)
{
    return key_read(broker->options->keys, KEY_PEPPER, &broker->pepper, error);
}

static int open_store(struct broker *broker, struct error *error)
{
    struct store_options options = {
        .dir = broker->options->dir,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .allow_tmpfs = broker->options->allow_tmpfs,
    };
    return store_open(&options, &broker->store, error);
}

static int file_in_dir(const struct options *options, const char *name, char out[PATH_LEN],
                       struct error *error)
{
    int n = snprintf(out, PATH_LEN, "%s/%s", options->dir, name);
    return n > 0 && n < PATH_LEN ? 0 : error_set(error, options->dir, "the path is too long");
}

static int open_counters(struct broker *broker, struct error *error)
{
    char path[PATH_LEN];
    int r = file_in_dir(broker->options, "counters", path, error);
    return r == 0 ? broker_counters_create(path, &broker->counters, error) : r;
}

/* What ends the broker by its own decision, on whichever thread, or by a fault of another thread,
 * is no fault of the entry that was being applied just then: one that is set aside reaches
 * nobody. */
static void excuse_entry(void *data)
{
    marker_excuse(data);
}

static int open_marker(struct broker *broker, struct error *error)
{
    char path[PATH_LEN];
    int r = file_in_dir(broker->options, "applying", path, error);
    if (r != 0) {
        return r;
    }
    r = marker_open(path, &broker->commit.marker);
    r = r == 0 ? marker_watch(&broker->commit.marker) : r;
    if (r != 0) {
        (void)error_set(error, path, "the crash marker cannot be opened: %s", strerror(-r));
        return r;
    }
    log_on_fatal(excuse_entry, &broker->commit.marker);
    return 0;
}

int broker_signer(struct broker *broker, const struct options *options, struct error *error)
{
    const struct service_options own = {
        .keys = options->keys,
        .governance = options->governance,
        .signed_head = options->signed_head,
    };
    char path[PATH_LEN];
    int r = file_in_dir(options, "counters", path, error);
    /* A signer has one broker, and would say no more than that it does not answer. */
    r = r == 0 ? broker_counters_free(path, error) : r;
    if (r != 0) {
        return r;
    }
    return options->signer[0] == '\0'
               ? signer_start(&own, &broker->signer, error)
               : signer_client_connect(options->signer, &broker->signer, error);
}

int broker_open(struct broker *broker, const struct options *options, struct error *error)
{
    broker->options = options;
    broker->commit = (struct commit){.marker = MARKER_NULL, .dir = options->dir};
    broker->attest = (struct attest){.highwater = HIGHWATER_NULL};
    int (*const steps[])(struct broker *, struct error *) = {open_keys, open_store, open_counters,
                                                             open_marker};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int r = steps[i](broker, error);
        if (r != 0) {
            return r;
        }
    }
    int r = board_new(&broker->board);
    return r == 0 ? pipeline_new(&broker->pipeline) : r;
}

/* --- recover --- */

/* The key that checkpoints are signed with is named by the log's origin, which only the root
 * document says. */
static int checkpoint_key(struct broker *broker, const struct governance *governance,
                          struct error *error)
{
    const uint8_t *public_key = broker->signer.public_key;
    if (!note_key_init(&broker->commit.checkpoint_key, governance->root.origin, NOTE_TYPE_ED25519,
                       public_key)) {
        return error_set(error, "root", "the origin is no name for a log");
    }
    if (memcmp(public_key, governance->directory.checkpoint_key.public_key, SIGN_PUBLIC_BYTES) !=
        0) {
        return error_set(error, "signer",
                         "its %s is not the key that the directory names: agencies would refuse "
                         "every checkpoint",
                         KEY_CHECKPOINT);
    }
    return 0;
}

/* The one by which the directory has agencies find this broker: beside it may lie the next. */
static int transport_key(struct broker *broker, const struct governance *governance,
                         struct error *error)
{
    const char *dir = broker->options->keys;
    char name[KEY_NAME_BYTES];
    uint8_t public_key[CURVE_KEY_BYTES];
    bool none = true;
    int r = 0;
    for (unsigned n = 1; r == 0 && n <= KEY_SETS_MAX; n++) {
        key_name(KEY_TRANSPORT, n, name);
        if (!key_is_there(dir, name)) { /* the first may have been destroyed, behind a switch */
            continue;
        }
        none = false;
        r = key_read(dir, name, &broker->curve_key, error);
        r = r == 0 ? curve_public(&broker->curve_key, public_key) : r;
        if (r == 0 &&
            memcmp(public_key, governance->directory.broker_curve_key, sizeof(public_key)) == 0) {
            return 0;
        }
    }
    if (none) {
        return key_read(dir, KEY_TRANSPORT, &broker->curve_key, error); /* says what is missing */
    }
    return r != 0 ? r
                  : error_set(error, dir,
                              "holds no %s that the directory names: no agency would "
                              "find this broker",
                              KEY_TRANSPORT);
}

/* Whether what this machine allows is enough for this many agencies. */
static int check_memory(const struct broker *broker, const struct governance *governance,
                        struct error *error)
{
    uint64_t limit = broker->options->memory_limit_bytes;
    int r = limit == 0 ? memory_limit(&limit) : 0;
    return r == 0 ? memory_plan_check(governance->directory.n_agencies, broker->options->workers,
                                      limit, error)
                  : r;
}

static int check_governance(struct broker *broker, struct error *error)
{
    _cleanup_(governance_unref) struct governance *governance = NULL;
    int r = governance_load(broker->options->governance, &governance, error);
    if (r == 0) {
        r = checkpoint_key(broker, governance, error);
    }
    if (r == 0) {
        r = transport_key(broker, governance, error);
    }
    return r == 0 ? check_memory(broker, governance, error) : r;
}

/* A new store begins with all that lies in the folder: a broker without a directory would run, and
 * be there for nobody. One that holds documents goes on with those. */
static int start_batch(struct broker *broker, struct error *error)
{
    _cleanup_(offers_deinit) struct offers offers = OFFERS_NULL;
    struct input inputs[GOVERNANCE_DOCUMENTS];
    struct commit *commit = &broker->commit;
    bool all = offers_read(broker->options->governance, commit->governance, &offers);
    if (!all && commit->governance == NULL) {
        return error_set(error, broker->options->governance,
                         "a document cannot be read: see the log above");
    }
    for (size_t i = 0; i < offers.n; i++) {
        const struct govern_document *offered = &offers.documents[i];
        inputs[i] = (struct input){
            .type = INPUT_GOVERNANCE,
            .governance = {offered->document, offered->text, offered->note},
        };
    }
    commit_start(commit, inputs, offers.n);
    return commit->governance != NULL
               ? 0
               : error_set(error, broker->options->governance, "the root here was refused");
}

/* Of whatever they died: what ends each run soon after its start sets nothing aside (marker.h). */
static void report_deaths(const struct broker *broker)
{
    uint32_t deaths = marker_deaths(&broker->commit.marker);
    if (deaths > 0) {
        log_event(LOG_LEVEL_WARNING, "died_before", "times=%u", deaths);
        count_set(broker->commit.counters, COUNT_COMMIT_DEATHS, deaths);
    }
}

/* An entry that was being applied when the process died is worth an operator's look, long before it
 * is set aside. */
static void report_crash(const struct broker *broker)
{
    struct slice mark;
    uint32_t times;
    char id[ENTRY_ID_TEXT_BYTES];
    if (marker_last(&broker->commit.marker, &mark, &times) && mark.len == ENTRY_ID_BYTES) {
        struct entry_id entry = entry_id_unpack(mark.data);
        entry_id_format(&entry, id);
        log_event(LOG_LEVEL_ERROR, "crashed_while_applying", "entry=%s times=%u", id, times);
        count_set(broker->commit.counters, COUNT_COMMIT_CRASHED, 1);
    }
}

int broker_recover(struct broker *broker, struct error *error)
{
    struct commit *commit = &broker->commit;
    struct checkpoint mark;
    int r = check_governance(broker, error);
    if (r == 0) {
        r = highwater_open(broker->options->highwater, clock_system(), &broker->attest.highwater,
                           &mark, error);
    }
    commit->store = broker->store;
    if (r == 0) {
        r = commit_check(commit, error);
    }
    if (r != 0) {
        return r;
    }
    int64_t last_ms = 0;
    {
        _cleanup_(store_end) struct store_txn *txn = store_read(broker->store);
        last_ms = txn == NULL ? 0 : (int64_t)meta_get(txn, "time-ms", 0);
    }
    r = timekeeper_init(&commit->time, clock_system(), last_ms, broker->options->accept_clock,
                        error);
    if (r != 0) {
        return r;
    }
    commit->pipeline = broker->pipeline;
    commit->board = broker->board;
    commit->counters = &broker->counters;
    broker->attest.pipeline = broker->pipeline;
    broker->attest.board = broker->board;
    broker->attest.store = broker->store;
    broker->attest.counters = &broker->counters;
    broker->attest.signer = &broker->signer;
    report_deaths(broker);
    report_crash(broker);
    r = attest_recover(&broker->attest, broker->options->dir, &mark, error);
    if (r == 0) {
        r = commit_recover(commit, error);
    }
    if (r != 0) {
        return r;
    }
    if (commit->governance != NULL) {
        commit_report_duty(commit);
    }
    r = start_batch(broker, error);
    (void)attest_step(&broker->attest, false, 0);
    return r;
}

/* --- listen --- */

static void set_stages(struct broker *broker)
{
    broker->verify = (struct verify){
        .pipeline = broker->pipeline, .board = broker->board, .pepper = &broker->pepper};
    broker->publish = (struct publish){
        .pipeline = broker->pipeline,
        .board = broker->board,
        .store = broker->store,
        .counters = &broker->counters,
        .clock = clock_system(),
        .highwater = broker->options->highwater,
        .bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES),
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES),
    };
    broker->net.pipeline = broker->pipeline;
    broker->net.board = broker->board;
    broker->net.counters = &broker->counters;
    broker->net.gate.pipeline = broker->pipeline;
    broker->net.gate.board = broker->board;
    broker->net.gate.counters = &broker->counters;
    broker->net.gate.clock = clock_system();
    broker->net.gate.quota_records = broker->options->quota_records;
    broker->net.gate.quota_bytes = broker->options->quota_bytes;
    broker->net.answer.pipeline = broker->pipeline;
    broker->net.answer.board = broker->board;
    broker->net.answer.counters = &broker->counters;
    broker->net.answer.bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    net_init_stages(&broker->net);
    pipeline_on_answer(broker->pipeline, net_wake, &broker->net);
}

int broker_listen(struct broker *broker, struct error *error)
{
    struct router_options options = {
        .endpoint = broker->options->endpoint,
        .secret_key = &broker->curve_key,
        .admit = admit_key,
        .data = broker->board,
    };
    int r = net_init(error);
    if (r == 0) {
        r = router_open(&options, &broker->net.router, error);
    }
    if (r != 0) {
        return r;
    }
    set_stages(broker);
    return signals_open(&broker->signals);
}

/* --- run --- */

static void *verify_thread(void *data)
{
    (void)pthread_setname_np(pthread_self(), "verify");
    struct broker *broker = data;
    struct verify verify = broker->verify;
    while (verify_step(&verify, true)) {
    }
    return NULL;
}

static void *commit_thread(void *data)
{
    (void)pthread_setname_np(pthread_self(), "commit");
    struct broker *broker = data;
    while (commit_step(&broker->commit, true, TURN_MS) || !pipeline_stopped(broker->pipeline)) {
    }
    return NULL;
}

static void *attest_thread(void *data)
{
    (void)pthread_setname_np(pthread_self(), "attest");
    struct broker *broker = data;
    while (attest_step(&broker->attest, true, TURN_MS) || !pipeline_stopped(broker->pipeline)) {
    }
    return NULL;
}

static void *publish_thread(void *data)
{
    (void)pthread_setname_np(pthread_self(), "publish");
    struct broker *broker = data;
    while (!pipeline_stopped(broker->pipeline)) {
        if (!publish_step(&broker->publish)) {
            publish_wait(&broker->publish, TURN_MS);
        }
    }
    return NULL;
}

/* It names itself: another's name is a file of /proc, which the walls keep closed. */
static void start_thread(struct broker *broker, const char *name, void *(*run)(void *data))
{
    pthread_t *thread = &broker->threads[broker->n_threads];
    int r = pthread_create(thread, NULL, run, broker);
    if (r != 0) {
        log_fatal("thread_failed", "name=%s error=\"%s\"", name, strerror(r));
    }
    broker->n_threads++;
}

static void start_threads(struct broker *broker)
{
    for (int i = 0; i < broker->options->workers; i++) {
        start_thread(broker, "verify", verify_thread);
    }
    start_thread(broker, "commit", commit_thread);
    start_thread(broker, "attest", attest_thread);
    start_thread(broker, "publish", publish_thread);
}

/* A reload submits; the documents take effect at their log index. What finds no slot now is offered
 * at the next SIGHUP. */
static void reload(struct broker *broker)
{
    _cleanup_(governance_unref) struct governance *held = board_governance(broker->board);
    _cleanup_(offers_deinit) struct offers offers = OFFERS_NULL;
    (void)offers_read(broker->options->governance, held, &offers); /* said what it cannot */
    for (size_t i = 0; i < offers.n; i++) {
        bool offered = gate_offer(&broker->net.gate, &offers.documents[i]);
        log_event(LOG_LEVEL_NOTICE, offered ? "governance_submitted" : "governance_waits",
                  "document=%s", governance_document_text(offers.documents[i].document));
    }
}

static bool drained(struct broker *broker)
{
    struct pipeline_cursors cursors;
    pipeline_cursors(broker->pipeline, &cursors);
    return cursors.claimed == cursors.answered;
}

/* Returns when a signal asks to stop. */
static void serve(struct broker *broker)
{
    int64_t every = notify_watchdog_every_ms();
    int64_t next = 0;
    for (;;) {
        net_step(&broker->net, true, TURN_MS);
        int64_t now = clock_boot_ms(clock_system());
        if (every > 0 && now >= next) {
            (void)notify_watchdog();
            next = now + every;
        }
        int sig = signals_take(broker->signals);
        if (sig == SIGHUP) {
            reload(broker);
        } else if (sig != 0) {
            return;
        }
    }
}

void broker_run(struct broker *broker)
{
    start_threads(broker);
    log_event(LOG_LEVEL_NOTICE, "ready", "endpoint=%s version=%s log_size=%" PRIu64,
              router_endpoint(broker->net.router), CAIRN_VERSION, broker->commit.log_size);
    (void)notify_ready();
    serve(broker);
    (void)notify_stopping();
    log_event(LOG_LEVEL_NOTICE, "draining", "version=%s", CAIRN_VERSION);
    while (!drained(broker)) {
        net_step(&broker->net, false, TURN_MS);
    }
    pipeline_stop(broker->pipeline);
    for (int i = 0; i < broker->n_threads; i++) {
        (void)pthread_join(broker->threads[i], NULL);
    }
    broker->n_threads = 0;
    commit_flush_refused(&broker->commit);
    (void)attest_step(&broker->attest, false, 0); /* of that, and of a tick while it stopped */
    log_event(LOG_LEVEL_NOTICE, "stopped", "log_size=%" PRIu64, broker->commit.log_size);
}

void broker_close(struct broker *broker)
{
    if (broker->signals >= 0) {
        (void)close(broker->signals);
    }
    router_close(&broker->net.router);
    answer_deinit(&broker->net.answer);
    publish_deinit(&broker->publish);
    log_on_fatal(NULL, NULL);
    commit_deinit(&broker->commit);
    attest_deinit(&broker->attest);
    pipeline_free(&broker->pipeline);
    board_free(&broker->board);
    store_close(&broker->store);
    counters_close(&broker->counters);
    signer_client_close(&broker->signer);
    secret_deinit(&broker->curve_key);
    secret_deinit(&broker->pepper);
    *broker = BROKER_NULL;
}
