/* SPDX-License-Identifier: Apache-2.0 */
/*
 * phone: what may stand where a person in a hurry reads a number to ring. Whether somebody answers
 * there, only a call can tell.
 */
#ifndef GOVERN_PHONE_H
#define GOVERN_PHONE_H

#include <stdbool.h>

/* Three digits or more, blanks, '+', '-', '(', ')' and 'x' for an extension, shorter than
 * CAIRN_PHONE_MAX_BYTES: nothing that JSON or an INI file would have to escape. */
bool phone_is(const char *text);

/* In a range that Ofcom keeps for drama: no line is ever connected to it. `text` is a number. */
bool phone_is_nobodys(const char *text);

/* Why this cannot be the number of a desk, to follow its name; NULL: it can. Only a live
 * partnership refuses a number that nobody has. */
const char *phone_fault(const char *text, bool live);

#endif
