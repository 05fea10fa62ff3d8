/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the JSON of the agreements to compiled rules.
 *
 * What may be held is checked here and not when deciding: a rule that could keep a referral, an
 * urgent record or a concern of level 3 waiting for somebody to notice is refused with its
 * document. So is one whose meaning would surprise its writer: a role asked of a front door, which
 * is told as such; `count` on what is counted anyway.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "govern/rule.h"

#define BIT(number)    (UINT64_C(1) << (number))
#define HELD_LEVEL_MAX 2 /* concerns above are for the front door at once */
#define EVERY_ROLE     "any"
#define INVOLVEMENT    "involvement"

#define X(name, number, text, class)                                                               \
    static_assert((number) < DISCLOSED_INVOLVEMENT, "kinds fit a set");
CAIRN_RECORD_KINDS(X)
#undef X
#define X(name, number, text, kind) static_assert((number) < RULE_SET_MAX, "codes fit a set");
CAIRN_RECORD_CODES(X)
#undef X
static_assert(DISCLOSED_INVOLVEMENT < RULE_SET_MAX, "so does an involvement");

struct party_keys {
    const char *agency;
    const char *kind;
    const char *class;
};

static void read_agency(const struct json_view *rule, const char *key,
                        const struct directory *directory, struct party *out)
{
    char id[CAIRN_AGENCY_ID_MAX_BYTES];

    field_id(rule, key, id, sizeof(id));
    const struct agency *agency = directory_agency_by_id(directory, id);
    if (agency == NULL) {
        (void)json_refuse(rule, "%s is not an agency of the directory", key);
        return;
    }
    out->agency = agency->number;
}

static void read_kind(const struct json_view *rule, const char *key,
                      const struct directory *directory, struct party *out)
{
    const struct agency_kind *kind = directory_kind(directory, json_get_text(rule, key));

    if (kind == NULL) {
        (void)json_refuse(rule, "%s is not a kind of the directory", key);
        return;
    }
    out->kinds = UINT32_C(1) << kind->index;
}

static void read_class(const struct json_view *rule, const char *key,
                       const struct directory *directory, struct party *out)
{
    out->kinds = directory_class(directory, json_get_text(rule, key));
    if (out->kinds == 0) {
        (void)json_refuse(rule, "%s is not a class of the directory", key);
    }
}

static void read_party(const struct json_view *rule, const struct party_keys *keys,
                       const struct directory *directory, struct party *out)
{
    int given =
        json_has(rule, keys->agency) + json_has(rule, keys->kind) + json_has(rule, keys->class);

    if (given > 1) {
        (void)json_refuse(rule, "needs at most one of %s, %s and %s", keys->agency, keys->kind,
                          keys->class);
        return;
    }
    out->any = given == 0;
    if (json_has(rule, keys->agency)) {
        read_agency(rule, keys->agency, directory, out);
    } else if (json_has(rule, keys->kind)) {
        read_kind(rule, keys->kind, directory, out);
    } else if (!out->any) {
        read_class(rule, keys->class, directory, out);
    }
}

static void read_records(const struct json_view *view, struct rule *rule)
{
    struct json_view list = json_get_array(view, "records");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n; i++) {
        char text[KIND_ID_MAX_BYTES];
        struct json_view item = json_item(&list, i);
        struct slice slice = json_as_text(&item);
        bool fits = text_copy(text, sizeof(text), slice);
        uint32_t kind = fits ? record_kind_number(text) : 0;
        uint32_t code = fits ? record_code_number(text) : 0;
        if (fits && strcmp(text, INVOLVEMENT) == 0) {
            kind = DISCLOSED_INVOLVEMENT;
        }
        if (kind == 0 && code == 0) {
            (void)json_refuse(&item, "is neither a kind nor a code of records, nor " INVOLVEMENT);
        }
        rule->kinds |= kind != 0 ? BIT(kind) : 0;
        rule->codes |= code != 0 ? BIT(code) : 0;
    }
}

struct word_list {
    const char *key;
    const char *const *words; /* number 1 first */
    size_t n_words;
};

/* Bits of the numbers of the words; 0 when the list is left out. */
static uint32_t read_words(const struct json_view *view, const struct word_list *words)
{
    struct json_view list = json_opt_array(view, words->key);
    size_t n = json_length(&list);
    uint32_t set = 0;

    for (size_t i = 0; i < n; i++) {
        struct json_view item = json_item(&list, i);
        set |= UINT32_C(1) << field_word(&item, words->words, words->n_words);
    }
    return set;
}

