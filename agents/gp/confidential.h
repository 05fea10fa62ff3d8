/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confidential: which appointments a health feed never tells of. A young person must be able to go
 * to a confidential clinic without the absence from it being reported; so these are dropped before
 * anything is sealed, and only counted. In doubt a word is confidential: what is lost is one
 * missed appointment, which a person can still write down.
 *
 *   sexual health     contraception, genito-urinary medicine, HIV, gynaecology, women's health
 *   pregnancy         termination, antenatal, obstetrics. Not midwifery as such: it is also the
 *                     newborn's own service
 *   assault referral  sexual assault referral centres (SARC)
 *   mental health     psychiatry, psychology, counselling, eating disorders, self-harm
 *   substance use     drugs, alcohol
 *   gender identity
 *
 * Sources: SNOMED CT services and specialties of the UK edition, NHS Data Dictionary treatment
 * functions and main specialties, HL7 service-type and service-category (numbers mean something
 * there even where no words come with them), v3 Confidentiality and ActCode sensitivity labels.
 */
#ifndef AGENTS_GP_CONFIDENTIAL_H
#define AGENTS_GP_CONFIDENTIAL_H

#include "base/slice.h"

/* A coding of a service, a specialty, a category or a reason. */
bool confidential_code(struct slice system, struct slice code);
/* Words that say what an appointment is for, or the name of a place. */
bool confidential_words(struct slice text);
/* A security label of a resource: restricted, very restricted, or a sensitive subject. */
bool confidential_label(struct slice code);

#endif
