/*
 * JSON in one pass: a value becomes the digest of its sort and content, an object that of its
 * members in the order of their names' digests. What is open stands in a list of frames, so that
 * no depth of nesting is too deep.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/canonical_internal.h"

struct member {
    uint64_t name, value;
    size_t place; /* in the text */
};

/* An array or object that has begun. */
struct frame {
    bool object;
    uint64_t name;         /* of the member under way */
    size_t first;          /* of its members */
    struct siphash values; /* of an array */
};

struct json_scan {
    const char *text, *p, *end;
    struct frame *frames;
    size_t depth, frame_cap;
    struct member *members;
    size_t count, member_cap;
};

static void skip_blanks(struct json_scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

static bool take(struct json_scan *s, char c)
{
    skip_blanks(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

/* --- scalars ---------------------------------------------------------------------------------- */

static bool hex4(struct json_scan *s, unsigned *value)
{
    int i;

    *value = 0;
    if (s->end - s->p < 4)
        return false;
    for (i = 0; i < 4; i++) {
        char c = *s->p++;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;

        if (digit > 15)
            return false;
        *value = *value * 16 + digit;
    }
    return true;
}

static void add_rune(struct siphash *hash, unsigned rune)
{
    unsigned char bytes[4];
    size_t n = 0;

    if (rune < 0x80) {
        bytes[n++] = (unsigned char)rune;
    } else if (rune < 0x800) {
        bytes[n++] = (unsigned char)(0xc0 | rune >> 6);
        bytes[n++] = (unsigned char)(0x80 | (rune & 0x3f));
    } else if (rune < 0x10000) {
        bytes[n++] = (unsigned char)(0xe0 | rune >> 12);
        bytes[n++] = (unsigned char)(0x80 | (rune >> 6 & 0x3f));
        bytes[n++] = (unsigned char)(0x80 | (rune & 0x3f));
    } else {
        bytes[n++] = (unsigned char)(0xf0 | rune >> 18);
        bytes[n++] = (unsigned char)(0x80 | (rune >> 12 & 0x3f));
        bytes[n++] = (unsigned char)(0x80 | (rune >> 6 & 0x3f));
        bytes[n++] = (unsigned char)(0x80 | (rune & 0x3f));
    }
    siphash_add(hash, bytes, n);
}

/* After "\u". Half of a pair alone is what CockroachDB makes of it: U+FFFD. */
static bool add_unicode(struct json_scan *s, struct siphash *hash)
{
    unsigned rune;
    unsigned low;
    const char *back;

    if (!hex4(s, &rune))
        return false;
    if (rune >= 0xd800 && rune < 0xdc00) {
        back = s->p;
        if (s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
            s->p += 2;
            if (!hex4(s, &low))
                return false;
            if (low >= 0xdc00 && low < 0xe000) {
                add_rune(hash, 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00));
                return true;
            }
            s->p = back;
        }
    }
    add_rune(hash, rune >= 0xd800 && rune < 0xe000 ? 0xfffd : rune);
    return true;
}

static bool add_escape(struct json_scan *s, struct siphash *hash)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *at;

    if (s->p == s->end)
        return false;
    if (*s->p == 'u') {
        s->p++;
        return add_unicode(s, hash);
    }
    at = *s->p ? strchr(letters, *s->p) : NULL;
    if (!at)
        return false;
    s->p++;
    siphash_add(hash, meanings + (at - letters), 1);
    return true;
}

/* After the opening quote. */
static bool scan_string(struct json_scan *s, uint64_t *digest)
{
    struct siphash hash;

    canonical_begin(&hash, 's');
    for (;;) {
        const char *start = s->p;

        while (s->p < s->end && *s->p != '"' && *s->p != '\\')
            s->p++;
        siphash_add(&hash, start, (size_t)(s->p - start));
        if (s->p == s->end)
            return false;
        if (*s->p++ == '"')
            break;
        if (!add_escape(s, &hash))
            return false;
    }
    *digest = siphash_end(&hash);
    return true;
}

/* A number, true, false or null. */
static bool scan_word(struct json_scan *s, uint64_t *digest)
{
    static const char *const words[] = {"true", "false", "null"};
    static const char ends[] = " \n\t\r,]}:";
    const char *start = s->p;
    struct siphash hash;
    size_t len;
    size_t i;

    while (s->p < s->end && !memchr(ends, *s->p, sizeof(ends) - 1))
        s->p++;
    len = (size_t)(s->p - start);
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i]) == len && !memcmp(words[i], start, len)) {
            canonical_begin(&hash, *words[i]);
            *digest = siphash_end(&hash);
            return true;
        }
    canonical_begin(&hash, 'd');
    if (!canonical_add_decimal(&hash, start, len))
        return false;
    *digest = siphash_end(&hash);
    return true;
}

