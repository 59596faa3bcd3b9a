/*
 * One gzip member, compressed by several threads. The input is cut into blocks; each is deflated on
 * its own, with the 32 KiB before it as dictionary, and the results are strung together in order.
 * Where the cuts are depends on the input alone, so the output is the same, byte by byte, for any
 * number of threads. Nothing in it tells when or from what it was made.
 *
 * The threads compress; the output function is called by the caller's own thread, within
 * gz_blocks_write and gz_blocks_finish. At most 2 * threads + 1 blocks are in memory (128 KiB of
 * input each): an output that is slow makes gz_blocks_write wait.
 */
#ifndef DBR_BASE_GZ_BLOCKS_H
#define DBR_BASE_GZ_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GZ_BLOCKS_MAX_THREADS 64

struct gz_blocks;
/* Takes the next bytes of the gzip file. */
typedef bool gz_blocks_output(void *context, const void *data, size_t len, struct err *err);

/*
 * level: 1 to 9. threads: 1 to GZ_BLOCKS_MAX_THREADS; with 1 no thread is started and the caller's
 * own compresses, as it does where the system gives no threads.
 */
struct gz_blocks *gz_blocks_new(int level, int threads, gz_blocks_output *output, void *context,
                                struct err *err);
/* After an error every further call fails with the same one. */
bool gz_blocks_write(struct gz_blocks *gz, const void *data, size_t len, struct err *err);
/* The CRC-32 of what was written so far; waits for blocks that are being compressed. */
uint32_t gz_blocks_crc(struct gz_blocks *gz);
/* Ends the member. Nothing can be written after it. */
bool gz_blocks_finish(struct gz_blocks *gz, struct err *err);
void gz_blocks_free(struct gz_blocks *gz); /* NULL is fine; ends the threads */

#endif
