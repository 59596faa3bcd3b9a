/*
 * Memory that never fails: when the system has none left, these write one line to stderr and abort
 * the program, so that no caller needs a branch that no test can reach.
 */
#ifndef DBR_BASE_MEM_H
#define DBR_BASE_MEM_H

#include <stddef.h>

/* Lets compilers and analysers know that no check is missing. */
#define MEM_NONNULL __attribute__((returns_nonnull))

_Noreturn void mem_abort(void);                        /* the line and the abort */
MEM_NONNULL void *mem_alloc(size_t size);              /* zeroed; free() it */
MEM_NONNULL void *mem_realloc(void *old, size_t size); /* not zeroed */
/* realloc of count * size, overflow checked */
MEM_NONNULL void *mem_array(void *old, size_t count, size_t size);
char *mem_strdup(const char *text); /* NULL gives NULL */
char *mem_strndup(const char *text, size_t len);
MEM_NONNULL char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An arena: many small allocations that live and die together, say the catalog of a database. */
struct arena_block;
struct arena {
    struct arena_block *last;
};
#define ARENA_INIT                                                                                 \
    {                                                                                              \
        NULL                                                                                       \
    }
MEM_NONNULL void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
char *arena_strdup(struct arena *arena, const char *text);       /* NULL gives NULL */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
MEM_NONNULL char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arena_release(struct arena *arena);

#endif
