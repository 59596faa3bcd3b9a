/*
 * Parallel gzip. Blocks go round a ring: the caller fills one and submits it, the workers take them
 * in that order, the caller writes them out in that order and fills them again. The three counters
 * only grow: written <= taken <= submitted <= written + block_count.
 *
 * A block ends with a sync flush, which brings deflate to a whole byte; so raw deflate data of one
 * block can follow that of another, and only the last one carries the end mark.
 */
#include "base/gz_blocks.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"

#define BLOCK ((size_t)128 * 1024)
#define DICTIONARY ((size_t)32 * 1024)
#define FLUSH_ROOM 64 /* the sync flush comes on top of what deflateBound promises */
#define MEM_LEVEL 8   /* 9 compresses no better and leaves the cache: a tenth slower */
#define OS_UNIX 3

struct block {
    unsigned char *out;
    size_t len;
    size_t out_len;
    uLong crc;
    bool first;
    bool last;
    bool done; /* under the mutex, as are out_len, crc and bad until it is set */
    bool bad;
    unsigned char in[DICTIONARY + BLOCK]; /* what came before it, then its own */
};

struct worker {
    struct gz_blocks *gz;
    z_stream stream;
    pthread_t thread;
};

struct gz_blocks {
    gz_blocks_output *output;
    void *context;
    int level;
    struct worker *workers;
    size_t worker_count;
    size_t started; /* threads; 0: the caller compresses with the first worker's stream */
    struct block *blocks;
    size_t block_count;
    size_t out_size;
    pthread_mutex_t mutex;
    pthread_cond_t submitted_changed;
    pthread_cond_t done_changed;
    bool quit;
    uint64_t submitted;
    uint64_t taken;
    uint64_t written; /* the caller's own */
    uLong crc;        /* of the blocks that are written */
    uint64_t length;
    bool has_header;
    bool finished;
    struct err failure; /* what every call after it reports */
};

static void compress_block(struct gz_blocks *gz, z_stream *stream, struct block *block)
{
    unsigned char *own = block->in + DICTIONARY;
    bool ok = deflateReset(stream) == Z_OK &&
              (block->first || deflateSetDictionary(stream, block->in, (uInt)DICTIONARY) == Z_OK);

    block->crc = crc32(0, own, (uInt)block->len);
    stream->next_in = own;
    stream->avail_in = (uInt)block->len;
    stream->next_out = block->out;
    stream->avail_out = (uInt)gz->out_size;
    int rc = deflate(stream, block->last ? Z_FINISH : Z_SYNC_FLUSH);
    /* A flush is complete only when it left room. */
    block->bad = !ok || rc != (block->last ? Z_STREAM_END : Z_OK) || stream->avail_out == 0;
    block->out_len = gz->out_size - stream->avail_out;
}

static struct block *block_at(struct gz_blocks *gz, uint64_t number)
{
    return &gz->blocks[number % gz->block_count];
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct gz_blocks *gz = worker->gz;

    (void)pthread_mutex_lock(&gz->mutex);
    for (;;) {
        while (!gz->quit && gz->taken == gz->submitted)
            (void)pthread_cond_wait(&gz->submitted_changed, &gz->mutex);
        if (gz->quit)
            break;
        struct block *block = block_at(gz, gz->taken++);
        (void)pthread_mutex_unlock(&gz->mutex);
        compress_block(gz, &worker->stream, block);
        (void)pthread_mutex_lock(&gz->mutex);
        block->done = true;
        (void)pthread_cond_signal(&gz->done_changed);
    }
    (void)pthread_mutex_unlock(&gz->mutex);
    return NULL;
}

