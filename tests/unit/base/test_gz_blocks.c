/* Parallel gzip: one valid member for any input, level and number of threads, the same bytes for
 * each number, and errors of the output that stick. */
#include <pthread.h>
#include <signal.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/gz_blocks.h"
#include "base/mem.h"
#include "unit.h"

#define BLOCK ((size_t)128 * 1024)

/* What the output function was given; fails once more than limit bytes would be held. */
struct sink {
    struct buf data;
    size_t limit;
    pthread_t thread;
    int failures;
};
#define SINK_INIT                                                                                  \
    {                                                                                              \
        .data = BUF_INIT, .limit = SIZE_MAX, .thread = pthread_self()                              \
    }

static bool take(void *context, const void *data, size_t len, struct err *err)
{
    struct sink *sink = context;
    assert_true(pthread_equal(sink->thread, pthread_self()));
    if (len > sink->limit - sink->data.len) {
        sink->failures++;
        return err_set(err, ERR_FAILED, "the sink is full");
    }
    buf_add(&sink->data, data, len);
    return true;
}

static void fill_noise(char *data, size_t len)
{
    uint64_t seed = 88172645463325252U;
    for (size_t i = 0; i < len; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        data[i] = (char)seed;
    }
}

/* Rows with repetitions far and near, so that the dictionary of a block matters. */
static void fill_rows(char *data, size_t len)
{
    char row[80];
    size_t at = 0;
    for (unsigned i = 0; at < len; i++) {
        int n = snprintf(row, sizeof row, "%u\tname%u@example.com\t%08x\tactive\t\\N\n", i, i % 977,
                         i * 2654435761U);
        size_t piece = len - at < (size_t)n ? len - at : (size_t)n;
        memcpy(data + at, row, piece);
        at += piece;
    }
}

static void pack(struct sink *sink, const char *data, size_t len, size_t piece, int level,
                 int threads)
{
    struct err err = ERR_INIT;
    struct gz_blocks *gz = gz_blocks_new(level, threads, take, sink, &err);
    assert_non_null(gz);
    for (size_t at = 0; at < len; at += piece)
        assert_true(gz_blocks_write(gz, data + at, len - at < piece ? len - at : piece, &err));
    assert_true(gz_blocks_finish(gz, &err));
    assert_int_equal(gz_blocks_crc(gz), crc32_z(0, (const unsigned char *)data, len));
    gz_blocks_free(gz);
}

/* zlib checks CRC and length; nothing may follow the one member. */
static void assert_unpacks(const struct buf *packed, const char *data, size_t len)
{
    z_stream stream = {0};
    unsigned char *plain = mem_alloc(len + 1);

    assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    stream.next_in = (unsigned char *)packed->data;
    stream.avail_in = (uInt)packed->len;
    stream.next_out = plain;
    stream.avail_out = (uInt)(len + 1);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, len);
    assert_true(len == 0 || memcmp(plain, data, len) == 0);
    (void)inflateEnd(&stream);
    free(plain);
}

static void assert_same_for_all_threads(const char *data, size_t len, size_t piece, int level)
{
    struct sink first = SINK_INIT;

    pack(&first, data, len, piece, level, 1);
    assert_unpacks(&first.data, data, len);
    for (int threads = 2; threads <= 3; threads++) {
        struct sink other = SINK_INIT;
        pack(&other, data, len, piece + 1, level, threads);
        assert_int_equal(other.data.len, first.data.len);
        assert_memory_equal(other.data.data, first.data.data, first.data.len);
        buf_release(&other.data);
    }
    buf_release(&first.data);
}

TEST(every_length_around_a_block_comes_back)
{
    static const size_t lengths[] = {0,     1,         2,         3000,         BLOCK - 1,
                                     BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1};
    char *rows = mem_alloc(3 * BLOCK);

    fill_rows(rows, 3 * BLOCK);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        assert_same_for_all_threads(rows, lengths[i], 40000, 6);
    free(rows);
}

TEST(noise_comes_back_at_every_level)
{
    size_t len = BLOCK + 77;
    char *noise = mem_alloc(len);

    fill_noise(noise, len);
    for (int level = 1; level <= 9; level++)
        assert_same_for_all_threads(noise, len, 100000, level);
    free(noise);
}

