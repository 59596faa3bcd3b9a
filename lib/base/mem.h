/*
 * Memory that never fails: when the system has none left, these write one line to stderr and abort
 * the program, so that no caller needs a branch that no test can reach.
 */
#ifndef DBR_BASE_MEM_H
#define DBR_BASE_MEM_H

#include <stddef.h>

_Noreturn void mem_abort(void);            /* the line and the abort */
void *mem_alloc(size_t size);              /* zeroed; free() it */
void *mem_realloc(void *old, size_t size); /* not zeroed */
/* realloc of count * size, overflow checked */
void *mem_array(void *old, size_t count, size_t size);
char *mem_strdup(const char *text); /* NULL gives NULL */
char *mem_strndup(const char *text, size_t len);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An arena: many small allocations that live and die together, say the catalog of a database. */
struct arena_block;
struct arena {
    struct arena_block *last;
};
#define ARENA_INIT                                                                                 \
    {                                                                                              \
        NULL                                                                                       \
    }
void *arena_alloc(struct arena *arena, size_t size);       /* zeroed, aligned for any type */
char *arena_strdup(struct arena *arena, const char *text); /* NULL gives NULL */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arena_release(struct arena *arena);

#endif
