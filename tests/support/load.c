/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "govern/govern.h"
#include "govern/keys.h"
#include "net/dealer.h"
#include "os/fd.h"
#include "support/load_internal.h"
#include "wire/leaf.h"
#include "wire/wire.h"

#define CHILDREN 40
#define HELLO_MS 50 /* until there is a connection */

/* --- opening --- */

static int open_journal(const struct estate *estate, const char *id, const char *what,
                        char path[ESTATE_PATH])
{
    char name[96];
    (void)snprintf(name, sizeof(name), "%s-%s", id, what);
    estate_path(estate, name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void open_dealer(struct load *load)
{
    struct error error = ERROR_NULL;
    struct dealer_options options = {
        .endpoint = load->governance->directory.broker_endpoint,
        .secret_key = &load->transport,
    };
    memcpy(options.server_key, load->governance->directory.broker_curve_key, CURVE_KEY_BYTES);
    assert_int_equal(dealer_open(&options, &load->dealer, &error), 0);
}

struct load *load_new(const struct estate *estate, const char *id)
{
    struct load *load = base_zalloc(1, sizeof(*load));
    struct error error = ERROR_NULL;
    char path[ESTATE_PATH];
    char name[96];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;

    estate_path(estate, "north/governance", path);
    assert_int_equal(governance_load(path, &load->governance, &error), 0);
    load->self = directory_agency_by_id(&load->governance->directory, id);
    assert_non_null(load->self);
    (void)snprintf(name, sizeof(name), "%s/keys", id);
    estate_path(estate, name, path);
    assert_int_equal(key_read(path, KEY_SIGNING, &seed, &error), 0);
    assert_int_equal(signer_new(&seed, &load->signer), 0);
    signer_public(load->signer, public_key);
    load->key_id = key_id(SLICE_OF(public_key));
    assert_int_equal(key_read(path, KEY_TRANSPORT, &load->transport, &error), 0);
    assert_int_equal(random_bytes(&load->stream, sizeof(load->stream)), 0);
    load->next_seq = 1;
    load->lane = LANE_NORMAL;
    load->note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    load->arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    load->submitted = open_journal(estate, id, "submitted", load->submitted_path);
    load->acknowledged = open_journal(estate, id, "acknowledged", load->acknowledged_path);
    load->heads = open_journal(estate, id, "heads", load->heads_path);
    open_dealer(load);
    return load;
}

void load_free(struct load **load)
{
    if (*load == NULL) {
        return;
    }
    dealer_close(&(*load)->dealer);
    for (size_t i = 0; i < (*load)->n_sent; i++) {
        buf_deinit(&(*load)->sent[i].frame);
    }
    free((*load)->sent);
    fd_close(&(*load)->submitted);
    fd_close(&(*load)->acknowledged);
    fd_close(&(*load)->heads);
    signer_free(&(*load)->signer);
    secret_deinit(&(*load)->transport);
    arena_deinit(&(*load)->arena);
    buf_deinit(&(*load)->note);
    governance_unref(&(*load)->governance);
    base_free(load);
}

void load_reconnect(struct load *load)
{
    assert_int_equal(dealer_reconnect(load->dealer), 0);
    load->greeted = false;
}

/* --- what it writes down itself --- */

static void write_line(int fd, const char *line, size_t len)
{
    assert_int_equal(write(fd, line, len), (ssize_t)len);
    assert_int_equal(fdatasync(fd), 0);
}

static struct entry_id id_of(const struct load *load, uint64_t seq)
{
    return (struct entry_id){.agency = load->self->number, .stream = load->stream, .seq = seq};
}

static void note_submitted(const struct load *load, uint64_t seq)
{
    char text[ENTRY_ID_TEXT_BYTES];
    char line[ENTRY_ID_TEXT_BYTES + 1];
    const struct entry_id id = id_of(load, seq);
    entry_id_format(&id, text);
    int n = snprintf(line, sizeof(line), "%s\n", text);
    write_line(load->submitted, line, (size_t)n);
}

static void note_acknowledged(const struct load *load, const struct wire_result *result)
{
    char text[ENTRY_ID_TEXT_BYTES];
    char line[ENTRY_ID_TEXT_BYTES + 64];
    const struct entry_id id = id_of(load, result->seq);
    entry_id_format(&id, text);
    int n = snprintf(line, sizeof(line), "%s %d %" PRIu64 "\n", text, (int)result->verdict,
                     result->log_index);
    write_line(load->acknowledged, line, (size_t)n);
}

static void note_head(const struct load *load, struct slice note)
{
    char line[BASE64_BYTES(CAIRN_NOTE_MAX_BYTES) + 1];
    assert_true(note.len <= CAIRN_NOTE_MAX_BYTES);
    base64_encode(note, line);
    size_t len = strlen(line);
    line[len] = '\n';
    write_line(load->heads, line, len + 1);
}

/* --- records --- */

struct made {
    struct wire_entry wire;
    struct wire_grant grants[CAIRN_GRANTS_MAX];
    uint8_t header[CAIRN_HEADER_MAX_BYTES];
    uint8_t body[2048];
};

static enum record_kind kind_of(const struct load *load)
{
    return load->lane == LANE_URGENT ? RECORD_CONCERN : RECORD_MISSED_APPOINTMENT;
}

static enum record_code code_of(const struct load *load)
{
    return load->lane == LANE_URGENT ? CODE_NEGLECT_PHYSICAL : CODE_WAS_NOT_BROUGHT;
}

static enum urgency urgency_of(const struct load *load)
{
    return load->lane == LANE_URGENT ? URGENCY_IMMEDIATE : URGENCY_ROUTINE;
}

static void freeze_header(const struct load *load, uint64_t seq, size_t card, struct made *ret)
{
    struct entry_header header = {.kind = ENTRY_RECORD, .id = id_of(load, seq)};
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    int64_t now = clock_real_ms(clock_system());
    header.record = (struct record_header){
        .id = header.id,
        .record_kind = kind_of(load),
        .code = code_of(load),
        .urgency = urgency_of(load),
        .event_day = instant_london_day(now) - (int32_t)(seq % 600),
        .recorded_ms = now,
        .created_ms = now,
        .card_bytes = (uint32_t)card,
        .judged_by = 2,
        .basis = 2,
        .detriment = 1,
        .family_told = 3,
    };
    header.record.handle[0] = (uint8_t)(1 + seq % CHILDREN);
    assert_int_equal(random_bytes(header.record.event_id, sizeof(header.record.event_id)), 0);
    wire_entry_header_write(&header, &bytes);
    assert_true(buf_ok(&bytes));
    memcpy(ret->header, bytes.data, bytes.len);
    ret->wire.kind = ENTRY_RECORD;
    ret->wire.header = slice_make(ret->header, bytes.len);
}

static void grant_part(const struct load *load, struct made *made, const struct grant_scope *scope,
                       const struct secret *key)
{
    const struct agency *agency = directory_agency(&load->governance->directory, scope->recipient);
    const struct agency_key *opening = agency_open_key(agency);
    struct wire_grant *grant = &made->grants[made->wire.n_grants++];
    *grant = (struct wire_grant){
        .part = scope->part, .recipient = scope->recipient, .key_id = opening->id};
    assert_int_equal(grant_seal(opening->public_key, scope, key, grant->sealed), 0);
}

static bool may_read(const struct load *load, const struct agency *agency)
{
    const struct disclosure disclosure = {
        .origin = load->self,
        .recipient = agency,
        .kind = kind_of(load),
        .code = code_of(load),
        .urgency = urgency_of(load),
        .day = instant_london_day(clock_real_ms(clock_system())),
    };
    struct decision decision = agreements_decide(load->governance->agreements, &disclosure);
    return agency == load->self ||
           (decision.effect >= EFFECT_HOLD && decision.mode == MODE_CONTENT);
}

static void make_record(const struct load *load, uint64_t seq, struct made *ret)
{
    static const char *const texts[] = {"{\"given_name\":\"Alix\"}",
                                        "{\"summary\":\"was not brought\"}"};
    static const enum part parts[] = {PART_CARD, PART_ACCOUNT};
    const struct directory *directory = &load->governance->directory;
    _cleanup_(secret_deinit) struct secret card_key = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret account_key = SECRET_NULL;
    struct secret *const keys[] = {&card_key, &account_key};
    uint8_t digest[CAIRN_HASH_BYTES];
    size_t at = 0;
    ret->wire = (struct wire_entry){.n_grants = 0};
    freeze_header(load, seq, seal_part_size(strlen(texts[0])), ret);
    sha256(ret->wire.header, digest);
    for (size_t i = 0; i < CAIRN_PARTS; i++) {
        assert_int_equal(secret_random(keys[i], SEAL_KEY_BYTES), 0);
        assert_int_equal(
            seal_part(keys[i], digest, parts[i], slice_of_text(texts[i]), ret->body + at), 0);
        at += seal_part_size(strlen(texts[i]));
    }
    ret->wire.body = slice_make(ret->body, at);
    for (size_t a = 0; a < directory->n_agencies; a++) {
        for (size_t i = 0; i < CAIRN_PARTS && may_read(load, &directory->agencies[a]); i++) {
            const struct grant_scope scope = {.entry = id_of(load, seq),
                                              .part = parts[i],
                                              .recipient = directory->agencies[a].number};
            grant_part(load, ret, &scope, keys[i]);
        }
    }
    ret->wire.grants = ret->grants;
}

/* --- parcels --- */

double load_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void sign_head(struct load *load, const struct sent *sent, const struct hash *root,
                      struct buf *bytes, uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    struct parcel_head head = {
        .agency = load->self->number,
        .key_id = load->key_id,
        .stream = load->stream,
        .first_seq = sent->first_seq,
        .entries = (uint32_t)sent->n,
        .root = *root,
    };
    sha256(slice_of_text(load->governance->root.origin), head.partnership.bytes);
    memcpy(head.versions.of, load->governance->versions, sizeof(head.versions.of));
    wire_parcel_head_write(&head, bytes);
    assert_int_equal(signer_sign(load->signer, SIGN_PARCEL, buf_slice(bytes), signature), 0);
}

static void cut(struct load *load, struct sent *sent)
{
    static struct made made[CAIRN_PARCEL_ENTRIES_MAX];
    struct wire_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    struct hash root;
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    _cleanup_(buf_deinit) struct buf head = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    for (size_t i = 0; i < sent->n; i++) {
        make_record(load, sent->first_seq + i, &made[i]);
        entries[i] = made[i].wire;
        wire_entry_leaf(&entries[i], &leaves[i]);
    }
    tree_root_of(leaves, sent->n, &root);
    sign_head(load, sent, &root, &head, signature);
    const struct wire_header transport = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_PARCEL,
        .lane = (uint8_t)load->lane,
        .entries = (uint16_t)sent->n,
        .correlation = sent->correlation,
    };
    const struct wire_parcel parcel = {
        .head = buf_slice(&head),
        .signature = SLICE_OF(signature),
        .n_entries = sent->n,
        .entries = entries,
    };
    sent->frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    wire_frame_begin(&sent->frame, &transport);
    wire_parcel_write(&parcel, &sent->frame);
    wire_frame_end(&sent->frame);
    assert_true(buf_ok(&sent->frame));
}

bool load_send(struct load *load, struct slice bytes)
{
    struct net_frame frame = NET_FRAME_NULL;
    net_frame_copy(&frame, bytes);
    int r = dealer_send(load->dealer, &frame);
    net_frame_deinit(&frame);
    assert_true(r == 0 || r == -EAGAIN);
    return r == 0;
}

/* Shows the newest head that it has verified, as an agent does. */
static void say_hello(struct load *load)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_HELLO};
    const struct wire_hello hello = {.protocol_min = CAIRN_PROTOCOL_MIN,
                                     .protocol_max = CAIRN_PROTOCOL_MAX,
                                     .software = slice_of_text("a test"),
                                     .checkpoint = buf_slice(&load->note)};
    wire_frame_begin(&frame, &header);
    wire_hello_write(&hello, &frame);
    wire_frame_end(&frame);
    load->shown = load->head;
    (void)load_send(load, buf_slice(&frame));
}

