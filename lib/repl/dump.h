/*
 * One database as an SQL script that psql runs and dbr-import reads: what it consists of, in the
 * order of the file. The rows of tables stand in dump_rows.h.
 *
 *     header    comments: what the file is, and what is not carried over
 *     settings, types, sequences, tables
 *     rows      COPY ... FROM stdin blocks, or INSERT statements
 *     positions of sequences; keys, indexes, foreign keys; views, functions, triggers; comments
 *     trailer   comments: rows of each table, CRC-32 of everything before that line
 *
 * A note about an object stands beside it (dump_notes.h).
 */
#ifndef DBR_REPL_DUMP_H
#define DBR_REPL_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/outfile.h"
#include "base/strlist.h"
#include "db/engine.h"
#include "repl/schema_plan.h"
#include "repl/snapshot.h"

struct dump_table {
    const struct model_table *table;
    int64_t rows, bytes; /* in the script */
};

struct dump {
    struct snapshot *snapshot;
    struct outfile *out;
    const struct engine *dialect;
    bool schema, data;            /* what the script holds */
    bool inserts;                 /* INSERT statements instead of COPY */
    const struct strlist *tables; /* these alone, with what belongs to them; empty: everything */
    /* results */
    struct plan plan;         /* its notes: of the script, see dump_note_text */
    struct dump_table *items; /* tables whose rows are written, parents first */
    size_t count;
    struct strlist cycles;  /* tables that refer to each other in a circle: without the schema
                               their rows cannot be loaded one after the other */
    int64_t rows, estimate; /* written so far, and expected */
    uint32_t crc;           /* that the trailer tells */
};

/* Chooses the tables and plans the statements. ERR_USAGE for a table that does not exist. */
bool dump_prepare(struct dump *dump, struct err *err);
/* Writes everything; the caller finishes dump->out. */
bool dump_write(struct dump *dump, struct err *err);
void dump_release(struct dump *dump);

/* A note for people (malloced), "substituted: column a.b: money becomes ...", and its kind for
 * programs: "substituted", "notCarried", "needed". */
char *dump_note_text(const struct plan_note *note);
const char *dump_note_kind(const struct plan_note *note);
/* "schema and data", "schema", "data". */
const char *dump_content(const struct dump *dump);

#endif
