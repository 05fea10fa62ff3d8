/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document is in force once it is on disk: verify, commit, swap, in this order. What the store
 * holds is verified again at every start, so a store that was tampered with cannot widen who may
 * read.
 */
#include "agents/core/govern_keep.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "agents/core/own_keys.h"
#include "agents/core/state.h"
#include "base/crash_point.h"
#include "base/log.h"

struct govern_keep {
    struct store *store;
    const struct own_keys *keys;
    pthread_mutex_t lock; /* of what follows */
    struct governance *governance;
    enum linkage_state linkage; /* open or earlier: there is a place */
    struct own_place place;
};

void own_place_deinit(struct own_place *place)
{
    secret_deinit(&place->linkage);
    *place = OWN_PLACE_NULL;
}

static void own_place_copy(struct own_place *to, const struct own_place *from)
{
    to->agency = from->agency;
    to->epoch = from->epoch;
    secret_set(&to->linkage, from->linkage.bytes, from->linkage.len);
}

/* --- our place in the directory --- */

const char *linkage_state_text(enum linkage_state state)
{
    switch (state) {
#define X(id, text)                                                                                \
    case LINKAGE_##id:                                                                             \
        return (text);
        LINKAGE_STATES(X)
#undef X
    }
    return "unknown";
}

static bool has_place(enum linkage_state state)
{
    return state == LINKAGE_OPEN || state == LINKAGE_EARLIER;
}

/* The linkage key of an epoch is one key, whatever it is sealed to. So a directory with our new
 * keys that comes before we were restarted with those takes nothing from us. */
static enum linkage_state find_place(const struct govern_keep *keep,
                                     const struct governance *governance, struct own_place *ret)
{
    const struct agency *own = own_keys_agency(keep->keys, &governance->directory);
    if (own == NULL) {
        return LINKAGE_NONE;
    }
    const struct secret *opening = own_keys_opening(keep->keys, own->linkage_key_id);
    int r = opening == NULL ? -ENOKEY : agency_linkage_key(own, opening, &ret->linkage);
    if (r != 0) {
        log_event(LOG_LEVEL_WARNING, "linkage_key_closed", "agency=%u error=\"%s\"", own->number,
                  strerror(-r));
        if (!has_place(keep->linkage) || keep->place.agency != own->number ||
            keep->place.epoch != own->linkage_epoch) {
            return LINKAGE_CLOSED;
        }
        own_place_copy(ret, &keep->place);
        return LINKAGE_EARLIER;
    }
    ret->agency = own->number;
    ret->epoch = own->linkage_epoch;
    return LINKAGE_OPEN;
}

/* A set without its signing key reads as one that was retired. */
static void say_missing(const struct govern_keep *keep, const struct governance *governance)
{
    char name[KEY_NAME_BYTES];
    if (own_keys_missing(keep->keys, &governance->directory, name)) {
        log_event(LOG_LEVEL_WARNING, "key_missing", "key=%s", name);
    }
}

/* Takes *governance. Only here is the place changed, and by one thread. */
static void swap(struct govern_keep *keep, struct governance **governance)
{
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    enum linkage_state linkage = find_place(keep, *governance, &place);
    say_missing(keep, *governance);
    int r = pthread_mutex_lock(&keep->lock);
    assert(r == 0);
    struct governance *old = keep->governance;
    keep->governance = *governance;
    keep->linkage = linkage;
    own_place_deinit(&keep->place);
    own_place_copy(&keep->place, &place);
    r = pthread_mutex_unlock(&keep->lock);
    assert(r == 0);
    *governance = NULL;
    governance_unref(&old);
}

/* --- the store --- */