#define X(name, number, text) [(number)-1] = (text),
static uint32_t read_urgencies(const struct json_view *view)
{
    static const char *const words[] = {CAIRN_URGENCIES(X)};
    static const struct word_list list = {"urgency", words, ARRAY_LEN(words)};
    uint32_t urgencies = read_words(view, &list);

    return urgencies != 0 ? urgencies : UINT32_MAX;
}

static uint32_t read_purposes(const struct json_view *view)
{
    static const char *const words[] = {CAIRN_PURPOSES(X)};
    static const struct word_list list = {"purposes", words, ARRAY_LEN(words)};
    uint32_t purposes = read_words(view, &list);

    return purposes != 0 ? purposes : PURPOSES_ALL;
}

static uint32_t read_roles(const struct json_view *view)
{
    static const char *const words[] = {CAIRN_ROLES(X)[ROLES] = EVERY_ROLE};
    static const struct word_list list = {"recipient_roles", words, ARRAY_LEN(words)};
    uint32_t roles = read_words(view, &list);

    return (roles & ROLE_BIT(ROLES + 1)) != 0 ? ROLES_ALL : roles;
}
#undef X

static void read_outcome(const struct json_view *view, struct rule *rule)
{
    static const char *const effects[] = {"deny", "ask", "hold", "share"};
    static const char *const modes[] = {"existence", "content"};
    struct json_view effect = json_member(view, "effect");
    struct json_view mode = json_member(view, "mode");

    rule->effect = (enum effect)field_word(&effect, effects, ARRAY_LEN(effects));
    if (json_has(view, "mode")) {
        rule->mode = (enum mode)field_word(&mode, modes, ARRAY_LEN(modes));
    } else if (rule->effect == EFFECT_HOLD || rule->effect == EFFECT_SHARE) {
        (void)json_refuse(view, "a rule that shares or holds needs a mode");
    } else {
        rule->mode = MODE_EXISTENCE;
    }
    rule->count = json_opt_bool(view, "count", false);
    if (rule->count && rule->effect != EFFECT_DENY) {
        (void)json_refuse(view, "`count` belongs to a rule that denies: all others count anyway");
    }
}

/* History is for whoever takes on a role; a front door has none, and what is held or asked for is
 * told when that is decided. */
static void read_history(const struct json_view *view, struct rule *rule)
{
    rule->history_days =
        (uint32_t)json_opt_integer(view, "history_days", 0, CAIRN_HISTORY_DAYS_MAX, 0);
    if (rule->history_days != 0 && (rule->effect != EFFECT_SHARE || rule->roles == 0)) {
        (void)json_refuse(view, "`history_days` belongs to a rule that shares with "
                                "recipient_roles: it is for whoever takes on the role");
    }
}

static bool may_be_concern(const struct rule *rule)
{
    for (uint32_t code = 1; code < RULE_SET_MAX; code++) {
        if (rule_set_has(rule->codes, code) && record_code_kind(code) == RECORD_CONCERN) {
            return true;
        }
    }
    return rule_set_has(rule->kinds, RECORD_CONCERN) ||
           rule_set_has(rule->kinds, RECORD_ALLEGATION);
}

static void refuse_dangerous_hold(const struct json_view *view, const struct rule *rule)
{
    if (rule->effect != EFFECT_HOLD) {
        return;
    }
    if (rule_set_has(rule->kinds, RECORD_REFERRAL)) {
        (void)json_refuse(view, "a referral cannot be held: somebody must see it at once");
    } else if (rule->urgencies != UINT32_C(1) << URGENCY_ROUTINE) {
        (void)json_refuse(view, "could hold an urgent record: a rule that holds needs "
                                "\"urgency\": [\"routine\"]");
    } else if (may_be_concern(rule) && rule->level_max > HELD_LEVEL_MAX) {
        (void)json_refuse(view,
                          "could hold a concern of level %d or more: a rule that holds "
                          "concerns needs \"level_max\" of at most %d",
                          HELD_LEVEL_MAX + 1, HELD_LEVEL_MAX);
    }
}

static bool only_front_doors(const struct party *party, const struct directory *directory)
{
    if (party->agency != 0) {
        return agency_is_front_door(directory_agency(directory, party->agency));
    }
    uint32_t front_doors = directory_class(directory, slice_of_text("front-door"));
    return !party->any && party->kinds != 0 && (party->kinds & ~front_doors) == 0;
}

