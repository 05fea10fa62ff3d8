/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules are compiled when they are loaded: agencies to numbers, kinds and classes to sets of kinds,
 * records to sets of kinds and codes. A decision is then one pass over at most RULES_MAX rules,
 * comparing integers.
 *
 * What may be held is checked here and not when deciding: a rule that could keep a referral, an
 * urgent record or a concern of level 3 waiting for somebody to notice is refused with its
 * document.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "govern/internal.h"

#define RULES_MAX      256
#define BIT(number)    (UINT64_C(1) << (number))
#define SET_MAX        64 /* numbers of record kinds and codes fit a set */
#define HELD_LEVEL_MAX 2  /* concerns above are for the front door at once */

struct party {
    bool any;
    uint32_t agency; /* 0: by kind */
    uint32_t kinds;  /* bits of agency_kind.index */
};

struct rule {
    char id[RULE_ID_MAX_BYTES];
    struct party origin;
    struct party recipient;
    uint64_t kinds;
    uint64_t codes;
    uint32_t level_min;
    uint32_t level_max;
    uint32_t urgencies;
    enum effect effect;
    enum mode mode;
    bool exception;
    int32_t valid_from;
    int32_t valid_until;
};

struct agreements {
    int32_t review_by;
    size_t n_rules;
    struct rule *rules;
};

#define X(name, number, text, class) static_assert((number) < SET_MAX, "kinds fit a set");
CAIRN_RECORD_KINDS(X)
#undef X
#define X(name, number, text, kind) static_assert((number) < SET_MAX, "codes fit a set");
CAIRN_RECORD_CODES(X)
#undef X

/* --- deciding --- */

static bool party_is(const struct party *party, const struct agency *agency)
{
    if (party->any) {
        return true;
    }
    if (party->agency != 0) {
        return party->agency == agency->number;
    }
    return (party->kinds & (UINT32_C(1) << agency->kind->index)) != 0;
}

static bool in_set(uint64_t set, uint32_t number)
{
    return number < SET_MAX && (set & BIT(number)) != 0;
}

static bool rule_covers(const struct rule *rule, const struct disclosure *what)
{
    return (in_set(rule->kinds, what->kind) || in_set(rule->codes, what->code)) &&
           what->level >= rule->level_min && what->level <= rule->level_max &&
           in_set(rule->urgencies, what->urgency) && what->day >= rule->valid_from &&
           what->day <= rule->valid_until && party_is(&rule->recipient, what->recipient) &&
           party_is(&rule->origin, what->origin);
}

static bool is_stricter(const struct rule *a, const struct rule *b)
{
    return a->effect != b->effect ? a->effect < b->effect : a->mode < b->mode;
}

/* Does `rule` take the place of the best one so far? */
static bool prevails(const struct rule *rule, const struct rule *best)
{
    if (best == NULL) {
        return true;
    }
    if (rule->exception != best->exception) {
        return rule->exception;
    }
    return is_stricter(rule, best);
}

static struct decision denied(const char *why)
{
    return (struct decision){.effect = EFFECT_DENY, .mode = MODE_EXISTENCE, .rule = why};
}

static struct decision shared(const char *why)
{
    return (struct decision){.effect = EFFECT_SHARE, .mode = MODE_CONTENT, .rule = why};
}

static bool is_danger_to_front_door(const struct disclosure *what)
{
    return record_is_danger(what->kind, what->urgency) && agency_is_front_door(what->recipient);
}

struct decision agreements_decide(const struct agreements *agreements,
                                  const struct disclosure *what)
{
    const struct rule *best = NULL;

    if (!what->recipient->active) {
        return denied("revoked");
    }
    if (what->origin->number == what->recipient->number) {
        return shared("own");
    }
    if (is_danger_to_front_door(what)) {
        return shared("danger");
    }
    if (agreements == NULL) {
        return denied("not-loaded");
    }
    if (what->day > agreements->review_by) {
        return denied("expired");
    }
    for (size_t i = 0; i < agreements->n_rules; i++) {
        const struct rule *rule = &agreements->rules[i];
        if (rule_covers(rule, what) && prevails(rule, best)) {
            best = rule;
        }
    }
    if (best == NULL) {
        return denied("no-match");
    }
    return (struct decision){.effect = best->effect, .mode = best->mode, .rule = best->id};
}

/* --- reading --- */

struct party_keys {
    const char *agency;
    const char *kind;
    const char *class;
    bool required;
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

