/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/partnership.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "govern/keys.h"
#include "govern/phone.h"

#define ROOT_NAME_ENDING "/root"

int partnership_open(const char *dir, struct partnership *ret, struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    struct partnership opened = PARTNERSHIP_NULL;

    int r = folder_open(dir, &opened.folder, error);
    if (r < 0) {
        return r;
    }
    folder_path(&opened.folder, "governance", path);
    r = governance_load(path, &opened.governance, error);
    if (r < 0) {
        return r;
    }
    if (opened.governance->versions[GOVERNANCE_DIRECTORY] == 0) {
        governance_unref(&opened.governance);
        (void)error_set(error, path, "holds no directory");
        return -ENOENT;
    }
    *ret = opened;
    return 0;
}

bool partnership_key_of(const char *origin, const uint8_t public_key[SIGN_PUBLIC_BYTES],
                        struct note_key *ret)
{
    char name[NOTE_NAME_MAX_BYTES];
    int n = snprintf(name, sizeof(name), "%s%s", origin, ROOT_NAME_ENDING);

    return origin[0] != '\0' && n > 0 && (size_t)n < sizeof(name) &&
           note_key_init(ret, name, NOTE_TYPE_ED25519, public_key);
}

static bool is_of_root(const struct root *root, const struct note_key *key)
{
    for (size_t i = 0; i < root->n_keys; i++) {
        if (root->keys[i].id == key->id && strcmp(root->keys[i].name, key->name) == 0) {
            return true;
        }
    }
    return false;
}

static int take_root_key(struct partnership *partnership, struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;

    folder_path(&partnership->folder, "root", path);
    int r = key_read(path, KEY_ROOT, &seed, error);
    if (r < 0) {
        return r;
    }
    r = signer_new(&seed, &partnership->signer);
    if (r < 0) {
        (void)error_set(error, path, "the root key cannot be used");
        return r;
    }
    const struct root *root = &partnership->governance->root;
    signer_public(partnership->signer, public_key);
    if (!partnership_key_of(root->origin, public_key, &partnership->key) ||
        !is_of_root(root, &partnership->key)) {
        (void)error_set(error, path, "the root key is not one of this partnership's root");
        return -EKEYREJECTED;
    }
    return 0;
}

int partnership_open_with_key(const char *dir, struct partnership *ret, struct error *error)
{
    struct partnership opened = PARTNERSHIP_NULL;

    int r = partnership_open(dir, &opened, error);
    if (r < 0) {
        return r;
    }
    r = take_root_key(&opened, error);
    if (r < 0) {
        partnership_close(&opened);
        return r;
    }
    *ret = opened;
    return 0;
}

void partnership_close(struct partnership *partnership)
{
    governance_unref(&partnership->governance);
    signer_free(&partnership->signer);
}

/* Where people read whom to ring, somebody must answer: in a live partnership. */
static int check_desks(const struct governance *made, struct error *error)
{
    size_t n = 0;
    const struct desk *desks = calendar_desks(made->calendar, &n);

    for (size_t i = 0; i < n; i++) {
        const char *fault = phone_fault(desks[i].phone, made->root.live);
        if (fault != NULL) {
            return error_set(error, "calendar", "the telephone of desk %s (%s) %s", desks[i].id,
                             desks[i].phone, fault);
        }
    }
    return 0;
}

int partnership_publish(struct partnership *partnership, enum governance_document document,
                        struct slice text, struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct governance *old = partnership->governance;
    struct governance *made = NULL;
    const struct govern_signing signing = {
        .origin = old->root.origin,
        .key = &partnership->key,
        .signer = partnership->signer,
    };

    int r = govern_note_make(&signing, document, old->versions[document] + 1, text, &note);
    if (r < 0) {
        (void)error_set(error, governance_document_text(document), "cannot be signed");
        return r;
    }
    const struct govern_document signed_document = {
        .document = document,
        .text = text,
        .note = buf_slice(&note),
    };
    enum govern_result result = governance_with(old, &signed_document, &made, error);
    if (result != GOVERN_ACCEPTED) {
        (void)error_set(error, governance_document_text(document), "%s",
                        govern_result_text(result));
        return -EBADMSG;
    }
    folder_path(&partnership->folder, "governance", path);
    r = document == GOVERNANCE_CALENDAR ? check_desks(made, error) : 0;
    r = r == 0 ? govern_write(path, &signed_document, error) : r;
    if (r < 0) {
        governance_unref(&made);
        return r;
    }
    governance_unref(&partnership->governance);
    partnership->governance = made;
    return 0;
}

int directory_text(const struct directory_parts *parts, struct buf *out)
{
    int r = 0;

    buf_format(out, "{\"format\": \"cairn-directory/v1\", \"review_by\": \"%s\",\n\"broker\": ",
               parts->review_by);
    r = r < 0 ? r : json_write(parts->broker, JSON_STYLE_COMPACT, out);
    buf_add_text(out, ",\n\"kinds\": ");
    r = r < 0 ? r : json_write(parts->kinds, JSON_STYLE_COMPACT, out);
    buf_add_text(out, ",\n\"agencies\": [");
    for (size_t i = 0; i < parts->n_agencies && r == 0; i++) {
        buf_add_text(out, i > 0 ? ",\n" : "\n");
        r = json_write(parts->agencies[i], JSON_STYLE_COMPACT, out);
    }
    buf_add_text(out, "]}\n");
    return r < 0 ? r : (buf_ok(out) ? 0 : -EFBIG);
}