void load_in_lane(struct load *load, enum lane lane)
{
    load->lane = lane;
}

enum verdict load_refusal(const struct load *load)
{
    return load->refusal;
}

static struct sent *next_sent(struct load *load)
{
    if (load->n_sent == load->room) {
        load->room = load->room == 0 ? 64 : 2 * load->room;
        load->sent = reallocarray(load->sent, load->room, sizeof(load->sent[0]));
        assert_non_null(load->sent);
    }
    struct sent *sent = &load->sent[load->n_sent++];
    *sent = (struct sent){.answered = false};
    return sent;
}

void load_submit(struct load *load, size_t n)
{
    assert_true(n <= CAIRN_PARCEL_ENTRIES_MAX);
    struct sent *sent = next_sent(load);
    sent->correlation = ++load->next_correlation;
    sent->first_seq = load->next_seq;
    sent->n = n;
    load->next_seq += n;
    load->refusal = VERDICT_STORED;
    cut(load, sent);
    for (size_t i = 0; i < n; i++) {
        note_submitted(load, sent->first_seq + i);
    }
    sent->ready_ms = load_now_ms();
    if (load->greeted) {
        (void)load_send(load, buf_slice(&sent->frame));
    }
}

void load_resend(struct load *load)
{
    if (!load->greeted) {
        say_hello(load);
        return;
    }
    for (size_t i = 0; i < load->n_sent; i++) {
        if (!load->sent[i].answered && !load_send(load, buf_slice(&load->sent[i].frame))) {
            return; /* no connection yet, or the broker does not read */
        }
    }
}

