/*
 * JSON values over cJSON. Reading and the tree are cJSON's; printing is done here, because cJSON
 * writes large integers in exponents and passes invalid UTF-8 on.
 */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Without the const: cJSON's readers take none, though they change nothing. */
static cJSON *node(const struct json *json)
{
    return (cJSON *)json;
}

static struct json *wrap(cJSON *item)
{
    return (struct json *)item;
}

/* A value just made: cJSON returns NULL when memory is out. */
static struct json *made(cJSON *item)
{
    if (!item)
        mem_abort();
    return wrap(item);
}

struct json *json_object(void)
{
    return made(cJSON_CreateObject());
}

struct json *json_array(void)
{
    return made(cJSON_CreateArray());
}

void json_free(struct json *json)
{
    cJSON_Delete(node(json));
}

struct json *json_set(struct json *object, const char *key, struct json *value)
{
    cJSON *old = cJSON_GetObjectItemCaseSensitive(node(object), key);
    cJSON_bool ok = old ? cJSON_ReplaceItemInObjectCaseSensitive(node(object), key, node(value))
                        : cJSON_AddItemToObject(node(object), key, node(value));
    if (!ok)
        mem_abort();
    return value;
}

void json_set_str(struct json *object, const char *key, const char *value)
{
    json_set(object, key, made(value ? cJSON_CreateString(value) : cJSON_CreateNull()));
}

void json_set_int(struct json *object, const char *key, int64_t value)
{
    json_set(object, key, made(cJSON_CreateNumber((double)value)));
}

void json_set_double(struct json *object, const char *key, double value)
{
    json_set(object, key, made(isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull()));
}

void json_set_bool(struct json *object, const char *key, bool value)
{
    json_set(object, key, made(cJSON_CreateBool(value)));
}

void json_set_null(struct json *object, const char *key)
{
    json_set(object, key, made(cJSON_CreateNull()));
}

struct json *json_set_object(struct json *object, const char *key)
{
    return json_set(object, key, json_object());
}

struct json *json_set_array(struct json *object, const char *key)
{
    return json_set(object, key, json_array());
}

void json_remove(struct json *object, const char *key)
{
    cJSON_DeleteItemFromObjectCaseSensitive(node(object), key);
}

struct json *json_add(struct json *array, struct json *value)
{
    if (!cJSON_AddItemToArray(node(array), node(value)))
        mem_abort();
    return value;
}

void json_add_str(struct json *array, const char *value)
{
    json_add(array, made(value ? cJSON_CreateString(value) : cJSON_CreateNull()));
}

struct json *json_get(const struct json *object, const char *key)
{
    return json_is_object(object) ? wrap(cJSON_GetObjectItemCaseSensitive(node(object), key))
                                  : NULL;
}

const char *json_str(const struct json *object, const char *key, const char *fallback)
{
    const cJSON *item = node(json_get(object, key));
    return cJSON_IsString(item) ? item->valuestring : fallback;
}

int64_t json_int(const struct json *object, const char *key, int64_t fallback)
{
    const cJSON *item = node(json_get(object, key));
    /* Beyond an int64_t the conversion would be undefined. */
    if (!cJSON_IsNumber(item) || fabs(item->valuedouble) >= 9.2e18)
        return fallback;
    return (int64_t)item->valuedouble;
}

