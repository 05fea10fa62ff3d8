/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request: an agency that is involved with a child asks for what origins hold back: one record that
 * it knows of, or whatever there is. The broker decides nothing: each origin gets the signed
 * question and the asker's signed involvement, and judges both for itself. Part of apply.
 */
#ifndef BROKER_REQUEST_H
#define BROKER_REQUEST_H

#include "broker/applying.h"

enum verdict request_judge(struct apply *apply, const struct request_header *header);
/* What tells the origins, once the request's own leaf and row are there. */
void request_act(struct apply *apply, const struct request_header *header,
                 const struct entry_input *entry);

/* A refusal is of a request that was delivered to who refuses it. */
enum verdict request_judge_refusal(struct apply *apply, const struct decision_header *header);
/* Delivers the refusal, with the reason as far as it is sealed to them, to who asked. */
void request_refuse(struct apply *apply, const struct decision_header *header,
                    const struct entry_input *entry);

#endif
