/* SPDX-License-Identifier: Apache-2.0 */
/* phrases: looking for them in what people typed. Case and punctuation do not matter, words do. */
#ifndef AGENTS_GP_PHRASES_H
#define AGENTS_GP_PHRASES_H

#include "base/slice.h"

/*
 * True when one of the phrases occurs in the text. A phrase is lower-case ASCII, begins at the
 * beginning of a word, and ends anywhere unless it ends with a space: "contracept" finds
 * "Contraception", "sarc " finds "SARC" and not "sarcoma". Between words anything that is neither
 * letter nor digit will do.
 */
bool phrases_any(struct slice text, const char *const phrases[], size_t n);

#endif