/* With fewer threads than asked for it goes slower, not wrong. */
static void start_threads(struct gz_blocks *gz)
{
    sigset_t all, old;

    /* Signals are for the caller's thread, whose waits they shall end. */
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    while (gz->started < gz->worker_count && pthread_create(&gz->workers[gz->started].thread, NULL,
                                                            work, &gz->workers[gz->started]) == 0)
        gz->started++;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static bool open_streams(struct gz_blocks *gz, size_t count, struct err *err)
{
    gz->workers = mem_alloc(count * sizeof *gz->workers);
    for (; gz->worker_count < count; gz->worker_count++) {
        struct worker *worker = &gz->workers[gz->worker_count];

        worker->gz = gz;
        int rc = deflateInit2(&worker->stream, gz->level, Z_DEFLATED, -MAX_WBITS, MEM_LEVEL,
                              Z_DEFAULT_STRATEGY);
        if (rc == Z_MEM_ERROR)
            mem_abort();
        if (rc != Z_OK)
            return err_internal(err, "cannot compress at level %d: zlib error %d", gz->level, rc);
    }
    return true;
}

struct gz_blocks *gz_blocks_new(int level, int threads, gz_blocks_output *output, void *context,
                                struct err *err)
{
    if (level < 1 || level > 9 || threads < 1 || threads > GZ_BLOCKS_MAX_THREADS) {
        err_set_hint(err, ERR_USAGE, "levels are from 1 to 9, and threads from 1 on",
                     "cannot compress at level %d with %d threads", level, threads);
        return NULL;
    }
    struct gz_blocks *gz = mem_alloc(sizeof *gz);
    gz->output = output;
    gz->context = context;
    gz->level = level;
    gz->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    gz->submitted_changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    gz->done_changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    if (!open_streams(gz, (size_t)threads, err)) {
        gz_blocks_free(gz);
        return NULL;
    }
    gz->out_size = deflateBound(&gz->workers[0].stream, (uLong)BLOCK) + FLUSH_ROOM;
    if (threads > 1)
        start_threads(gz);
    gz->block_count = gz->started > 0 ? 2 * gz->started + 1 : 1;
    gz->blocks = mem_alloc(gz->block_count * sizeof *gz->blocks);
    for (size_t i = 0; i < gz->block_count; i++)
        gz->blocks[i].out = mem_realloc(NULL, gz->out_size);
    gz->blocks[0].first = true;
    return gz;
}

/* Keeps the error that broke the stream. */
static bool fail(struct gz_blocks *gz, const struct err *why, struct err *err)
{
    gz->failure = *why;
    if (err)
        *err = *why;
    return false;
}

static bool usable(const struct gz_blocks *gz, struct err *err)
{
    if (gz->failure.code != ERR_NONE) {
        if (err)
            *err = gz->failure;
        return false;
    }
    return !gz->finished || err_internal(err, "the compressed stream has ended");
}

static bool put(struct gz_blocks *gz, const void *data, size_t len, struct err *err)
{
    struct err why = ERR_INIT;
    return gz->output(gz->context, data, len, &why) || fail(gz, &why, err);
}

static bool put_header(struct gz_blocks *gz, struct err *err)
{
    /* Magic, method; no flags, no time; how hard it tried; the system. */
    unsigned char header[10] = {0x1f, 0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 0, OS_UNIX};

    if (gz->has_header)
        return true;
    gz->has_header = true;
    header[8] = gz->level == 9 ? 2 : gz->level == 1 ? 4 : 0;
    return put(gz, header, sizeof header, err);
}

static void put_le32(unsigned char *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static bool put_trailer(struct gz_blocks *gz, struct err *err)
{
    unsigned char trailer[8];

    put_le32(trailer, (uint32_t)gz->crc);
    put_le32(trailer + 4, (uint32_t)gz->length); /* modulo 2^32, as the format has it */
    return put(gz, trailer, sizeof trailer, err);
}

static bool is_done(struct gz_blocks *gz, const struct block *block)
{
    (void)pthread_mutex_lock(&gz->mutex);
    bool done = block->done;
    (void)pthread_mutex_unlock(&gz->mutex);
    return done;
}

static void wait_done(struct gz_blocks *gz, const struct block *block)
{
    (void)pthread_mutex_lock(&gz->mutex);
    while (!block->done)
        (void)pthread_cond_wait(&gz->done_changed, &gz->mutex);
    (void)pthread_mutex_unlock(&gz->mutex);
}

static bool write_oldest(struct gz_blocks *gz, struct err *err)
{
    struct block *block = block_at(gz, gz->written);
    struct err why = ERR_INIT;

    wait_done(gz, block);
    gz->written++;
    if (block->bad) {
        err_internal(&why, "cannot compress: zlib failed");
        return fail(gz, &why, err);
    }
    gz->crc = crc32_combine(gz->crc, block->crc, (z_off_t)block->len);
    gz->length += block->len;
    return put_header(gz, err) && put(gz, block->out, block->out_len, err);
}

/* Hands over the block that was being filled, and writes what is ready; afterwards there is a block
 * to fill again. */
static bool submit(struct gz_blocks *gz, struct err *err)
{
    struct block *block = block_at(gz, gz->submitted);

    if (gz->started == 0) {
        compress_block(gz, &gz->workers[0].stream, block);
        block->done = true;
        gz->submitted++;
    } else {
        (void)pthread_mutex_lock(&gz->mutex);
        gz->submitted++;
        (void)pthread_cond_signal(&gz->submitted_changed);
        (void)pthread_mutex_unlock(&gz->mutex);
    }
    while (gz->written < gz->submitted && (gz->submitted - gz->written == gz->block_count ||
                                           is_done(gz, block_at(gz, gz->written))))
        if (!write_oldest(gz, err))
            return false;
    return true;
}

/* Only full blocks have another behind them, and they are longer than a dictionary. */
static void begin_block(struct gz_blocks *gz)
{
    const struct block *before = block_at(gz, gz->submitted - 1);
    struct block *block = block_at(gz, gz->submitted);

    memmove(block->in, before->in + BLOCK, DICTIONARY);
    block->len = 0;
    block->first = false;
    block->done = false;
}

bool gz_blocks_write(struct gz_blocks *gz, const void *data, size_t len, struct err *err)
{
    const char *next = data;

    if (!usable(gz, err))
        return false;
    while (len > 0) {
        struct block *block = block_at(gz, gz->submitted);
        size_t piece = BLOCK - block->len < len ? BLOCK - block->len : len;

        memcpy(block->in + DICTIONARY + block->len, next, piece);
        block->len += piece;
        next += piece;
        len -= piece;
        if (block->len == BLOCK) {
            if (!submit(gz, err))
                return false;
            begin_block(gz);
        }
    }
    return true;
}

uint32_t gz_blocks_crc(struct gz_blocks *gz)
{
    uLong crc = gz->crc;

    for (uint64_t i = gz->written; i < gz->submitted; i++) {
        const struct block *block = block_at(gz, i);
        wait_done(gz, block);
        crc = crc32_combine(crc, block->crc, (z_off_t)block->len);
    }
    if (!gz->finished) {
        const struct block *block = block_at(gz, gz->submitted);
        crc = crc32(crc, block->in + DICTIONARY, (uInt)block->len);
    }
    return (uint32_t)crc;
}

bool gz_blocks_finish(struct gz_blocks *gz, struct err *err)
{
    if (!usable(gz, err))
        return false;
    gz->finished = true;
    block_at(gz, gz->submitted)->last = true;
    if (!submit(gz, err))
        return false;
    while (gz->written < gz->submitted)
        if (!write_oldest(gz, err))
            return false;
    return put_trailer(gz, err);
}

void gz_blocks_free(struct gz_blocks *gz)
{
    if (!gz)
        return;
    (void)pthread_mutex_lock(&gz->mutex);
    gz->quit = true;
    (void)pthread_cond_broadcast(&gz->submitted_changed);
    (void)pthread_mutex_unlock(&gz->mutex);
    for (size_t i = 0; i < gz->started; i++)
        (void)pthread_join(gz->workers[i].thread, NULL);
    for (size_t i = 0; i < gz->worker_count; i++)
        (void)deflateEnd(&gz->workers[i].stream);
    for (size_t i = 0; i < gz->block_count; i++)
        free(gz->blocks[i].out);
    (void)pthread_cond_destroy(&gz->submitted_changed);
    (void)pthread_cond_destroy(&gz->done_changed);
    (void)pthread_mutex_destroy(&gz->mutex);
    free(gz->blocks);
    free(gz->workers);
    free(gz);
}
