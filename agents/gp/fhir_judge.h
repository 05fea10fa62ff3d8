/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir_judge: what is to be told of an appointment (the table in fhir_appointment.h): by status;
 * for a missed or cancelled one by service, patient and age as well, in this order.
 */
#ifndef AGENTS_GP_FHIR_JUDGE_H
#define AGENTS_GP_FHIR_JUDGE_H

#include "agents/gp/fhir_reading.h"

/* After reading_source. Ends the reading with an outcome and, but for an EVENT, its reason. */
void reading_judge(struct reading *reading);

#endif
