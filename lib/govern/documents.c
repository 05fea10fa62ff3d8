/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document on disk is NAME.json and NAME.note, which must change together. Writing goes through a
 * third name:
 *
 *   NAME.json.next   the new text
 *   NAME.note        the new note: from here on the new version is the one that counts
 *   NAME.json        the new text takes the old one's place
 *
 * Reading takes NAME.json, or NAME.json.next when only that one fits the note: a crash between any
 * two steps leaves a version that is whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "govern/internal.h"
#include "govern_schemas.h"
#include "json/schema.h"
#include "os/files.h"

#define NOTE_KIND       "cairn-governance/v1"
#define NOTE_TEXT_BYTES 512
#define PATH_BYTES      4096
#define FILE_MODE       0644 /* public within the partnership: signed, no secrets */

/* --- text --- */

struct json *document_parse(const char *schema_name, struct slice text, struct error *error)
{
    struct slice rules = govern_schemas_file(schema_name);
    _cleanup_(schema_free) struct schema *schema = schema_load(rules, error);
    _cleanup_(json_free) struct json *document = NULL;

    assert(schema != NULL);
    document = json_parse(text, error);
    if (document == NULL || schema_check(schema, document, error) < 0) {
        return NULL;
    }
    struct json *checked = document;
    document = NULL;
    return checked;
}

struct json *document_open(enum governance_document document, struct slice text,
                           struct error *error)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "%s.schema.json", governance_document_text(document));
    return document_parse(name, text, error);
}

/* --- notes --- */

static bool take_word(struct slice *rest, const char *word)
{
    struct slice line;

    return note_line(rest, &line) && slice_is_text(line, word);
}

static bool take_text(struct slice *rest, char *out, size_t out_bytes)
{
    struct slice line;

    return note_line(rest, &line) && line.len > 0 && text_copy(out, out_bytes, line);
}

bool note_claim_read(const struct note *note, struct note_claim *ret)
{
    struct note_claim claim;
    char name[KIND_ID_MAX_BYTES];
    char version[24];
    char digest[HEX_BYTES(CAIRN_HASH_BYTES)];
    char canonical[HEX_BYTES(CAIRN_HASH_BYTES)];
    struct slice rest = note->text;

    if (!take_word(&rest, NOTE_KIND) || !take_text(&rest, claim.origin, sizeof(claim.origin)) ||
        !take_text(&rest, name, sizeof(name)) || !take_text(&rest, version, sizeof(version)) ||
        !take_text(&rest, digest, sizeof(digest)) || rest.len != 0) {
        return false;
    }
    claim.document = (enum governance_document)governance_document_number(name);
    if (claim.document == 0 || !u64_parse(version, UINT64_MAX, &claim.version) ||
        claim.version == 0 || !hex_decode(digest, claim.digest.bytes, sizeof(claim.digest.bytes))) {
        return false;
    }
    hex_encode(SLICE_OF(claim.digest.bytes), canonical);
    if (strcmp(canonical, digest) != 0) {
        return false;
    }
    *ret = claim;
    return true;
}

bool govern_note_read(struct slice bytes, enum governance_document *ret_document,
                      uint64_t *ret_version)
{
    struct note note;
    struct note_claim claim;

    if (!note_parse(bytes, &note) || !note_claim_read(&note, &claim)) {
        return false;
    }
    *ret_document = claim.document;
    *ret_version = claim.version;
    return true;
}

int govern_note_make(const struct govern_signing *signing, enum governance_document document,
                     uint64_t version, struct slice text, struct buf *ret_note)
{
    char storage[NOTE_TEXT_BYTES];
    char digest[HEX_BYTES(CAIRN_HASH_BYTES)];
    struct hash hash;
    struct writer writer = writer_over(storage, sizeof(storage));

    sha256(text, hash.bytes);
    hex_encode(SLICE_OF(hash.bytes), digest);
    write_format(&writer, NOTE_KIND "\n%s\n%s\n%" PRIu64 "\n%s\n", signing->origin,
                 governance_document_text(document), version, digest);
    return note_sign(writer_slice(&writer), signing->key, signing->signer, ret_note);
}

/* --- files --- */

static void path_of(const char *dir, enum governance_document document, const char *ending,
                    char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s/%s%s", dir, governance_document_text(document), ending);
}

static int file_failed(struct error *error, const char *path, int r)
{
    (void)error_set(error, path, "%s", strerrordesc_np(-r));
    return r;
}

static bool text_fits_note(const struct buf *text, const struct buf *note_bytes)
{
    struct note note;
    struct note_claim claim;
    struct hash digest;

    if (!note_parse(buf_slice(note_bytes), &note) || !note_claim_read(&note, &claim)) {
        return false;
    }
    sha256(buf_slice(text), digest.bytes);
    return hash_equal(&digest, &claim.digest);
}

/* The text that the note speaks of: see the story above. */
static int read_text(const char *dir, enum governance_document document, const struct buf *note,
                     struct buf *ret, struct error *error)
{
    char path[PATH_BYTES];
    struct buf next = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    path_of(dir, document, ".json", path);
    int r = file_read(path, ret);
    if (r < 0 && r != -ENOENT) {
        return file_failed(error, path, r);
    }
    if (r == 0 && text_fits_note(ret, note)) {
        return 0;
    }
    path_of(dir, document, ".json.next", path);
    if (file_read(path, &next) == 0 && text_fits_note(&next, note)) {
        buf_deinit(ret);
        *ret = next;
        return 0;
    }
    buf_deinit(&next);
    return r; /* text and note that do not fit are for the reader to refuse */
}

int govern_read(const char *dir, enum governance_document document, struct buf *ret_text,
                struct buf *ret_note, struct error *error)
{
    char path[PATH_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    path_of(dir, document, ".note", path);
    int unsigned_ = file_read(path, &note);
    if (unsigned_ < 0 && unsigned_ != -ENOENT) {
        return file_failed(error, path, unsigned_);
    }
    int r = read_text(dir, document, &note, &text, error);
    if (r == 0 && unsigned_ < 0) {
        (void)error_set(error, path, "the document beside it is not signed");
        return -EBADMSG;
    }
    if (r < 0) {
        return r;
    }
    buf_add_slice(ret_text, buf_slice(&text));
    buf_add_slice(ret_note, buf_slice(&note));
    return buf_ok(ret_text) && buf_ok(ret_note) ? 0 : -EMSGSIZE;
}

int govern_write(const char *dir, const struct govern_document *document, struct error *error)
{
    char path[PATH_BYTES];
    char next[PATH_BYTES];

    path_of(dir, document->document, ".json.next", next);
    int r = file_write_atomic(next, document->text, FILE_MODE);
    if (r < 0) {
        return file_failed(error, next, r);
    }
    path_of(dir, document->document, ".note", path);
    r = file_write_atomic(path, document->note, FILE_MODE);
    if (r < 0) {
        return file_failed(error, path, r);
    }
    path_of(dir, document->document, ".json", path);
    if (rename(next, path) != 0) {
        return file_failed(error, path, -errno);
    }
    return 0;
}
