/*
 * JSON values, a thin layer over cJSON (the only file that includes it). A value that was added to
 * an object or array belongs to it; a root is freed with json_free. Getters on a missing key or a
 * value of another kind return the default. Integers are exact up to 2^53.
 */
#ifndef DBR_BASE_JSON_H
#define DBR_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct json; /* never defined: a cJSON in disguise */

struct json *json_object(void);
struct json *json_array(void);
void json_free(struct json *json);

/* Set a member (replacing one of that name). json_set takes ownership of value and returns it. */
struct json *json_set(struct json *object, const char *key, struct json *value);
void json_set_str(struct json *object, const char *key, const char *value); /* NULL: null */
void json_set_int(struct json *object, const char *key, int64_t value);
void json_set_double(struct json *object, const char *key, double value);
void json_set_bool(struct json *object, const char *key, bool value);
void json_set_null(struct json *object, const char *key);
struct json *json_set_object(struct json *object, const char *key); /* a new empty one, returned */
struct json *json_set_array(struct json *object, const char *key);
void json_remove(struct json *object, const char *key);

struct json *json_add(struct json *array, struct json *value); /* takes ownership */
void json_add_str(struct json *array, const char *value);

struct json *json_get(const struct json *object, const char *key); /* NULL when missing */
const char *json_str(const struct json *object, const char *key, const char *fallback);
int64_t json_int(const struct json *object, const char *key, int64_t fallback);
double json_double(const struct json *object, const char *key, double fallback);
bool json_bool(const struct json *object, const char *key, bool fallback);
bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);
bool json_is_null(const struct json *json);
bool json_is_bool(const struct json *json);
bool json_is_true(const struct json *json);
size_t json_count(const struct json *array);
struct json *json_at(const struct json *array, size_t index);
const char *json_at_str(const struct json *array, size_t index);
/* Iteration over members or items: first child, next sibling, member name. */
struct json *json_first(const struct json *json);
struct json *json_next(const struct json *item);
const char *json_key(const struct json *item);
const char *json_text(const struct json *item);          /* of a string; NULL for anything else */
void json_set_text(struct json *item, const char *text); /* item must be a string; copies */
struct json *json_copy(const struct json *json);

/* The whole text must be one value; err names the place of the error. */
struct json *json_parse(const char *text, size_t len, struct err *err);
void json_print(const struct json *json, bool pretty, struct buf *out);
/* Appends text as a JSON string, quotes included; invalid UTF-8 is replaced by U+FFFD. NULL appends
 * null. */
void json_quote(struct buf *out, const char *text);
/* The whole text is valid UTF-8. */
bool json_is_utf8(const char *text);
/* Appends a piece of what stands between the quotes. The whole must be valid UTF-8; pieces may be
 * cut anywhere. */
void json_quote_piece(struct buf *out, const char *text, size_t len);

#endif
