/*
 * Allocation that never fails, and arenas. An arena is a chain of blocks that grow with it; a piece
 * larger than a block gets one of its own, put behind the open block so that the open one keeps
 * filling up.
 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_FIRST ((size_t)4096)
#define BLOCK_LARGEST ((size_t)256 * 1024)

struct arena_block {
    struct arena_block *previous;
    size_t used, size;
    max_align_t data[];
};

void mem_abort(void)
{
    static const char text[] = "dbr: out of memory\n";
    /* No stdio here: it may want memory itself. */
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        abort();
    abort();
}

static void *checked(void *memory)
{
    if (!memory)
        mem_abort();
    return memory;
}

void *mem_alloc(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *mem_realloc(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1));
}

void *mem_array(void *old, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        mem_abort();
    return mem_realloc(old, total);
}

char *mem_strdup(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_strndup(const char *text, size_t len)
{
    if (!text)
        return NULL;
    len = strnlen(text, len);
    if (len == SIZE_MAX)
        mem_abort();
    char *copy = mem_realloc(NULL, len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* The length that the formatted text has, without its NUL. */
__attribute__((format(printf, 1, 0))) static size_t formatted_length(const char *format,
                                                                     va_list args)
{
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0) /* longer than an int can say: nothing dbr prints comes near it */
        mem_abort();
    return (size_t)len;
}

char *mem_printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    size_t len = formatted_length(format, args);
    va_end(args);
    char *text = mem_realloc(NULL, len + 1);
    va_start(args, format);
    (void)vsnprintf(text, len + 1, format, args);
    va_end(args);
    return text;
}

static struct arena_block *new_block(size_t size)
{
    size_t total;
    if (__builtin_add_overflow(size, sizeof(struct arena_block), &total))
        mem_abort();
    struct arena_block *block = mem_alloc(total);
    block->size = size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = sizeof(max_align_t);
    size_t rounded;

    if (__builtin_add_overflow(size ? size : 1, align - 1, &rounded))
        mem_abort();
    rounded -= rounded % align;

    struct arena_block *block = arena->last;
    if (!block || block->size - block->used < rounded) {
        size_t next = block ? block->size * 2 : BLOCK_FIRST;
        if (next > BLOCK_LARGEST)
            next = BLOCK_LARGEST;
        if (rounded > next / 2) {
            struct arena_block *own = new_block(rounded);
            own->used = rounded;
            if (block) {
                own->previous = block->previous;
                block->previous = own;
            } else {
                arena->last = own;
            }
            return own->data;
        }
        block = new_block(next);
        block->previous = arena->last;
        arena->last = block;
    }
    void *piece = (char *)block->data + block->used;
    block->used += rounded;
    return piece;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    if (!text)
        return NULL;
    len = strnlen(text, len);
    char *copy = arena_alloc(arena, len + 1);
    memcpy(copy, text, len);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    size_t len = formatted_length(format, args);
    va_end(args);
    char *text = arena_alloc(arena, len + 1);
    va_start(args, format);
    (void)vsnprintf(text, len + 1, format, args);
    va_end(args);
    return text;
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->last;
    while (block) {
        struct arena_block *previous = block->previous;
        free(block);
        block = previous;
    }
    arena->last = NULL;
}
