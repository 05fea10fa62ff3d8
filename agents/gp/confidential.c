/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/confidential.h"

#include <string.h>

#include "agents/gp/phrases.h"

/* clang-format off */
static const char *const snomed[] = {
    "788122004",         /* Sexual health service */
    "828181000000101",   /* Community sexual and reproductive health */
    "1240241000000109",  /* Community sexual and reproductive health service */
    "310031001",         /* Family planning service */
    "830039004",         /* Genitourinary medicine service */
    "893131000000100",   /* Genitourinary medicine service */
    "394808002",         /* Genito-urinary medicine */
    "24101000087102",    /* HIV social work service */
    "24081000087105",    /* HIV nurse practitioner service */
    "310061009",         /* Gynaecology service */
    "310060005",         /* Obstetrics and gynaecology service */
    "394586005",         /* Gynaecology */
    "394585009",         /* Obstetrics and gynaecology */
    "892711000000104",   /* Gynaecological oncology service */
    "408446006",         /* Gynaecological oncology */
    "310024000",         /* Colposcopy service */
    "828381000000103",   /* Well woman service */
    "310062002",         /* Pregnancy termination service */
    "310063007",         /* Obstetrics service */
    "408470005",         /* Obstetrics */
    "708173005",         /* Obstetric ultrasound service */
    "1323431000000104",  /* Fetal medicine service */
    "708168004",         /* Mental health service */
    "892811000000109",   /* Adult mental health service */
    "788002001",         /* Adult mental health service */
    "408467006",         /* Adult mental illness */
    "89301000000108",    /* Community mental health team */
    "92151000000102",    /* Mental health crisis resolution team */
    "92221000000103",    /* Mental health home treatment team */
    "893251000000101",   /* Mental health recovery and rehabilitation service */
    "893261000000103",   /* Mental health dual diagnosis service */
    "901221000000102",   /* Perinatal mental health service */
    "1079481000000104",  /* Perinatal psychiatry service */
    "89311000000105",    /* Crisis prevention assessment and treatment team */
    "91901000000109",    /* Assertive outreach team */
    "92191000000105",    /* Early intervention in psychosis team */
    "310116007",         /* Psychiatry service */
    "310117003",         /* Child and adolescent psychiatry service */
    "828811000000104",   /* Child psychiatry service */
    "828821000000105",   /* Adolescent psychiatry service */
    "310118008",         /* Forensic psychiatry service */
    "310119000",         /* Liaison psychiatry service */
    "310120006",         /* Learning disability psychiatry service */
    "1186717003",        /* Intellectual disability psychiatry service */
    "310122003",         /* Rehabilitation psychiatry service */
    "893531000000105",   /* Psychiatric intensive care service */
    "1323921000000108",  /* Neuropsychiatry service */
    "394587001",         /* Psychiatry */
    "394588006",         /* Child and adolescent psychiatry */
    "310123008",         /* Psychology service */
    "893381000000103",   /* Clinical psychology service */
    "310124002",         /* Psychotherapy service */
    "1323621000000104",  /* Medical psychotherapy service */
    "394913002",         /* Psychotherapy */
    "722175001",         /* Psychosomatic medicine service */
    "310026003",         /* Counselling service */
    "310027007",         /* Mental health counselling service */
    "828281000000107",   /* Eating disorders service */
    "827621000000108",   /* Addiction service */
    "788125002",         /* Addiction service */
    "109201000000109",   /* Substance misuse team */
    "23951000087100",    /* Opioid dependence service */
    "23941000087103",    /* Narcotic addiction service */
    "24331000087108",    /* Narcotic addiction service with chronic pain management */
    "896974005",         /* Transgender health service */
};

/* NHS Data Dictionary: treatment function and main specialty share their numbers here. */
static const char *const treatment_functions[] = {
    "360",                             /* genitourinary medicine */
    "500", "501", "502", "503", "504", /* obstetrics and gynaecology, community sexual health */
    "656",                             /* clinical psychology */
    "710", "711", "712", "713", "715", /* mental health, psychiatry, psychotherapy */
    "720", "721", "722",               /* eating disorders, addiction, liaison */
    "723", "724",                      /* intensive care, perinatal */
    "725", "726", "730",               /* recovery, dual diagnosis, neuropsychiatry */
};