TEST(rows_come_back_at_every_level)
{
    size_t len = BLOCK + 77;
    char *rows = mem_alloc(len);

    fill_rows(rows, len);
    for (int level = 1; level <= 9; level++)
        assert_same_for_all_threads(rows, len, 231, level);
    free(rows);
}

TEST(a_long_input_goes_round_the_ring)
{
    size_t len = 11 * 1000 * 1000 + 13;
    char *rows = mem_alloc(len);

    fill_rows(rows, len);
    assert_same_for_all_threads(rows, len, 1000000, 1);
    free(rows);
}

/* Blocks cost what their dictionary saves: within 1% of one stream of zlib. */
TEST(blocks_compress_as_well_as_one_stream)
{
    size_t len = 10 * BLOCK;
    char *rows = mem_alloc(len);
    struct sink sink = SINK_INIT;
    uLongf whole = compressBound(len);
    unsigned char *packed = mem_alloc(whole);

    fill_rows(rows, len);
    pack(&sink, rows, len, len, 6, 2);
    assert_int_equal(compress2(packed, &whole, (unsigned char *)rows, len, 6), Z_OK);
    assert_true(sink.data.len < whole + whole / 100);
    buf_release(&sink.data);
    free(packed);
    free(rows);
}

TEST(the_header_tells_nothing)
{
    static const unsigned char header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    struct sink sink = SINK_INIT;

    pack(&sink, "x", 1, 1, 6, 1);
    assert_memory_equal(sink.data.data, header, sizeof header);
    buf_release(&sink.data);
}

TEST(gzip_accepts_it)
{
    size_t len = 3 * BLOCK;
    char *rows = mem_alloc(len);
    struct sink sink = SINK_INIT;

    fill_rows(rows, len);
    pack(&sink, rows, len, 1000, 6, 2);
    FILE *file = fopen("x.gz", "w");
    assert_non_null(file);
    assert_int_equal(fwrite(sink.data.data, 1, sink.data.len, file), sink.data.len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(system("gzip -t x.gz 2>gzip.err"), 0);
    buf_release(&sink.data);
    free(rows);
}

TEST(the_crc_is_right_at_any_moment)
{
    size_t len = 5 * BLOCK;
    char *rows = mem_alloc(len);
    struct sink sink = SINK_INIT;
    struct err err = ERR_INIT;

    fill_rows(rows, len);
    for (int threads = 1; threads <= 2; threads++) {
        struct gz_blocks *gz = gz_blocks_new(1, threads, take, &sink, &err);
        assert_int_equal(gz_blocks_crc(gz), 0);
        for (size_t at = 0; at < len; at += BLOCK / 4) {
            assert_true(gz_blocks_write(gz, rows + at, BLOCK / 4, &err));
            assert_int_equal(gz_blocks_crc(gz),
                             crc32_z(0, (const unsigned char *)rows, at + BLOCK / 4));
        }
        gz_blocks_free(gz); /* without a finish */
    }
    buf_release(&sink.data);
    free(rows);
}

TEST(an_output_that_fails_is_reported_from_then_on)
{
    static const size_t limits[] = {0, 9, 10, 1000, 5 * BLOCK};
    size_t len = 12 * BLOCK;
    char *noise = mem_alloc(len);

    fill_noise(noise, len);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (int threads = 1; threads <= 3; threads++) {
            struct sink sink = SINK_INIT;
            struct err err = ERR_INIT;
            sink.limit = limits[i];
            struct gz_blocks *gz = gz_blocks_new(1, threads, take, &sink, &err);
            assert_false(gz_blocks_write(gz, noise, len, &err));
            assert_int_equal(err.code, ERR_FAILED);
            assert_string_equal(err.message, "the sink is full");
            err_clear(&err);
            assert_false(gz_blocks_write(gz, "x", 1, &err));
            assert_string_equal(err.message, "the sink is full");
            err_clear(&err);
            assert_false(gz_blocks_finish(gz, &err));
            assert_string_equal(err.message, "the sink is full");
            assert_int_equal(sink.failures, 1); /* and it was not asked again */
            gz_blocks_free(gz);
            buf_release(&sink.data);
        }
    }
    free(noise);
}