    if (given > 1 || (given == 0 && keys->required)) {
        (void)json_refuse(rule, "needs %s one of %s, %s and %s",
                          keys->required ? "exactly" : "at most", keys->agency, keys->kind,
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
        uint32_t kind = !fits                              ? 0
                        : strcmp(text, "involvement") == 0 ? DISCLOSED_INVOLVEMENT
                                                           : record_kind_number(text);
        uint32_t code = fits ? record_code_number(text) : 0;
        if (kind == 0 && code == 0) {
            (void)json_refuse(&item, "is neither a kind nor a code of records");
        }
        rule->kinds |= kind != 0 ? BIT(kind) : 0;
        rule->codes |= code != 0 ? BIT(code) : 0;
    }
}

static uint32_t read_urgencies(const struct json_view *view)
{
    static const char *const words[] = {
#define X(name, number, text) [(number)-1] = (text),
        CAIRN_URGENCIES(X)
#undef X
    };
    struct json_view list = json_opt_array(view, "urgency");
    size_t n = json_length(&list);
    uint32_t urgencies = 0;

    for (size_t i = 0; i < n; i++) {
        struct json_view item = json_item(&list, i);
        urgencies |= UINT32_C(1) << field_word(&item, words, ARRAY_LEN(words));
    }
    return n > 0 ? urgencies : UINT32_MAX;
}

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
}

static bool may_be_concern(const struct rule *rule)
{
    for (uint32_t code = 1; code < SET_MAX; code++) {
        if (in_set(rule->codes, code) && record_code_kind(code) == RECORD_CONCERN) {
            return true;
        }
    }
    return in_set(rule->kinds, RECORD_CONCERN);
}

static void refuse_dangerous_hold(const struct json_view *view, const struct rule *rule)
{
    if (rule->effect != EFFECT_HOLD) {
        return;
    }
    if (in_set(rule->kinds, RECORD_REFERRAL)) {
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

static void read_rule(const struct json_view *view, const struct directory *directory,
                      struct rule *rule)
{
    static const struct party_keys origin = {"origin", "origin_kind", "origin_class", false};
    static const struct party_keys recipient = {"recipient", "recipient_kind", "recipient_class",
                                                true};

    field_id(view, "id", rule->id, sizeof(rule->id));
    read_party(view, &origin, directory, &rule->origin);
    read_party(view, &recipient, directory, &rule->recipient);
    read_records(view, rule);
    rule->level_min = (uint32_t)json_opt_integer(view, "level_min", 0, CAIRN_LEVEL_MAX, 0);
    rule->level_max =
        (uint32_t)json_opt_integer(view, "level_max", 0, CAIRN_LEVEL_MAX, CAIRN_LEVEL_MAX);
    rule->urgencies = read_urgencies(view);
    read_outcome(view, rule);
    rule->exception = json_opt_bool(view, "exception", false);
    rule->valid_from = field_opt_day(view, "valid_from", INT32_MIN);
    rule->valid_until = field_opt_day(view, "valid_until", INT32_MAX);
    if (rule->level_min > rule->level_max || rule->valid_from > rule->valid_until) {
        (void)json_refuse(view, "can never match: level_min and valid_from come first");
    }
    refuse_dangerous_hold(view, rule);
}

static bool used_before(const struct agreements *agreements, const char *id)
{
    for (size_t i = 0; i < agreements->n_rules; i++) {
        if (strcmp(agreements->rules[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

int agreements_read(const struct json *document, const struct directory *directory,
                    struct agreements **ret, struct error *error)
{
    struct json_view view = json_view(document, error);
    struct json_view list = json_get_array(&view, "rules");
    size_t n = json_length(&list);

    if (n > RULES_MAX) {
        return json_refuse(&list, "more than %d rules", RULES_MAX);
    }
    _cleanup_(agreements_free) struct agreements *made = base_zalloc(1, sizeof(*made));
    made->review_by = field_day(&view, "review_by");
    made->rules = base_zalloc(n, sizeof(*made->rules));
    for (size_t i = 0; i < n && json_ok(&view); i++) {
        struct json_view item = json_item(&list, i);
        read_rule(&item, directory, &made->rules[i]);
        if (used_before(made, made->rules[i].id)) {
            (void)json_refuse(&item, "the rule id is used twice");
        }
        made->n_rules = i + 1;
    }
    if (!json_ok(&view)) {
        return -EINVAL;
    }
    *ret = made;
    made = NULL;
    return 0;
}

void agreements_free(struct agreements **agreements)
{
    if (*agreements != NULL) {
        free((*agreements)->rules);
    }
    free(*agreements);
    *agreements = NULL;
}
