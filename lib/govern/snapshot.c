/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot is always built whole, from the bytes of the documents it holds: the other documents
 * name kinds and agencies of the directory, so a new directory gives all of them new pointers, and
 * shows at once whether they still fit. Documents change a few times a day at most.
 *
 * A candidate passes, in this order: form of the note, origin, version against replay, signatures,
 * digest, form of the text, fit with the rest. Only then does the new snapshot exist.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "govern/internal.h"

struct govern_held {
    struct buf text; /* empty: not held */
    struct buf note;
};

const char *govern_result_text(enum govern_result result)
{
    switch (result) {
    case GOVERN_ACCEPTED:
        return "accepted";
    case GOVERN_SAME:
        return "this version is held already";
    case GOVERN_OLDER:
        return "older than the version held";
    case GOVERN_BAD_SIGNATURE:
        return "not signed as the root requires";
    case GOVERN_BAD_DOCUMENT:
        return "note and text do not fit, or the text is not in order";
    case GOVERN_NO_ROOT:
        return "no root is known";
    }
    return "unknown";
}

/* --- a snapshot's life --- */

static struct governance *governance_new(void)
{
    struct governance *governance = base_zalloc(1, sizeof(*governance));

    governance->references = 1;
    governance->held = base_zalloc(GOVERNANCE_DOCUMENTS + 1, sizeof(*governance->held));
    for (size_t i = 0; i <= GOVERNANCE_DOCUMENTS; i++) {
        governance->review_by[i] = INT32_MAX;
        governance->held[i].text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
        governance->held[i].note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    }
    return governance;
}

struct governance *governance_ref(struct governance *governance)
{
    int before = __atomic_fetch_add(&governance->references, 1, __ATOMIC_RELAXED);

    assert(before > 0);
    return governance;
}

