/* Word by word: what looks like an address or a path is replaced, and at what looks like SQL the
 * text ends. */
#include "ops/api_scrub.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Such a word, in capitals and followed by a blank, begins a statement; the second kind begins what
 * a server adds. */
static const char *const statements[] = {
    "SELECT",   "INSERT", "UPDATE",  "DELETE", "COPY", "ALTER",  "CREATE",  "DROP",
    "TRUNCATE", "GRANT",  "REVOKE",  "BEGIN",  "WITH", "MERGE",  "REFRESH", "SET",
    "VACUUM",   "LOCK",   "EXPLAIN", "CALL",   "DO",   "VALUES", "EXECUTE"};
static const char *const additions[] = {
    "DETAIL:", "CONTEXT:", "QUERY:", "STATEMENT:", "LINE", "HINT:", "WHERE:"};
/* Keys of a connection string. */
static const char *const keys[] = {"password=", "host=",   "hostaddr=", "user=",   "dbname=",
                                   "passfile=", "sslkey=", "service=",  "options="};

static bool is_one_of(const char *word, size_t len, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == len && strncmp(word, words[i], len) == 0)
            return true;
    return false;
}

#define IS_ONE_OF(word, len, words) is_one_of(word, len, words, sizeof(words) / sizeof((words)[0]))

static bool begins_sql(const char *word, size_t len)
{
    size_t skipped = strspn(word, "\"'(`");
    if (skipped >= len)
        return false;
    word += skipped;
    len -= skipped;
    return (word[len] != '\0' && IS_ONE_OF(word, len, statements)) ||
           IS_ONE_OF(word, len, additions);
}

static bool is_connection_key(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (len >= strlen(keys[i]) && strncmp(word, keys[i], strlen(keys[i])) == 0)
            return true;
    return false;
}

static bool has_address(const char *word, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++)
        if (strncmp(word + i, "://", 3) == 0)
            return true;
    return is_connection_key(word, len);
}

/* "/x", "./x", "~/x", also behind an "=" (--input=/x). A lone "/" and "and/or" are none. */
static bool has_path(const char *word, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        bool starts = i == 0 || strchr("=:,'\"", word[i - 1]) ||
                      (i == 1 && strchr("~.", word[0])) || (i == 2 && strncmp(word, "..", 2) == 0);
        if (word[i] == '/' && starts)
            return true;
    }
    return false;
}

/* The word between the marks that stand around it. */
static void scrub_word(const char *word, size_t len, struct buf *out)
{
    static const char before[] = "\"'(<[`";
    static const char behind[] = "\"')>]`,;:.";
    size_t start = 0;
    size_t end = len;
    while (start < end && memchr(before, word[start], sizeof before - 1))
        start++;
    while (end > start && memchr(behind, word[end - 1], sizeof behind - 1))
        end--;
    const char *shown = has_address(word + start, end - start) ? "[address]"
                        : has_path(word + start, end - start)  ? "[path]"
                                                               : NULL;
    if (!shown) {
        buf_add(out, word, len);
        return;
    }
    /* "the primary (postgresql://...): ..." says the same without. */
    if (start == 1 && word[0] == '(' && word[end] == ')') {
        if (out->len > 0 && out->data[out->len - 1] == ' ')
            buf_truncate(out, out->len - 1);
        buf_add(out, word + end + 1, len - end - 1);
        return;
    }
    buf_add(out, word, start);
    buf_adds(out, shown);
    buf_add(out, word + end, len - end);
}

static void scrub_words(const char *text, struct buf *out)
{
    while (*text) {
        size_t blanks = 0;
        while (isspace((unsigned char)text[blanks]))
            blanks++;
        buf_add(out, text, blanks);
        text += blanks;
        size_t len = 0;
        while (text[len] && !isspace((unsigned char)text[len]))
            len++;
        if (begins_sql(text, len)) {
            buf_adds(out, "[...]");
            return;
        }
        scrub_word(text, len, out);
        text += len;
    }
}

void api_scrub_text(const struct api_names *names, const char *text, struct buf *out)
{
    struct buf words = BUF_INIT;
    scrub_words(text, &words);
    api_names_hide(names, words.data, out);
    buf_release(&words);
}

static void scrub(const struct api_names *names, struct json *item, struct buf *out)
{
    const char *text = json_text(item);
    if (text) {
        buf_reset(out);
        api_scrub_text(names, text, out);
        if (strcmp(out->data, text) != 0)
            json_set_text(item, out->data);
        return;
    }
    for (struct json *child = json_first(item); child; child = json_next(child))
        scrub(names, child, out);
}

void api_scrub(const struct api_names *names, struct json *document)
{
    struct buf out = BUF_INIT;
    scrub(names, document, &out);
    buf_release(&out);
}

void api_scrub_requests(struct json *document)
{
    const char *text = json_text(document);
    if (text && strstr(text, ", HTTP API)"))
        json_set_text(document, API_ASKED);
    for (struct json *child = json_first(document); child; child = json_next(child))
        api_scrub_requests(child);
}

/* Where the words of a check begin in "check NAME: words", or NULL. */
static const char *words_of_check(const char *text)
{
    static const char word[] = "check ";
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        const char *name = at + sizeof word - 1;
        size_t len = strcspn(name, ": \t\n");
        if (len > 0 && strncmp(name + len, ": ", 2) == 0 &&
            (at == text || !isalnum((unsigned char)at[-1])))
            return name + len + 2;
    }
    return NULL;
}

static bool is_check(const struct json *item)
{
    return json_str(item, "name", NULL) && json_is_bool(json_get(item, "ok")) &&
           json_get(item, "message");
}

void api_scrub_checks(struct json *document)
{
    const char *text = json_text(document);
    const char *words = text ? words_of_check(text) : NULL;
    if (words) {
        struct buf said = BUF_INIT;
        buf_add(&said, text, (size_t)(words - text));
        buf_adds(&said, API_CHECK_FAILED);
        json_set_text(document, said.data);
        buf_release(&said);
    }
    if (is_check(document))
        json_set_str(document, "message",
                     json_bool(document, "ok", false) ? NULL : API_CHECK_FAILED);
    for (struct json *child = json_first(document); child; child = json_next(child))
        api_scrub_checks(child);
}
