/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/message.h"

const char *signer_refusal_text(enum signer_refusal refusal)
{
    static const char *const texts[] = {
#define X(name, text) [SIGNER_REFUSAL_##name] = text,
        SIGNER_REFUSALS(X)
#undef X
    };
    assert((size_t)refusal < ARRAY_LEN(texts));
    return texts[refusal];
}

static void write_head(struct writer *writer, const struct checkpoint *head)
{
    write_u64(writer, head->size);
    write_bytes(writer, head->root.bytes, sizeof(head->root.bytes));
}

static void read_head(struct reader *reader, struct checkpoint *ret)
{
    ret->size = read_u64(reader);
    read_into(reader, ret->root.bytes, sizeof(ret->root.bytes));
}

void signer_ask_write(const struct signer_ask *ask, struct writer *writer)
{
    write_u8(writer, (uint8_t)ask->kind);
    if (ask->kind == SIGNER_SIGN) {
        assert(ask->proof.n <= CAIRN_PROOF_MAX_HASHES);
        write_head(writer, &ask->head);
        write_u8(writer, (uint8_t)ask->proof.n);
        for (size_t i = 0; i < ask->proof.n; i++) {
            write_bytes(writer, ask->proof.hashes[i].bytes, CAIRN_HASH_BYTES);
        }
    }
    assert(writer_ok(writer));
}

static bool read_sign(struct reader *reader, struct signer_ask *ret)
{
    read_head(reader, &ret->head);
    ret->proof.n = read_u8(reader);
    if (ret->proof.n > CAIRN_PROOF_MAX_HASHES || ret->head.size > TREE_SIZE_MAX) {
        return false;
    }
    for (size_t i = 0; i < ret->proof.n; i++) {
        read_into(reader, ret->proof.hashes[i].bytes, CAIRN_HASH_BYTES);
    }
    return reader_end(reader);
}

bool signer_ask_read(struct slice bytes, struct signer_ask *ret)
{
    struct reader reader = reader_over(bytes);
    struct signer_ask ask = {.kind = SIGNER_HELLO};
    uint8_t kind = read_u8(&reader);
    bool good = false;
    if (kind == SIGNER_SIGN) {
        ask.kind = SIGNER_SIGN;
        good = read_sign(&reader, &ask);
    } else if (kind == SIGNER_HELLO) {
        good = reader_end(&reader);
    }
    if (good) {
        *ret = ask;
    }
    return good;
}

void signer_answer_write(const struct signer_answer *answer, struct writer *writer)
{
    write_u8(writer, (uint8_t)answer->kind);
    switch (answer->kind) {
    case SIGNER_HELLO:
        write_head(writer, &answer->head);
        write_bytes(writer, answer->public_key, sizeof(answer->public_key));
        break;
    case SIGNER_SIGN:
        write_slice(writer, answer->note);
        break;
    case SIGNER_REFUSED:
        write_u8(writer, (uint8_t)answer->refusal);
        break;
    }
    assert(writer_ok(writer));
}

bool signer_answer_read(struct slice bytes, struct signer_answer *ret)
{
    struct reader reader = reader_over(bytes);
    struct signer_answer answer = {.kind = (enum signer_kind)read_u8(&reader)};
    switch (answer.kind) {
    case SIGNER_HELLO:
        read_head(&reader, &answer.head);
        read_into(&reader, answer.public_key, sizeof(answer.public_key));
        break;
    case SIGNER_SIGN:
        answer.note = read_bytes(&reader, reader.left);
        break;
    case SIGNER_REFUSED:
        answer.refusal = (enum signer_refusal)read_u8(&reader);
        if (answer.refusal > SIGNER_REFUSAL_MALFORMED) {
            return false;
        }
        break;
    default:
        return false;
    }
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = answer;
    return true;
}
