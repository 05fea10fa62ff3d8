/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_life: a small broker's store with something in every table that a life can leave something
 * in, made by the real stages in this process: statements, ties, records, an alert, decisions, a
 * link undone, requests, grants, holds, a retraction, notices, what is withheld, what was
 * destroyed, refusals, a revocation, acknowledgements that cosign.
 */
#ifndef ATTACK_STORE_LIFE_H
#define ATTACK_STORE_LIFE_H

#include "support/world.h"

/* Asserts (cmocka) that each step was taken and that no table is left empty. */
void store_life(struct world *world);

#endif
