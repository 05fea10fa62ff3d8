/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bending: what chance (sim/chance.h) does to the bytes of a message, knowing what a message is. A
 * changed field has its own length again, and so has what it lies in: what refuses it is a rule of
 * what it says, not the first count that is wrong.
 */
#ifndef ATTACK_BENDING_H
#define ATTACK_BENDING_H

#include "base/slice.h"

/* Appends the protobuf message with one field left out, doubled, moved, changed, made of another
 * message's bytes, or added. `other` lends its fields; may be empty. What is no message, or one of
 * very many fields, is appended with one byte changed. */
void bend_message(struct slice message, struct slice other, struct buf *out);
/* Appends the bytes with one changed, some cut off, or some added. Nothing may come out as it
 * was. */
void bend_bytes(struct slice bytes, struct buf *out);
/* Appends so many bytes of any value. */
void bend_noise(struct buf *out, size_t len);

#endif