/* --- answers --- */

static struct sent *sent_by(struct load *load, uint64_t correlation)
{
    return correlation > 0 && correlation <= load->n_sent ? &load->sent[correlation - 1] : NULL;
}

static void keep_answer(struct load *load, struct sent *sent, const struct wire_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_results; i++) {
        assert_true(verdict_is_stored(receipt->results[i].verdict));
        sent->results[i] = receipt->results[i];
        note_acknowledged(load, &sent->results[i]);
    }
    sent->answered = true;
    load->n_answered++;
    load->n_acknowledged += receipt->n_results;
}

static void compare_answer(struct sent *sent, const struct wire_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_results; i++) {
        assert_int_equal(receipt->results[i].seq, sent->results[i].seq);
        assert_int_equal(receipt->results[i].verdict, sent->results[i].verdict);
        assert_int_equal(receipt->results[i].log_index, sent->results[i].log_index);
    }
    sent->compared = true;
}

static void keep_head(struct load *load, struct slice note)
{
    struct checkpoint head;
    assert_true(checkpoint_check(note, &load->governance->directory.checkpoint_key, &head));
    note_head(load, note);
    if (head.size >= load->head.size) {
        load->head = head;
        buf_reset(&load->note);
        buf_add_slice(&load->note, note);
    }
}

