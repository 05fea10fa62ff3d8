/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/api_answer.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

static const struct {
    unsigned status;
    const char *type;
    const char *title;
} problems[] = {
#define X(name, status, text, title)                                                               \
    [PROBLEM_##name] = {(status), CAIRN_PROBLEM_PREFIX text, (title)},
    CAIRN_PROBLEMS(X)
#undef X
};

void answer_json(struct api_answer *answer, unsigned status, struct json **document)
{
    buf_reset(&answer->body);
    int r = json_write(*document, JSON_STYLE_COMPACT, &answer->body);
    json_free(document);
    if (r != 0) {
        answer_fault(answer, r);
        return;
    }
    answer->status = status;
    answer->type = CAIRN_MEDIA_JSON;
}

static void set_telephone(const struct api_answer *answer, struct json *document)
{
    struct json *telephone = json_object_new();
    answer_set_peer_text(telephone, "desk", slice_of_text(answer->desk));
    answer_set_peer_text(telephone, "phone", slice_of_text(answer->phone));
    (void)json_set_node(document, "telephone", &telephone);
}

void answer_problem(struct api_answer *answer, enum problem problem, const struct error *error)
{
    struct json *document = json_object_new();
    json_set_word(document, "type", problems[problem].type);
    json_set_word(document, "title", problems[problem].title);
    json_set_integer(document, "status", problems[problem].status);
    if (error != NULL && error->what[0] != '\0') {
        answer_set_peer_text(document, "detail", slice_of_text(error->what));
    }
    if (error != NULL && error->where[0] != '\0') {
        answer_set_peer_text(document, "where", slice_of_text(error->where));
    }
    if (answer->phone[0] != '\0' && (answer->may_be_urgent || problems[problem].status >= 500)) {
        set_telephone(answer, document);
    }
    answer_json(answer, problems[problem].status, &document);
    answer->type = CAIRN_MEDIA_PROBLEM;
}

void answer_problem_words(struct api_answer *answer, enum problem problem, const char *words)
{
    struct error error = ERROR_NULL;
    (void)error_set(&error, "", "%s", words);
    answer_problem(answer, problem, &error);
}

void answer_no_alert(struct api_answer *answer)
{
    answer_problem_words(answer, PROBLEM_NOT_FOUND,
                         "this agency was told of no alert of that number; `cairn alerts` lists "
                         "those that it was told of");
}

void answer_no_record(struct api_answer *answer)
{
    answer_problem_words(answer, PROBLEM_NOT_FOUND,
                         "nothing of this agency has that reference or id, and nothing that was "
                         "delivered to it");
}

void answer_fault(struct api_answer *answer, int fault)
{
    if (fault == -ENOSPC) {
        answer_problem(answer, PROBLEM_DISK_FULL, NULL);
        return;
    }
    log_event(LOG_LEVEL_ERROR, "api_fault", "error=\"%s\"", strerror(-fault));
    answer_problem(answer, PROBLEM_FAULT, NULL);
}

void answer_set_entry(struct json *object, const char *key, const struct entry_id *entry)
{
    char text[ENTRY_ID_TEXT_BYTES];
    entry_id_format(entry, text);
    json_set_word(object, key, text);
}

void answer_set_count(struct json *object, const char *key, uint64_t count)
{
    json_set_integer(object, key, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

void answer_set_peer_text(struct json *object, const char *key, struct slice text)
{
    int r = json_set_text(object, key, text);
    (void)r; /* what is not text is left out */
}

bool answer_set_sealed(struct json *object, const char *key, struct slice text)
{
    struct error error = ERROR_NULL;
    struct json *node = json_parse(text, &error);
    if (node == NULL) {
        return false;
    }
    (void)json_set_node(object, key, &node);
    return true;
}
