/* Lists of strings, and the search for the word that was probably meant. */
#include "base/strlist.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define NEAREST_LONGEST 128 /* longer words are no typing errors of anything */

static void append(struct strlist *list, char *owned)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 8;
        list->items = mem_array(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->count++] = owned;
}

void strlist_add(struct strlist *list, const char *text)
{
    append(list, mem_strdup(text));
}

void strlist_addf(struct strlist *list, const char *format, ...)
{
    struct buf text = BUF_INIT;
    va_list args;

    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    append(list, buf_detach(&text));
}

bool strlist_has(const struct strlist *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

void strlist_split(struct strlist *list, const char *text, char separator)
{
    while (*text) {
        const char *end = strchr(text, separator);
        if (!end)
            end = text + strlen(text);
        const char *first = text;
        const char *last = end;
        while (first < last && isspace((unsigned char)*first))
            first++;
        while (last > first && isspace((unsigned char)last[-1]))
            last--;
        if (last > first)
            append(list, mem_strndup(first, (size_t)(last - first)));
        text = *end ? end + 1 : end;
    }
}

void strlist_remove(struct strlist *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) != 0)
            continue;
        free(list->items[i]);
        memmove(&list->items[i], &list->items[i + 1], (list->count - i - 1) * sizeof *list->items);
        list->count--;
        return;
    }
}

void strlist_release(struct strlist *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strlist)STRLIST_INIT;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that lead from a to b; case is no
 * difference. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][NEAREST_LONGEST + 1];
    size_t len_a = strlen(a);
    size_t len_b = strlen(b);

    if (len_a > NEAREST_LONGEST || len_b > NEAREST_LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= len_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        const size_t *before = rows[(i + 1) % 3]; /* row i - 2 */
        const size_t *above = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            row[j] = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[len_a % 3][len_b];
}

const char *strlist_nearest(const char *word, const char *const *words, size_t count)
{
    size_t limit = strlen(word) / 3;
    size_t best = SIZE_MAX;
    const char *nearest = NULL;

    if (limit < 1)
        limit = 1;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, words[i]);
        if (d <= limit && d < best) {
            best = d;
            nearest = words[i];
        }
    }
    return nearest;
}