/* The log that the broker has now continues the one that it had. */
static void take_greeting(struct load *load, struct slice payload)
{
    struct wire_hello_reply reply;
    struct checkpoint head;
    assert_true(wire_hello_reply_read(payload, &load->arena, &reply));
    assert_true(
        checkpoint_check(reply.checkpoint, &load->governance->directory.checkpoint_key, &head));
    if (load->shown.size > 0) {
        const struct tree_consistency claim = {.old_size = load->shown.size,
                                               .new_size = head.size,
                                               .old_root = &load->shown.root,
                                               .new_root = &head.root};
        assert_true(tree_check_consistency(&claim, &reply.consistency));
    }
    keep_head(load, reply.checkpoint);
    load->greeted = true;
    load_resend(load);
}

static size_t take_receipt(struct load *load, const struct wire_header *header,
                           struct slice payload)
{
    struct sent *sent = sent_by(load, header->correlation);
    struct wire_receipt receipt;
    struct checkpoint head;
    double came_ms = load_now_ms();
    assert_true(wire_receipt_read(payload, &load->arena, &receipt));
    assert_true(
        checkpoint_check(receipt.checkpoint, &load->governance->directory.checkpoint_key, &head));
    assert_non_null(sent);
    assert_int_equal(receipt.n_results, sent->n);
    assert_int_equal(receipt.stream, load->stream);
    if (sent->answered) {
        compare_answer(sent, &receipt);
        return 0;
    }
    load->waited_ms = came_ms - sent->ready_ms;
    keep_answer(load, sent, &receipt);
    return receipt.n_results;
}

