/*
 * The window of an SQL file that is in memory: what script.c looks at and what it still needs.
 * Private to the script_*.c files. Counts lines and checks bytes (CRC, NUL) as they go by.
 */
#ifndef DBR_DB_SCRIPT_INPUT_H
#define DBR_DB_SCRIPT_INPUT_H

#include "db/script.h"

struct script_input {
    script_source source;
    void *context;
    char *data;   /* with room for one byte behind end */
    size_t cap;   /* without that byte */
    size_t start; /* what stands before it may be dropped */
    size_t pos;   /* read next */
    size_t end;
    bool final;   /* nothing follows end */
    bool nul;     /* because a NUL byte does */
    int64_t line; /* of pos */
    /* Bytes before `summed` are in crc and bytes. */
    size_t summed;
    uint32_t crc;
    int64_t bytes;
};

void script_input_init(struct script_input *in, script_source source, void *context);
void script_input_release(struct script_input *in);

/* Drops what stands before start and brings at least `want` more bytes, fewer only at the end. */
bool script_input_fill(struct script_input *in, size_t want, struct err *err);
/* Moves pos forward, counting lines. */
void script_input_skip(struct script_input *in, size_t len);
/* Brings crc and bytes up to data + until. */
void script_input_sum(struct script_input *in, size_t until);
/* "line N: a NUL byte ..." where that is why the input ends; N counts from pos. Else true. */
bool script_input_check_nul(const struct script_input *in, struct err *err);

#endif