void governance_unref(struct governance **reference)
{
    struct governance *governance = *reference;

    *reference = NULL;
    if (governance == NULL ||
        __atomic_sub_fetch(&governance->references, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    for (size_t i = 0; i <= GOVERNANCE_DOCUMENTS; i++) {
        buf_deinit(&governance->held[i].text);
        buf_deinit(&governance->held[i].note);
    }
    free(governance->held);
    directory_deinit(&governance->directory);
    agreements_free(&governance->agreements);
    calendar_free(&governance->calendar);
    free(governance);
}

bool governance_held(const struct governance *governance, enum governance_document document,
                     struct govern_document *ret)
{
    if (governance->versions[document] == 0) {
        return false;
    }
    *ret = (struct govern_document){
        .document = document,
        .text = buf_slice(&governance->held[document].text),
        .note = buf_slice(&governance->held[document].note),
    };
    return true;
}

/* --- building --- */

static void hold(struct governance *governance, const struct govern_document *document,
                 const struct note_claim *claim)
{
    struct govern_held *held = &governance->held[document->document];

    buf_reset(&held->text);
    buf_reset(&held->note);
    buf_add_slice(&held->text, document->text);
    buf_add_slice(&held->note, document->note);
    governance->versions[document->document] = claim->version;
    governance->digests[document->document] = claim->digest;
}

static int read_part(struct governance *governance, enum governance_document document,
                     const struct json *json, struct error *error)
{
    const struct directory *directory = &governance->directory;

    switch (document) {
    case GOVERNANCE_ROOT:
        return root_read(json, &governance->root, error);
    case GOVERNANCE_DIRECTORY:
        return directory_read(json, &governance->directory, error);
    case GOVERNANCE_AGREEMENTS:
        return agreements_read(json, directory, governance->versions[document],
                               &governance->agreements, error);
    case GOVERNANCE_PATTERNS:
        return patterns_read(json, directory, &governance->patterns, error);
    case GOVERNANCE_CALENDAR:
        return calendar_read(json, directory, &governance->calendar, error);
    }
    return -EINVAL;
}

static int refuse_in(enum governance_document document, const struct error *inner,
                     struct error *error)
{
    char where[sizeof(error->where)];
    struct writer writer = writer_over(where, sizeof(where));

    write_format(&writer, "%s.json %.120s", governance_document_text(document), inner->where);
    write_u8(&writer, '\0');
    return error_set(error, writer_ok(&writer) ? where : governance_document_text(document), "%s",
                     inner->what);
}

static int read_held(struct governance *governance, enum governance_document document,
                     struct error *error)
{
    struct error inner = ERROR_NULL;
    struct slice text = buf_slice(&governance->held[document].text);
    _cleanup_(json_free) struct json *json = document_open(document, text, &inner);

    if (json == NULL || read_part(governance, document, json, &inner) < 0) {
        return refuse_in(document, &inner, error);
    }
    struct json_view view = json_view(json, &inner);
    governance->review_by[document] = field_day(&view, "review_by");
    return 0;
}

static int read_all(struct governance *governance, struct error *error)
{
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        if (governance->versions[i] != 0 &&
            read_held(governance, (enum governance_document)i, error) < 0) {
            return -EINVAL;
        }
    }
    if (governance->versions[GOVERNANCE_DIRECTORY] != 0 &&
        strcmp(governance->directory.checkpoint_key.name, governance->root.origin) != 0) {
        return error_set(error, "directory.json /broker/checkpoint_key",
                         "must be named like the origin");
    }
    return 0;
}

/* --- judging --- */

static enum govern_result bad_document(const struct govern_document *document, const char *words,
                                       struct error *error)
{
    (void)error_set(error, governance_document_text(document->document), "%s", words);
    return GOVERN_BAD_DOCUMENT;
}

static enum govern_result check_signatures(const struct root *root, const struct note *note,
                                           const char *document, struct error *error)
{
    int good = note_count_good(note, root->keys, root->n_keys);

    if (good < 0) {
        (void)error_set(error, document, "a signature of a root key does not hold");
        return GOVERN_BAD_SIGNATURE;
    }
    if ((size_t)good < root->threshold) {
        (void)error_set(error, document, "%d of %zu signatures that the root requires", good,
                        root->threshold);
        return GOVERN_BAD_SIGNATURE;
    }
    return GOVERN_ACCEPTED;
}

/* What the note says, when it is one and speaks of this very document. */
static enum govern_result read_note(const struct govern_document *document, struct note *ret_note,
                                    struct note_claim *ret_claim, struct error *error)
{
    struct hash digest;

    if (document->text.len > CAIRN_GOVERNANCE_DOC_MAX_BYTES) {
        return bad_document(document, "larger than a governance document may be", error);
    }
    if (!note_parse(document->note, ret_note) || !note_claim_read(ret_note, ret_claim)) {
        return bad_document(document, "the note is not a signed note of a governance document",
                            error);
    }
    if (ret_claim->document != document->document) {
        return bad_document(document, "the note speaks of another document", error);
    }
    sha256(document->text, digest.bytes);
    if (!hash_equal(&digest, &ret_claim->digest)) {
        return bad_document(document, "the text is not the one that was signed", error);
    }
    return GOVERN_ACCEPTED;
}

enum govern_result governance_start(const struct govern_document *document, struct governance **ret,
                                    struct error *error)
{
    struct note note;
    struct note_claim claim;
    _cleanup_(governance_unref) struct governance *made = governance_new();

    if (document->document != GOVERNANCE_ROOT) {
        return GOVERN_NO_ROOT;
    }
    enum govern_result result = read_note(document, &note, &claim, error);
    if (result != GOVERN_ACCEPTED) {
        return result;
    }
    hold(made, document, &claim);
    if (read_all(made, error) < 0) {
        return GOVERN_BAD_DOCUMENT;
    }
    if (strcmp(claim.origin, made->root.origin) != 0) {
        return bad_document(document, "note and text name different origins", error);
    }
    result = check_signatures(&made->root, &note, "root", error);
    if (result == GOVERN_ACCEPTED) {
        *ret = made;
        made = NULL;
    }
    return result;
}

/* A root that no longer vouches for what is held would leave a snapshot that cannot be loaded
 * again. */
static enum govern_result check_held(const struct governance *made, struct error *error)
{
    enum govern_result result = GOVERN_ACCEPTED;

    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS && result == GOVERN_ACCEPTED;
         i++) {
        struct note note;
        if (made->versions[i] == 0) {
            continue;
        }
        bool well_formed = note_parse(buf_slice(&made->held[i].note), &note);
        assert(well_formed);
        result = check_signatures(&made->root, &note, governance_document_text(i), error);
    }
    return result;
}

static enum govern_result check_against(const struct governance *old,
                                        const struct govern_document *document,
                                        const struct note *note, const struct note_claim *claim,
                                        struct error *error)
{
    const char *name = governance_document_text(document->document);
    uint64_t held = old->versions[document->document];