static void note_proved(struct load *load, const struct entry_id *id, uint64_t log_index)
{
    assert_int_equal(id->agency, load->self->number);
    assert_int_equal(id->stream, load->stream);
    for (size_t i = 0; i < load->n_sent; i++) {
        struct sent *sent = &load->sent[i];
        if (id->seq >= sent->first_seq && id->seq < sent->first_seq + sent->n) {
            size_t at = (size_t)(id->seq - sent->first_seq);
            assert_int_equal(sent->results[at].log_index, log_index);
            sent->proved[at] = true;
            return;
        }
    }
    fail();
}

static void take_proof(struct load *load, struct slice payload)
{
    struct wire_proof_reply reply;
    struct checkpoint head;
    struct hash hash;
    struct leaf leaf;
    assert_true(wire_proof_reply_read(payload, &load->arena, &reply));
    assert_true(
        checkpoint_check(reply.checkpoint, &load->governance->directory.checkpoint_key, &head));
    tree_leaf(reply.leaf, &hash);
    const struct tree_inclusion claim = {
        .index = reply.log_index, .size = head.size, .leaf = &hash, .root = &head.root};
    assert_true(tree_check_inclusion(&claim, &reply.path));
    assert_true(leaf_read(reply.leaf, &leaf));
    assert_int_equal(leaf.type, LEAF_ENTRY);
    note_proved(load, &leaf.id, reply.log_index);
}

static size_t take(struct load *load, struct slice frame)
{
    struct wire_header header;
    enum verdict verdict;
    assert_true(wire_header_read(frame, &header));
    arena_reset(&load->arena);
    if (header.type == WIRE_RECEIPT) {
        return take_receipt(load, &header, wire_payload(frame));
    }
    if (header.type == WIRE_PROOF_REPLY) {
        take_proof(load, wire_payload(frame));
        return 0;
    }
    if (header.type == WIRE_HELLO_REPLY) {
        take_greeting(load, wire_payload(frame));
        return 0;
    }
    assert_int_equal(header.type, WIRE_ERROR);
    assert_true(wire_error_read(wire_payload(frame), &load->arena, &verdict));
    assert_true(verdict_is_retry(verdict));
    load->refusal = verdict;
    if (verdict == VERDICT_HELLO_FIRST) {
        load->greeted = false;
        say_hello(load);
    }
    return 0;
}

size_t load_receive(struct load *load, int timeout_ms)
{
    struct net_frame frame = NET_FRAME_NULL;
    bool readable = false;
    size_t acknowledged = 0;
    assert_int_equal(dealer_wait(load->dealer, timeout_ms, &readable), 0);
    while (readable && dealer_receive(load->dealer, &frame)) {
        acknowledged += take(load, net_frame_slice(&frame));
        net_frame_deinit(&frame);
    }
    return acknowledged;
}

size_t load_unanswered(const struct load *load)
{
    return load->n_sent - load->n_answered;
}

size_t load_acknowledged(const struct load *load)
{
    return load->n_acknowledged;
}

double load_waited_ms(const struct load *load)
{
    return load->waited_ms;
}

void load_greet(struct load *load)
{
    int64_t until = clock_boot_ms(clock_system()) + PATIENCE_MS;
    while (!load->greeted) {
        assert_true(clock_boot_ms(clock_system()) < until);
        say_hello(load);
        (void)load_receive(load, HELLO_MS);
    }
}

void load_settle(struct load *load)
{
    int64_t until = clock_boot_ms(clock_system()) + PATIENCE_MS;
    int64_t again = clock_boot_ms(clock_system()) + SILENCE_MS;
    load_greet(load);
    load_resend(load);
    while (load_unanswered(load) > 0) {
        int64_t now = clock_boot_ms(clock_system());
        assert_true(now < until);
        if (now >= again) {
            load_resend(load);
            again = now + SILENCE_MS;
        }
        if (load_receive(load, 20) > 0) {
            again = clock_boot_ms(clock_system()) + SILENCE_MS;
        }
    }
}
