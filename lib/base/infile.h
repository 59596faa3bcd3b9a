/*
 * A file to be read as a stream, gzip or plain: which of the two is told by its first bytes, from a
 * pipe too. Several gzip members count as one stream. A gzip stream that is cut off, damaged (its
 * CRC or length does not fit) or followed by something else is ERR_REFUSED; a file that is missing
 * or cannot be opened is ERR_USAGE.
 *
 * An empty file, and one of another format that its first bytes tell (other compressions, archives
 * of pg_dump), is ERR_REFUSED by the first read, with a hint how to convert it.
 */
#ifndef DBR_BASE_INFILE_H
#define DBR_BASE_INFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct infile;
/* path "-": standard input, from where it stands. A directory is ERR_USAGE, and so is a terminal. A
 * named pipe is opened at once; the first read waits for its writer. NULL on error. */
struct infile *infile_open(const char *path, struct err *err);
/* The next bytes, decompressed; *len 0 at the end, where everything was checked. A stop request
 * (base/stop.h) ends a wait for a pipe with ERR_STOPPED. size must not be 0. */
bool infile_read(struct infile *in, char *data, size_t size, size_t *len, struct err *err);
/* True for a regular file, which can be read twice. */
bool infile_can_rewind(const struct infile *in);
/* Back to where reading began, also after an error. ERR_USAGE for what cannot be rewound. */
bool infile_rewind(struct infile *in, struct err *err);
const char *infile_name(const struct infile *in); /* for messages: the path, or "standard input" */
bool infile_is_gzip(const struct infile *in);     /* known after the first read */
int64_t infile_size(const struct infile *in);     /* stored bytes, when opened; -1 for a pipe */
int64_t infile_position(const struct infile *in); /* stored bytes consumed so far */
void infile_free(struct infile *in);              /* NULL is fine */

#endif