/* --- arrays and objects ----------------------------------------------------------------------- */

static struct frame *open_frame(struct json_scan *s, bool object)
{
    struct frame *frame;

    if (s->depth == s->frame_cap) {
        s->frame_cap = s->frame_cap ? s->frame_cap * 2 : 16;
        s->frames = mem_array(s->frames, s->frame_cap, sizeof(*s->frames));
    }
    frame = &s->frames[s->depth++];
    frame->object = object;
    frame->first = s->count;
    if (!object)
        canonical_begin(&frame->values, '[');
    return frame;
}

static int by_name(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;

    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static uint64_t close_object(struct json_scan *s, const struct frame *frame)
{
    size_t n = s->members ? s->count - frame->first : 0;
    struct member *members = n ? s->members + frame->first : NULL;
    struct siphash hash;
    size_t i;

    if (n > 1)
        qsort(members, n, sizeof(*members), by_name);
    canonical_begin(&hash, '{');
    for (i = 0; i < n; i++) {
        if (i + 1 < n && members[i].name == members[i + 1].name)
            continue;
        siphash_add_number(&hash, members[i].name);
        siphash_add_number(&hash, members[i].value);
    }
    s->count = frame->first;
    return siphash_end(&hash);
}

static uint64_t close_frame(struct json_scan *s)
{
    struct frame *frame = &s->frames[--s->depth];

    return frame->object ? close_object(s, frame) : siphash_end(&frame->values);
}

static bool scan_name(struct json_scan *s)
{
    struct frame *frame = &s->frames[s->depth - 1];

    return take(s, '"') && scan_string(s, &frame->name) && take(s, ':');
}

static void add_value(struct json_scan *s, uint64_t value)
{
    struct frame *frame = &s->frames[s->depth - 1];

    if (!frame->object) {
        siphash_add_number(&frame->values, value);
        return;
    }
    if (!s->members || s->count == s->member_cap) {
        s->member_cap = s->member_cap ? s->member_cap * 2 : 64;
        s->members = mem_array(s->members, s->member_cap, sizeof(*s->members));
    }
    s->members[s->count++] = (struct member){frame->name, value, (size_t)(s->p - s->text)};
}

/* Opens what opens; *done: `value` is complete, be it a scalar or an empty array or object. */
static bool scan_value(struct json_scan *s, uint64_t *value, bool *done)
{
    bool object;

    skip_blanks(s);
    *done = true;
    if (s->p == s->end)
        return false;
    if (*s->p == '"') {
        s->p++;
        return scan_string(s, value);
    }
    object = *s->p == '{';
    if (!object && *s->p != '[')
        return scan_word(s, value);
    s->p++;
    open_frame(s, object);
    if (take(s, object ? '}' : ']')) {
        *value = close_frame(s);
        return true;
    }
    *done = false;
    return !object || scan_name(s);
}

/* After a value: up to the next one, closing what closes. *end: that was the whole text. */
static bool scan_next(struct json_scan *s, uint64_t *value, bool *end)
{
    *end = false;
    while (s->depth > 0) {
        bool object = s->frames[s->depth - 1].object;

        add_value(s, *value);
        if (take(s, ','))
            return !object || scan_name(s);
        if (!take(s, object ? '}' : ']'))
            return false;
        *value = close_frame(s);
    }
    skip_blanks(s);
    *end = true;
    return s->p == s->end;
}

bool canonical_json(const char *text, size_t len, uint64_t *digest)
{
    struct json_scan s = {.text = text, .p = text, .end = text + len};
    bool end = false;
    bool done;
    bool ok = true;

    while (ok && !end)
        ok = scan_value(&s, digest, &done) && (!done || scan_next(&s, digest, &end));
    free(s.frames);
    free(s.members);
    return ok;
}
