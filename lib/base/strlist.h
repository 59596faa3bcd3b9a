/* A list of strings that it owns. */
#ifndef DBR_BASE_STRLIST_H
#define DBR_BASE_STRLIST_H

#include <stdbool.h>
#include <stddef.h>

struct strlist {
    char **items;
    size_t count;
    size_t cap;
};
#define STRLIST_INIT                                                                               \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }
void strlist_add(struct strlist *list, const char *text); /* copies */
void strlist_addf(struct strlist *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool strlist_has(const struct strlist *list, const char *text);
/* Adds the comma-separated parts of text, blanks around each dropped, empty parts skipped. */
void strlist_split(struct strlist *list, const char *text, char separator);
void strlist_remove(struct strlist *list, const char *text); /* where it is there, once */
void strlist_release(struct strlist *list);

/*
 * The nearest of `words` to `word` by edit distance, or NULL when none is near enough to be a
 * likely typing error (distance above a third of the word's length, at least 1).
 */
const char *strlist_nearest(const char *word, const char *const *words, size_t count);

#endif
