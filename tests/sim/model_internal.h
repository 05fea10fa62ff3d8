/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model's parts among themselves: model.c says who may and who must, model_log.c reads the log,
 * model_hear.c hears what the broker sends, model_pair.c knows of two children who might be one,
 * model_adult.c of adults.
 */
#ifndef SIM_MODEL_INTERNAL_H
#define SIM_MODEL_INTERNAL_H

#include "sim/model.h"

bool model_is_record(const struct said *said);
/* The parts of a record that its recipient may have, as things stand. */
uint8_t model_may_have(const struct model *model, const struct said *said, uint32_t agency);
/* Of anything that somebody said. */
bool model_may_be_told(const struct model *model, const struct said *said, uint32_t agency,
                       uint8_t parts);
/* What somebody said, by the entry's own digest or by that of a later grant of it to this agency;
 * NULL: nothing. */
struct said *model_meant_by(struct model *model, const struct hash *item, uint32_t agency);

/* After a record of the child was stored. */
void model_pair_look(struct model *model, int child);
/* After a statement was: the broker knows who the child of this handle is. */
void model_pair_stated(struct model *model, uint32_t agency,
                       const uint8_t handle[CAIRN_HANDLE_BYTES]);
/* It has its verdict. */
void model_pair_judged(struct model *model, const struct said *judgement);
void model_pair_heard(struct model *model, uint32_t agency, const struct wire_notice *notice);
/* A tie has its verdict. */
void model_adult_judged(const struct model *model, const struct said *said);
/* A tie, or what is said of an adult, was stored. */
void model_adult_entered(struct model *model, const struct said *said);
/* An involvement was: whoever takes it on may hear of what is tied to the child. */
void model_adult_known(struct model *model);
/* That agency's own for that child, as it has signed it. */
void model_handle(struct model *model, const struct said *said,
                  const uint8_t handle[CAIRN_HANDLE_BYTES]);
/* 0: of none that the model has learnt. */
int model_child_of(const struct model *model, uint32_t agency,
                   const uint8_t handle[CAIRN_HANDLE_BYTES]);
void model_adult_heard(struct model *model, uint32_t agency, const struct wire_notice *notice);

#endif