static bool read_stored(struct store_txn *txn, enum governance_document document,
                        struct govern_document *ret)
{
    uint8_t number = (uint8_t)document;
    struct slice value;
    if (!store_get(txn, AT_GOVERNANCE, slice_make(&number, 1), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    (void)read_u64(&reader);
    *ret = (struct govern_document){.document = document};
    ret->text = read_sized(&reader, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    ret->note = read_sized(&reader, CAIRN_NOTE_MAX_BYTES);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void put_stored(struct store_txn *txn, const struct govern_document *document,
                       uint64_t version)
{
    uint8_t number = (uint8_t)document->document;
    size_t len = 8 + 4 + document->text.len + 4 + document->note.len;
    uint8_t *storage = store_reserve(txn, AT_GOVERNANCE, slice_make(&number, 1), len);
    if (storage != NULL) {
        struct writer writer = writer_over(storage, len);
        write_u64(&writer, version);
        write_sized(&writer, document->text);
        write_sized(&writer, document->note);
        assert(writer_ok(&writer));
    }
}

/* The root to start from: the store's, which may be a later version of the joining file's. */
static int load_root(struct store_txn *txn, const struct govern_document *joining,
                     struct governance **ret, struct error *error)
{
    _cleanup_(governance_unref) struct governance *given = NULL;
    _cleanup_(governance_unref) struct governance *stored = NULL;
    struct govern_document document;
    enum govern_result result = governance_start(joining, &given, error);
    if (result != GOVERN_ACCEPTED) {
        return error_set(error, "joining file", "its root does not hold: %s",
                         govern_result_text(result));
    }
    if (!read_stored(txn, GOVERNANCE_ROOT, &document)) {
        *ret = governance_ref(given);
        return store_fault(txn);
    }
    result = governance_start(&document, &stored, error);
    if (result != GOVERN_ACCEPTED) {
        return error_set(error, "store", "the root it holds does not verify: %s",
                         govern_result_text(result));
    }
    if (strcmp(given->root.origin, stored->root.origin) != 0) {
        return error_set(error, "joining file",
                         "is of another partnership than the store: use a new folder for it");
    }
    *ret = governance_ref(stored);
    return 0;
}

static int load(struct store_txn *txn, const struct govern_document *joining,
                struct governance **ret, struct error *error)
{
    _cleanup_(governance_unref) struct governance *loaded = NULL;
    int r = load_root(txn, joining, &loaded, error);
    for (unsigned number = GOVERNANCE_ROOT + 1; r == 0 && number <= GOVERNANCE_DOCUMENTS;
         number++) {
        struct govern_document document;
        if (!read_stored(txn, (enum governance_document)number, &document)) {
            r = store_fault(txn);
            continue;
        }
        struct governance *next = NULL;
        enum govern_result result = governance_with(loaded, &document, &next, error);
        if (result != GOVERN_ACCEPTED) {
            return error_set(error, "store", "the %s that it holds does not verify: %s",
                             governance_document_text(number), govern_result_text(result));
        }
        governance_unref(&loaded);
        loaded = next;
    }
    if (r == 0) {
        *ret = loaded;
        loaded = NULL;
    }
    return r;
}

/* --- entry points --- */

int govern_keep_open(const struct govern_keep_options *options, struct govern_keep **ret,
                     struct error *error)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(options->store);
    struct governance *loaded = NULL;
    if (txn == NULL) {
        return -ENOMEM;
    }
    int r = load(txn, &options->joining, &loaded, error);
    if (r != 0) {
        return r;
    }
    struct govern_keep *keep = base_zalloc(1, sizeof(*keep));
    keep->store = options->store;
    keep->place = OWN_PLACE_NULL;
    keep->keys = options->keys;
    r = pthread_mutex_init(&keep->lock, NULL);
    assert(r == 0); /* a default mutex on Linux allocates nothing */
    swap(keep, &loaded);
    *ret = keep;
    return 0;
}

void govern_keep_close(struct govern_keep **owned)
{
    struct govern_keep *keep = *owned;
    if (keep == NULL) {
        return;
    }
    governance_unref(&keep->governance);
    own_place_deinit(&keep->place);
    (void)pthread_mutex_destroy(&keep->lock);
    base_free(owned);
    *owned = NULL;
}

struct governance *govern_keep_current(struct govern_keep *keep)
{
    int r = pthread_mutex_lock(&keep->lock);
    assert(r == 0);
    struct governance *governance = governance_ref(keep->governance);
    r = pthread_mutex_unlock(&keep->lock);
    assert(r == 0);
    return governance;
}

bool govern_keep_place(struct govern_keep *keep, struct own_place *ret)
{
    int r = pthread_mutex_lock(&keep->lock);
    assert(r == 0);
    bool placed = has_place(keep->linkage);
    if (placed) {
        own_place_copy(ret, &keep->place);
    }
    r = pthread_mutex_unlock(&keep->lock);
    assert(r == 0);
    return placed;
}

enum linkage_state govern_keep_linkage(struct govern_keep *keep)
{
    int r = pthread_mutex_lock(&keep->lock);
    assert(r == 0);
    enum linkage_state linkage = keep->linkage;
    r = pthread_mutex_unlock(&keep->lock);
    assert(r == 0);
    return linkage;
}

enum govern_result govern_keep_offer(struct govern_keep *keep,
                                     const struct govern_document *document, struct error *error)
{
    _cleanup_(governance_unref) struct governance *held = govern_keep_current(keep);
    struct governance *next = NULL;
    enum govern_result result = governance_with(held, document, &next, error);
    if (result != GOVERN_ACCEPTED) {
        return result;
    }
    _cleanup_(store_end) struct store_txn *txn = store_begin(keep->store);
    if (txn == NULL) {
        log_fatal("store_locked", "document=%s", governance_document_text(document->document));
    }
    put_stored(txn, document, next->versions[document->document]);
    CRASH_POINT(GOVERNANCE_TAKEN);
    int r = agent_commit(&txn);
    CRASH_POINT(GOVERNANCE_KEPT);
    if (r != 0) {
        governance_unref(&next);
        (void)error_set(error, "store", "cannot keep it: %s", strerror(-r));
        return GOVERN_BAD_DOCUMENT; /* not in force here; asked for again on the next connection */
    }
    swap(keep, &next);
    return GOVERN_ACCEPTED;
}
