/* SPDX-License-Identifier: Apache-2.0 */
/* What the wire's fuzz targets share: bytes are refused, or accepted as the one thing they say. */
#ifndef SUPPORT_WIRE_FUZZ_H
#define SUPPORT_WIRE_FUZZ_H

#include "support/wire_samples.h"

/* Reads the bytes as every message of that corpus and asserts that what is accepted writes as it
 * came. */
void wire_fuzz(size_t corpus, struct slice bytes);

#endif