/* http://terminology.hl7.org/CodeSystem/service-type */
static const char *const service_types[] = {
    "54", "67", "264", "301", "319", "433",   /* sexual health */
    "438", "440", "441", "450", "451", "245", /* likewise */
    "186", "188", "213", "481", "187",        /* gynaecology, women's health */
    "559", "567", "385", "401",               /* likewise */
    "249", "410", "411", "482", "582", "265", /* pregnancy */
    "72", "80", "81", "82", "439", "543",     /* assault, abuse */
    "69", "70", "71", "74", "76", "79",       /* counselling */
    "305", "352", "538", "558",               /* likewise */
    "134", "135", "136", "137", "138", "139", "140", "141", "142", "239", "242", "243", "244",
    "250", "262", "283", "292", "308", "316", "326", "328", "346", "373", "387", "406", "414",
    "417", "418", "419", "420", "421", "422", "423", "490", "541", "542", "564", /* mental health */
    "105", "106", "107", "108", "109", "111", "246", "247", "248", "317", "386", "455", "457",
    "552",                                                         /* substance use */
};

/* http://terminology.hl7.org/CodeSystem/service-category */
static const char *const service_categories[] = {
    "8",  /* Counselling */
    "12", /* Drug/Alcohol */
    "22", /* Mental Health */
    "28", /* Specialist Obstetrics & Gynaecology */
    "36", /* Crisis Line */
};

static const char *const phrases[] = {
    "sexual", "psychosexual", "contracept", "family planning", "birth control", "morning after",
    "genitourinary", "genito urinary", "gum clinic", "hiv ", "sti ", "stis ", "std ", "chlamydia",
    "gynae", "gynec", "colposcop", "well woman", "women s health", "womens health",
    "young people s clinic", "young peoples clinic", "young person s clinic", "youth clinic",
    "termination", "abortion", "pregnan", "antenatal", "ante natal", "obstet",
    "sarc ", "rape ", "assault referral", "assault centre",
    "mental", "camhs ", "cypmhs ", "psych", "counsell", "counseling", "eating disorder",
    "self harm", "selfharm", "suicid", "talking therap", "iapt ", "depression", "anxiety", "ptsd ",
    "crisis team", "emotional wellbeing", "emotional health",
    "substance", "addiction", "drug and alcohol", "drugs and alcohol", "alcohol", "opioid",
    "methadone", "needle exchange",
    "gender identity", "gids ", "transgender",
};

/* v3-Confidentiality, then the subjects of v3-ActCode. */
static const char *const labels[] = {
    "R", "V", "SEX", "STD", "HIV", "SDV", "PSY", "PSYTHPN", "MH", "BH", "SUD", "ETH", "ETHUD",
    "OPIOIDUD", "PREGNANT", "ABORTION", "SEXREP",
};
/* clang-format on */

static bool is_listed(struct slice code, const char *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_is_text(code, list[i])) {
            return true;
        }
    }
    return false;
}

static bool system_names(struct slice system, const char *part)
{
    return system.len > 0 && memmem(system.data, system.len, part, strlen(part)) != NULL;
}

bool confidential_code(struct slice system, struct slice code)
{
    if (code.len == 0) {
        return false;
    }
    if (system_names(system, "/service-type")) {
        return is_listed(code, service_types, ARRAY_LEN(service_types));
    }
    if (system_names(system, "/service-category")) {
        return is_listed(code, service_categories, ARRAY_LEN(service_categories));
    }
    if (system_names(system, "treatment-function") || system_names(system, "TreatmentFunction") ||
        system_names(system, "main-specialty") || system_names(system, "MainSpecialty")) {
        return is_listed(code, treatment_functions, ARRAY_LEN(treatment_functions));
    }
    /* SNOMED CT codes are long enough to mean the same without their system. */
    return is_listed(code, snomed, ARRAY_LEN(snomed));
}

bool confidential_words(struct slice text)
{
    return phrases_any(text, phrases, ARRAY_LEN(phrases));
}

bool confidential_label(struct slice code)
{
    return is_listed(code, labels, ARRAY_LEN(labels));
}
