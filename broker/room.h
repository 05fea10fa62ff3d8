/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room: how full the disk below the store is, asked before a batch is planned, so that a full disk
 * is an answer and not the end of the broker. From CAIRN_DISK_WARN_PERCENT on the bulk lane waits
 * and the store's file keeps a reserve beyond what it uses; from CAIRN_DISK_REFUSE_PERCENT on the
 * normal lane waits as well. What is urgent, what a person decides in order to read, and
 * acknowledgements, which let rows go, are taken until the reserve is used up too; then all waits
 * at the agencies, and the broker goes on answering and delivering. Runs on the commit thread.
 */
#ifndef BROKER_ROOM_H
#define BROKER_ROOM_H

#include "broker/commit.h"

/* Sets commit->disk_percent: once a second. */
void room_look(struct commit *commit);
/* Before the batch of the n verified slots (0: of nobody's frames, to keep the reserve) is planned,
 * inside its transaction: looks again when much came since, keeps the reserve, and sets
 * commit->out_of_room. */
void room_admit(struct commit *commit, struct store_txn *txn, size_t n);
/* Whether a frame of this lane must come again later; `acts`: it decides or acknowledges, and does
 * nothing else. */
bool room_refuses(const struct commit *commit, enum lane lane, bool acts);

#endif
