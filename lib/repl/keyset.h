/*
 * A list of keys with what is known of their rows, in the order of adding. Beyond KEYSET_MEMORY it
 * goes on in an unlinked file in the state directory, so that a table with a million differences
 * costs no more memory than one with a thousand.
 */
#ifndef DBR_REPL_KEYSET_H
#define DBR_REPL_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define KEYSET_MEMORY ((size_t)256 * 1024)

struct key_item {
    int64_t key_hash;
    int64_t row_hash; /* KEY_ROW: how often the row occurs */
    uint64_t digest;  /* of the columns that are compared here; 0 where there are none. In the
                         decisions of a merge: merge_state_sum() of the secondary's row */
    int64_t octets;   /* length of the row's text */
    char kind;        /* the caller's: 'i' insert, 'u' update, 'd' delete */
    char counts_as;   /* in the decisions of a merge: the kind that it is counted as, row_hash
                         times; else 0 */
    bool conflict;    /* the same: it is a conflict, */
    bool kept;        /* ... and a parent that is kept for a child */
    const char *key;  /* width NUL-terminated texts, one after the other */
    size_t key_len;   /* bytes of them all, NULs included */
};

struct keyset {
    struct buf memory; /* records not yet spilled */
    int fd;            /* -1: nothing spilled */
    size_t count;
    size_t spilled;   /* bytes in the file */
    const char *dir;  /* where the file is made; borrowed */
    struct buf chunk; /* what was read back of the file */
    size_t chunk_at;  /* place in the file of the chunk's start */
    size_t read_at;   /* place of the next record over file and memory */
};

void keyset_init(struct keyset *set, const char *dir);
void keyset_release(struct keyset *set);
bool keyset_add(struct keyset *set, const struct key_item *item, struct err *err);

/* Reading: rewind, then next until it yields false with *end true. item->key lives until the next
 * call. */
void keyset_rewind(struct keyset *set);
bool keyset_next(struct keyset *set, struct key_item *item, bool *end, struct err *err);

/* The text of key column i. */
const char *key_item_text(const struct key_item *item, size_t i);
/* Order of lists of keys: by key hash, then by the key's bytes. */
int key_item_compare(const struct key_item *a, const struct key_item *b, size_t width);

#endif