    if (strcmp(claim->origin, old->root.origin) != 0) {
        return bad_document(document, "is of another partnership", error);
    }
    if (claim->version < held) {
        (void)error_set(error, name, "version %llu is older than version %llu, which is held",
                        (unsigned long long)claim->version, (unsigned long long)held);
        return GOVERN_OLDER;
    }
    bool same_text = hash_equal(&claim->digest, &old->digests[document->document]);
    if (claim->version == held && same_text) {
        return GOVERN_SAME;
    }
    enum govern_result result = check_signatures(&old->root, note, name, error);
    if (result == GOVERN_ACCEPTED && claim->version == held) {
        return bad_document(document, "this version is held with another text", error);
    }
    if (result == GOVERN_ACCEPTED && document->document > GOVERNANCE_DIRECTORY &&
        old->versions[GOVERNANCE_DIRECTORY] == 0) {
        return bad_document(document, "the directory comes first", error);
    }
    return result;
}

static struct governance *with_replaced(const struct governance *old,
                                        const struct govern_document *document,
                                        const struct note_claim *claim)
{
    struct governance *made = governance_new();

    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        buf_add_slice(&made->held[i].text, buf_slice(&old->held[i].text));
        buf_add_slice(&made->held[i].note, buf_slice(&old->held[i].note));
        made->versions[i] = old->versions[i];
        made->digests[i] = old->digests[i];
    }
    hold(made, document, claim);
    return made;
}

static enum govern_result check_succession(const struct governance *old,
                                           const struct governance *made,
                                           enum governance_document document, struct error *error)
{
    struct error inner = ERROR_NULL;

    if (document == GOVERNANCE_ROOT) {
        if (strcmp(old->root.origin, made->root.origin) != 0 || old->root.live != made->root.live) {
            (void)error_set(error, "root.json", "the origin and `live` never change");
            return GOVERN_BAD_DOCUMENT;
        }
        return check_held(made, error);
    }
    if (document == GOVERNANCE_DIRECTORY &&
        directory_follows(&old->directory, &made->directory, &inner) < 0) {
        (void)refuse_in(document, &inner, error);
        return GOVERN_BAD_DOCUMENT;
    }
    return GOVERN_ACCEPTED;
}

enum govern_result governance_with(const struct governance *old,
                                   const struct govern_document *document, struct governance **ret,
                                   struct error *error)
{
    struct note note;
    struct note_claim claim;

    if (old == NULL || old->versions[GOVERNANCE_ROOT] == 0) {
        return GOVERN_NO_ROOT;
    }
    enum govern_result result = read_note(document, &note, &claim, error);
    if (result == GOVERN_ACCEPTED) {
        result = check_against(old, document, &note, &claim, error);
    }
    if (result != GOVERN_ACCEPTED) {
        return result;
    }
    _cleanup_(governance_unref) struct governance *made = with_replaced(old, document, &claim);
    if (read_all(made, error) < 0) {
        return GOVERN_BAD_DOCUMENT;
    }
    result = check_succession(old, made, document->document, error);
    if (result == GOVERN_ACCEPTED) {
        *ret = made;
        made = NULL;
    }
    return result;
}

enum govern_result governance_next(const struct governance *old,
                                   const struct govern_document *document, struct governance **ret,
                                   struct error *error)
{
    return old == NULL ? governance_start(document, ret, error)
                       : governance_with(old, document, ret, error);
}

/* --- from disk --- */

/* 1 when a document was read into *governance, 0 when there is none. */
static int load_one(const char *dir, enum governance_document document,
                    struct governance **governance, struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct governance *made = NULL;

    int r = govern_read(dir, document, &text, &note, error);
    if (r < 0) {
        return r == -ENOENT ? 0 : r;
    }
    const struct govern_document read = {
        .document = document,
        .text = buf_slice(&text),
        .note = buf_slice(&note),
    };
    enum govern_result result = governance_next(*governance, &read, &made, error);
    if (result != GOVERN_ACCEPTED) {
        (void)error_set(error, dir, "%s: %s", governance_document_text(document),
                        govern_result_text(result));
        return -EBADMSG;
    }
    governance_unref(governance);
    *governance = made;
    return 1;
}

int governance_load(const char *dir, struct governance **ret, struct error *error)
{
    _cleanup_(governance_unref) struct governance *loaded = NULL;

    int r = load_one(dir, GOVERNANCE_ROOT, &loaded, error);
    if (r == 0) {
        (void)error_set(error, dir, "holds no root.json");
        return -ENOENT;
    }
    for (uint32_t i = GOVERNANCE_DIRECTORY; i <= GOVERNANCE_DOCUMENTS && r >= 0; i++) {
        r = load_one(dir, (enum governance_document)i, &loaded, error);
    }
    if (r < 0) {
        return r;
    }
    *ret = loaded;
    loaded = NULL;
    return 0;
}
