/* A progress line on stderr, drawn only when stderr is a terminal and the run is neither quiet nor
 * --json. */
#ifndef DBR_CLI_PROGRESS_H
#define DBR_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

void progress_enable(bool on); /* cli_main decides */
/* what: "copying users"; done of total in rows, total 0 when unknown; bytes so far. At most ten
 * redraws a second. The time left is told once the same thing has been done for a second. Thread
 * safe. */
void progress_update(const char *what, int64_t done, int64_t total, int64_t bytes);
/* The same where the bytes tell how far it is. */
void progress_update_bytes(const char *what, int64_t done, int64_t total, int64_t rows);
/* A thing that has many parts, maybe side by side: "copying", and the rows of all of them, 0 when
 * unknown. The share and the time left are those of the whole. */
void progress_begin(const char *what, int64_t total);
/* So much more of it is done, now of the part with that name ("users"). */
void progress_part(const char *part, int64_t rows, int64_t bytes);
void progress_clear(void); /* removes the line, before a log line or the result */

#endif