double json_double(const struct json *object, const char *key, double fallback)
{
    const cJSON *item = node(json_get(object, key));
    return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

bool json_bool(const struct json *object, const char *key, bool fallback)
{
    const cJSON *item = node(json_get(object, key));
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : fallback;
}

bool json_is_object(const struct json *json)
{
    return cJSON_IsObject(node(json));
}

bool json_is_array(const struct json *json)
{
    return cJSON_IsArray(node(json));
}

bool json_is_null(const struct json *json)
{
    return cJSON_IsNull(node(json));
}

size_t json_count(const struct json *array)
{
    return array ? (size_t)cJSON_GetArraySize(node(array)) : 0;
}

struct json *json_at(const struct json *array, size_t index)
{
    struct json *item = json_first(array);
    for (; item && index > 0; index--)
        item = json_next(item);
    return item;
}

const char *json_at_str(const struct json *array, size_t index)
{
    const cJSON *item = node(json_at(array, index));
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

struct json *json_first(const struct json *json)
{
    return json ? wrap(node(json)->child) : NULL;
}

struct json *json_next(const struct json *item)
{
    return item ? wrap(node(item)->next) : NULL;
}

bool json_is_bool(const struct json *json)
{
    return cJSON_IsBool(node(json));
}

bool json_is_true(const struct json *json)
{
    return cJSON_IsTrue(node(json));
}

const char *json_text(const struct json *item)
{
    return cJSON_IsString(node(item)) ? node(item)->valuestring : NULL;
}

void json_set_text(struct json *item, const char *text)
{
    if (!cJSON_SetValuestring(node(item), text))
        mem_abort();
}

const char *json_key(const struct json *item)
{
    return item ? node(item)->string : NULL;
}

struct json *json_copy(const struct json *json)
{
    return json ? made(cJSON_Duplicate(node(json), 1)) : NULL;
}

/* cJSON keeps strings as C strings and would cut them at a NUL without a word; such text is
 * refused. */
static const char *find_nul(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\0')
            return text + i;
        if (text[i] != '\\')
            continue;
        if (len - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
            return text + i;
        i++;
    }
    return NULL;
}

static struct json *bad_text(const char *text, const char *place, const char *what, struct err *err)
{
    size_t line = 1;
    const char *start = text;

    for (const char *p = text; p < place; p++) {
        if (*p == '\n') {
            line++;
            start = p + 1;
        }
    }
    err_set_hint(err, ERR_FAILED, "correct it at that place, or remove it",
                 "invalid JSON: %s at line %zu, column %zu", what, line,
                 (size_t)(place - start) + 1);
    return NULL;
}

struct json *json_parse(const char *text, size_t len, struct err *err)
{
    const char *end = text;

    if (len == 0)
        return bad_text(text, text, "no value", err);
    const char *nul = find_nul(text, len);
    if (nul)
        return bad_text(text, nul, "a NUL character", err);
    cJSON *root = cJSON_ParseWithLengthOpts(text, len, &end, 0);
    if (!root)
        return bad_text(text, end && end >= text && end <= text + len ? end : text + len,
                        "unexpected text", err);
    while (end < text + len && strchr(" \t\r\n", *end))
        end++;
    if (end < text + len) {
        cJSON_Delete(root);
        return bad_text(text, end, "text after the value", err);
    }
    return wrap(root);
}

static void print_number(double value, struct buf *out)
{
    char text[32];

    /* All integers that a double holds exactly are written as such: clients read 1e+15 with some
     * surprise. */
    if (value == floor(value) && fabs(value) <= 9007199254740992.0) {
        buf_addf(out, "%.0f", value == 0 ? 0.0 : value);
        return;
    }
    if (!isfinite(value)) {
        buf_adds(out, "null");
        return;
    }
    (void)snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value)
        (void)snprintf(text, sizeof text, "%.17g", value);
    buf_adds(out, text);
}

static void new_line(bool pretty, int depth, struct buf *out)
{
    if (!pretty)
        return;
    buf_addch(out, '\n');
    for (int i = 0; i < depth; i++)
        buf_adds(out, "  ");
}

static void print_value(const cJSON *item, bool pretty, int depth, struct buf *out);

static void print_children(const cJSON *parent, bool pretty, int depth, struct buf *out)
{
    bool object = cJSON_IsObject(parent);

    buf_addch(out, object ? '{' : '[');
    for (const cJSON *child = parent->child; child; child = child->next) {
        new_line(pretty, depth + 1, out);
        if (object) {
            json_quote(out, child->string);
            buf_adds(out, pretty ? ": " : ":");
        }
        print_value(child, pretty, depth + 1, out);
        if (child->next)
            buf_addch(out, ',');
    }
    if (parent->child)
        new_line(pretty, depth, out);
    buf_addch(out, object ? '}' : ']');
}

static void print_value(const cJSON *item, bool pretty, int depth, struct buf *out)
{
    if (cJSON_IsObject(item) || cJSON_IsArray(item))
        print_children(item, pretty, depth, out);
    else if (cJSON_IsString(item))
        json_quote(out, item->valuestring);
    else if (cJSON_IsNumber(item))
        print_number(item->valuedouble, out);
    else if (cJSON_IsBool(item))
        buf_adds(out, cJSON_IsTrue(item) ? "true" : "false");
    else
        buf_adds(out, "null");
}

void json_print(const struct json *json, bool pretty, struct buf *out)
{
    if (json)
        print_value(node(json), pretty, 0, out);
    else
        buf_adds(out, "null");
}
