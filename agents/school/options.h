/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What agent.ini says of a school's files: what their columns are called, and where the thresholds
 * lie. Texts are borrowed from the configuration. Immutable once read; any thread may read.
 */
#ifndef AGENTS_SCHOOL_OPTIONS_H
#define AGENTS_SCHOOL_OPTIONS_H

#include "conf/conf.h"
#include "csv/csv.h"

/* Column 2: the key in agent.ini, and the column's name in machine-readable reports. Column 3: what
 * it is called in the file by default. Column 4: whether a roll has it as well. */
#define SCHOOL_COLUMNS(X)                                                                          \
    X(UPN, "pupil_upn", "UPN", true)                                                               \
    X(LOCAL_ID, "pupil_id", "", true)                                                              \
    X(GIVEN, "given_name", "Forename", true)                                                       \
    X(FAMILY, "family_name", "Surname", true)                                                      \
    X(BIRTH, "birth_date", "DOB", true)                                                            \
    X(POSTCODE, "postcode", "Postcode", true)                                                      \
    X(RESTRICTED, "restricted", "", true)                                                          \
    X(DATE, "date", "Date", false)                                                                 \
    X(SESSION, "session", "Session", false)                                                        \
    X(CODE, "code", "Code", false)

enum school_column {
#define X(name, key, text, roll) COLUMN_##name,
    SCHOOL_COLUMNS(X)
#undef X
    COLUMN_COUNT
};
#define COLUMN_ROLL_COUNT COLUMN_DATE /* those before it are about who a pupil is */

/* Names by column, in a file of one kind; "" for a column that this school's files do not have. */
struct school_names {
    const char *of[COLUMN_COUNT];
};

#define SCHOOL_PERIODS_MAX 6
struct school_options {
    enum csv_encoding encoding;
    bool british_dates; /* dd/mm/yyyy, else yyyy-mm-dd */
    bool upn_verified;
    struct school_names attendance;
    struct school_names roll;
    size_t n_periods; /* the first days of the periods that are counted by, rising */
    struct {
        int month;
        int day;
    } periods[SCHOOL_PERIODS_MAX];
    uint32_t minimum_sessions;
    uint32_t retell_days;
    uint32_t leavers_max_percent;
};

/* Rows for the table of options (conf.h): [school], [attendance], [roll]. */
#define SCHOOL_CONF_OPTIONS                                                                        \
    {"school",  "encoding", "utf-8", "How its files are written: utf-8 or windows-1252.",          \
     CONF_TEXT, 0,          0},                                                                    \
        {"school",                                                                                 \
         "dates",                                                                                  \
         "dd/mm/yyyy",                                                                             \
         "How they write dates: dd/mm/yyyy or yyyy-mm-dd.",                                        \
         CONF_TEXT,                                                                                \
         0,                                                                                        \
         0},                                                                                       \
        {"school",                                                                                 \
         "upn_verified",                                                                           \
         "no",                                                                                     \
         "Whether the pupil numbers came with transfer files or were looked up, so that one "      \
         "links for good. Never for numbers that somebody typed.",                                 \
         CONF_TEXT,                                                                                \
         0,                                                                                        \
         0},                                                                                       \
        {"school",                                                                                 \
         "periods",                                                                                \
         "01-01 04-15 09-01",                                                                      \
         "First days, month and day, of the periods that absence is counted by: the terms of "     \
         "this school.",                                                                           \
         CONF_TEXT,                                                                                \
         0,                                                                                        \
         0},                                                                                       \
        {"school",                                                                                 \
         "minimum_sessions",                                                                       \
         "20",                                                                                     \
         "No absence is told as a share of fewer possible sessions: two of ten mean nothing at "   \
         "the beginning of term.",                                                                 \
         CONF_INTEGER,                                                                             \
         1,                                                                                        \
         400},                                                                                     \
        {"school",                                                                                 \
         "retell",                                                                                 \
         "28d",                                                                                    \
         "When absence goes on, its figures are told again after this time. What is worse, or "    \
         "was wrong, is told at once.",                                                            \
         CONF_SECONDS,                                                                             \
         86400,                                                                                    \
         366 * 86400},                                                                             \
        {"attendance",                                                                             \
         "pupil_upn",                                                                              \
         "UPN",                                                                                    \
         "In registers: what the column of the pupil number is called. Here and below nothing "    \
         "says that there is no such column; date, session and code must be there.",               \
         CONF_TEXT,                                                                                \
         0,                                                                                        \
         0},                                                                                       \
        {"attendance", "pupil_id", "", "The school's own number for the pupil.", CONF_TEXT, 0, 0}, \
        {"attendance", "given_name", "Forename", "The first given name.", CONF_TEXT, 0, 0},        \
        {"attendance", "family_name", "Surname", "The family name.", CONF_TEXT, 0, 0},             \
        {"attendance", "birth_date", "DOB", "The date of birth.", CONF_TEXT, 0, 0},                \
        {"attendance", "postcode", "Postcode", "The postcode.", CONF_TEXT, 0, 0},                  \
        {"attendance",                                                                             \
         "restricted",                                                                             \
         "",                                                                                       \
         "Yes or no: whether nobody may learn where the pupil lives. The postcode is then "        \
         "forgotten.",                                                                             \
         CONF_TEXT,                                                                                \
         0,                                                                                        \
         0},                                                                                       \
        {"attendance", "date", "Date", "The day of the session.", CONF_TEXT, 0, 0},                \
        {"attendance", "session", "Session", "AM or PM.", CONF_TEXT, 0, 0},                        \
        {"attendance", "code", "Code", "The attendance code.", CONF_TEXT, 0, 0},                   \
        {"roll",    "pupil_upn", "UPN", "In rolls: what the columns are called, as above.",        \
         CONF_TEXT, 0,           0},                                                               \
        {"roll", "pupil_id", "", "The school's own number for the pupil.", CONF_TEXT, 0, 0},       \
        {"roll", "given_name", "Forename", "The first given name.", CONF_TEXT, 0, 0},              \
        {"roll", "family_name", "Surname", "The family name.", CONF_TEXT, 0, 0},                   \
        {"roll", "birth_date", "DOB", "The date of birth.", CONF_TEXT, 0, 0},                      \
        {"roll", "postcode", "Postcode", "The postcode.", CONF_TEXT, 0, 0},                        \
        {"roll",                                                                                   \
         "restricted",                                                                             \
         "",                                                                                       \
         "Yes or no: whether nobody may learn where the pupil lives. The postcode is then "        \
         "forgotten.",                                                                             \
         CONF_TEXT,                                                                                \
         0,                                                                                        \
         0},                                                                                       \
    {                                                                                              \
        "roll", "leavers_max", "40",                                                               \
            "A roll that would end the involvement with more than this share of the pupils, in "   \
            "percent, is refused: more likely the file was cut short.",                            \
            CONF_INTEGER, 1, 100                                                                   \
    }

/* -EINVAL and the error, which names the key; *ret untouched then. */
int school_options_read(const struct conf *conf, struct school_options *ret,
                        struct error *error) MUST_USE;

#endif