static void read_recipient(const struct json_view *view, const struct directory *directory,
                           struct rule *rule)
{
    static const struct party_keys keys = {"recipient", "recipient_kind", "recipient_class"};

    read_party(view, &keys, directory, &rule->recipient);
    rule->roles = read_roles(view);
    if (!json_ok(view)) {
        return;
    }
    if (rule->recipient.any && rule->roles == 0 && rule->effect != EFFECT_DENY) {
        (void)json_refuse(view, "says nobody whom it is for: name a recipient, recipient_kind, "
                                "recipient_class or recipient_roles");
    } else if (rule->roles != 0 && only_front_doors(&rule->recipient, directory)) {
        (void)json_refuse(view, "a front door is told as such: leave recipient_roles out");
    }
}

static void read_rule(const struct json_view *view, const struct directory *directory,
                      struct rule *rule)
{
    static const struct party_keys origin = {"origin", "origin_kind", "origin_class"};

    read_party(view, &origin, directory, &rule->origin);
    read_records(view, rule);
    rule->level_min = (uint32_t)json_opt_integer(view, "level_min", 0, CAIRN_LEVEL_MAX, 0);
    rule->level_max =
        (uint32_t)json_opt_integer(view, "level_max", 0, CAIRN_LEVEL_MAX, CAIRN_LEVEL_MAX);
    rule->urgencies = read_urgencies(view);
    rule->purposes = read_purposes(view);
    read_outcome(view, rule);
    read_recipient(view, directory, rule);
    read_history(view, rule);
    rule->exception = json_opt_bool(view, "exception", false);
    rule->valid_from = field_opt_day(view, "valid_from", INT32_MIN);
    rule->valid_until = field_opt_day(view, "valid_until", INT32_MAX);
    json_opt_copy(view, "source", rule->source, sizeof(rule->source));
    if (rule->level_min > rule->level_max || rule->valid_from > rule->valid_until) {
        (void)json_refuse(view, "can never match: level_min and valid_from come first");
    }
    refuse_dangerous_hold(view, rule);
}

/* Whoever mends the document finds the rule by its id, not by counting. */
static void read_named(const struct json_view *item, const struct directory *directory,
                       struct agreements *made)
{
    struct rule *rule = &made->rules[made->n_rules];
    struct error inner = ERROR_NULL;
    struct json_view inside = *item;

    field_id(item, "id", rule->id, sizeof(rule->id));
    if (!json_ok(item)) {
        return;
    }
    if (rule_find(made, rule->id) != NULL) {
        (void)json_refuse(item, "the rule id %s is used twice", rule->id);
        return;
    }
    inside.error = &inner;
    read_rule(&inside, directory, rule);
    if (!json_ok(&inside)) {
        (void)error_set(item->error, inner.where, "rule %s: %s", rule->id, inner.what);
    }
    made->n_rules++;
}

int agreements_read(const struct json *document, const struct directory *directory,
                    uint64_t version, struct agreements **ret, struct error *error)
{
    struct json_view view = json_view(document, error);
    struct json_view list = json_get_array(&view, "rules");
    size_t n = json_length(&list);

    if (n > RULES_MAX) {
        return json_refuse(&list, "more than %d rules", RULES_MAX);
    }
    _cleanup_(agreements_free) struct agreements *made = base_zalloc(1, sizeof(*made));
    made->version = version;
    made->review_by = field_day(&view, "review_by");
    made->rules = base_zalloc(n, sizeof(*made->rules));
    for (size_t i = 0; i < n && json_ok(&view); i++) {
        struct json_view item = json_item(&list, i);
        read_named(&item, directory, made);
    }
    if (!json_ok(&view)) {
        return -EINVAL;
    }
    *ret = made;
    made = NULL;
    return 0;
}

int agreements_compile(struct slice text, const struct directory *directory,
                       struct agreements **ret, struct error *error)
{
    _cleanup_(json_free) struct json *document = NULL;

    if (text.len > CAIRN_GOVERNANCE_DOC_MAX_BYTES) {
        return error_set(error, "", "larger than %d bytes", CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    }
    document = document_open(GOVERNANCE_AGREEMENTS, text, error);
    return document == NULL ? -EINVAL : agreements_read(document, directory, 0, ret, error);
}