TEST(an_output_that_fails_at_the_very_end_fails_the_finish)
{
    struct sink whole = SINK_INIT;

    pack(&whole, "hello", 5, 5, 6, 2);
    for (size_t limit = 0; limit < whole.data.len; limit++) {
        struct sink sink = SINK_INIT;
        struct err err = ERR_INIT;
        sink.limit = limit;
        struct gz_blocks *gz = gz_blocks_new(6, 2, take, &sink, &err);
        assert_true(gz_blocks_write(gz, "hello", 5, &err));
        assert_false(gz_blocks_finish(gz, &err));
        assert_string_equal(err.message, "the sink is full");
        gz_blocks_free(gz);
        buf_release(&sink.data);
    }
    buf_release(&whole.data);
}

TEST(wrong_uses_are_errors)
{
    struct sink sink = SINK_INIT;
    struct err err = ERR_INIT;

    assert_null(gz_blocks_new(0, 1, take, &sink, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_null(gz_blocks_new(10, 1, take, &sink, &err));
    assert_null(gz_blocks_new(6, 0, take, &sink, &err));
    assert_null(gz_blocks_new(6, GZ_BLOCKS_MAX_THREADS + 1, take, &sink, &err));
    gz_blocks_free(NULL);

    struct gz_blocks *gz = gz_blocks_new(6, 2, take, &sink, &err);
    assert_true(gz_blocks_finish(gz, &err));
    size_t len = sink.data.len;
    assert_false(gz_blocks_write(gz, "x", 1, &err));
    assert_false(gz_blocks_finish(gz, &err));
    assert_int_equal(err.code, ERR_FAILED);
    assert_int_equal(sink.data.len, len);
    gz_blocks_free(gz);
    buf_release(&sink.data);
}

static int counted;
static void count(int number)
{
    (void)number;
    counted++;
}

static bool note_threads(void *context, const void *data, size_t len, struct err *err)
{
    (void)data;
    (void)len;
    (void)err;
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    int *threads = context;
    assert_non_null(status);
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "Threads:", 8) == 0)
            *threads = (int)strtol(line + 8, NULL, 10);
    (void)fclose(status);
    return true;
}

TEST(one_thread_means_no_other)
{
    struct err err = ERR_INIT;
    int before = 0, now = 0;

    assert_true(note_threads(&before, NULL, 0, &err)); /* a sanitizer has one of its own */
    for (int threads = 1; threads <= 3; threads++) {
        struct gz_blocks *gz = gz_blocks_new(6, threads, note_threads, &now, &err);
        assert_true(gz_blocks_finish(gz, &err));
        assert_int_equal(now, before + (threads == 1 ? 0 : threads));
        gz_blocks_free(gz);
    }
}

/* A wait in the caller's thread is to be ended by a signal; a worker must not swallow it. */
TEST(signals_reach_the_callers_thread)
{
    struct sigaction action = {.sa_handler = count}, old;
    struct sink sink = SINK_INIT;
    struct err err = ERR_INIT;
    sigset_t blocked, before;

    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    struct gz_blocks *gz = gz_blocks_new(6, 3, take, &sink, &err);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_true(gz_blocks_finish(gz, &err));
    gz_blocks_free(gz);
    assert_int_equal(counted, 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(counted, 1);
    (void)sigaction(SIGUSR1, &old, NULL);
    buf_release(&sink.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_around_a_block_comes_back),
        cmocka_unit_test(noise_comes_back_at_every_level),
        cmocka_unit_test(rows_come_back_at_every_level),
        cmocka_unit_test(a_long_input_goes_round_the_ring),
        cmocka_unit_test(blocks_compress_as_well_as_one_stream),
        cmocka_unit_test(the_header_tells_nothing),
        IN_DIR(gzip_accepts_it),
        cmocka_unit_test(the_crc_is_right_at_any_moment),
        cmocka_unit_test(an_output_that_fails_is_reported_from_then_on),
        cmocka_unit_test(an_output_that_fails_at_the_very_end_fails_the_finish),
        cmocka_unit_test(wrong_uses_are_errors),
        cmocka_unit_test(one_thread_means_no_other),
        cmocka_unit_test(signals_reach_the_callers_thread),
    };
    return cmocka_run_group_tests_name("gz_blocks", tests, NULL, NULL);
}
