/* Reading streams: what comes back from files and pipes, plain or gzip, and that nothing damaged,
 * cut off or foreign passes for whole. */
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/gz_blocks.h"
#include "base/infile.h"
#include "base/mem.h"
#include "base/stop.h"
#include "unit.h"

static void add_rows(struct buf *out, size_t len)
{
    size_t end = out->len + len;
    for (unsigned i = 0; out->len < end; i++)
        buf_addf(out, "%u\tname%u@example.com\t%08x\n", i, i % 977, i * 2654435761U);
    buf_truncate(out, end);
}

static void add_noise(struct buf *out, size_t len)
{
    uint64_t seed = 88172645463325252U;
    for (size_t i = 0; i < len; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        buf_addch(out, (char)seed);
    }
}

/* Appends a gzip member; a name makes a header with every optional part but the extra field. */
static void add_member(struct buf *out, const char *data, size_t len, const char *name)
{
    z_stream stream = {0};
    gz_header header = {.hcrc = 1, .os = 3};

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    size_t bound = deflateBound(&stream, len) + 100;
    char *named = mem_strdup(name);
    header.name = (unsigned char *)named;
    header.comment = (unsigned char *)named;
    if (name)
        assert_int_equal(deflateSetHeader(&stream, &header), Z_OK);
    buf_grow(out, bound);
    char *copy = mem_alloc(len + 1);
    memcpy(copy, data, len);
    stream.next_in = (unsigned char *)copy;
    stream.avail_in = (uInt)len;
    stream.next_out = (unsigned char *)out->data + out->len;
    stream.avail_out = (uInt)bound;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->len += stream.total_out;
    (void)deflateEnd(&stream);
    free(copy);
    free(named);
}

static void store(const char *path, const char *data, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static bool read_rest(struct infile *in, size_t piece, struct buf *out, struct err *err)
{
    size_t len;
    do {
        buf_grow(out, piece);
        if (!infile_read(in, out->data + out->len, piece, &len, err))
            return false;
        assert_true(len <= piece);
        out->len += len;
    } while (len > 0);
    return true;
}

static bool read_path(const char *path, size_t piece, struct buf *out, struct err *err)
{
    struct infile *in = infile_open(path, err);
    assert_non_null(in);
    bool ok = read_rest(in, piece, out, err);
    infile_free(in);
    return ok;
}

static void assert_reads(const char *path, size_t piece, const struct buf *want)
{
    struct buf got = BUF_INIT;
    struct err err = ERR_INIT;

    assert_true(read_path(path, piece, &got, &err));
    assert_int_equal(got.len, want->len);
    assert_memory_equal(got.data, want->data, want->len);
    buf_release(&got);
}

static void assert_refused(const char *path, const char *message)
{
    struct buf got = BUF_INIT;
    struct err err = ERR_INIT;

    assert_false(read_path(path, 1000, &got, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_string_equal(err.message, message);
    buf_release(&got);
}

TEST(plain_and_gzip_files_come_back)
{
    static const size_t lengths[] = {1, 2, 7, 8, 131071, 131072, 131073, 700000};

    for (size_t i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
        struct buf data = BUF_INIT, gz = BUF_INIT;
        if (i % 2)
            add_rows(&data, lengths[i / 2]);
        else
            add_noise(&data, lengths[i / 2]);
        add_member(&gz, data.data, data.len, NULL);
        store("plain", data.data, data.len);
        store("gz", gz.data, gz.len);
        for (size_t piece = lengths[i / 2] < 1000 ? 1 : 999; piece < 1000000; piece *= 30) {
            assert_reads("plain", piece, &data);
            assert_reads("gz", piece, &data);
        }
        buf_release(&data);
        buf_release(&gz);
    }
}

static bool append(void *context, const void *data, size_t len, struct err *err)
{
    (void)err;
    buf_add(context, data, len);
    return true;
}

TEST(a_long_file_of_blocks_comes_back)
{
    struct buf data = BUF_INIT, gz = BUF_INIT;
    struct err err = ERR_INIT;

    add_rows(&data, 11 * 1000 * 1000);
    struct gz_blocks *blocks = gz_blocks_new(1, 2, append, &gz, &err);
    assert_true(gz_blocks_write(blocks, data.data, data.len, &err));
    assert_true(gz_blocks_finish(blocks, &err));
    gz_blocks_free(blocks);
    store("gz", gz.data, gz.len);
    assert_reads("gz", 65536, &data);
    buf_release(&data);
    buf_release(&gz);
}

TEST(several_members_are_one_stream)
{
    struct buf data = BUF_INIT, gz = BUF_INIT;

    add_member(&gz, "one\n", 4, "name");
    add_member(&gz, "", 0, NULL);
    add_member(&gz, "two\n", 4, NULL);
    store("gz", gz.data, gz.len);
    buf_adds(&data, "one\ntwo\n");
    for (size_t piece = 1; piece < 10; piece++)
        assert_reads("gz", piece, &data);
    /* The boundary lies within, at the end of and behind what one read of the file brings. */
    buf_reset(&data);
    add_noise(&data, 140000);
    for (size_t first = 131000; first < 131072; first += 3) {
        buf_reset(&gz);
        add_member(&gz, data.data, first, NULL);
        add_member(&gz, data.data + first, data.len - first, NULL);
        store("gz", gz.data, gz.len);
        assert_reads("gz", 200000, &data);
    }
    buf_release(&data);
    buf_release(&gz);
}

TEST(an_empty_stream_in_a_member_is_not_an_empty_file)
{
    struct buf data = BUF_INIT, gz = BUF_INIT;

    add_member(&gz, "", 0, NULL);
    store("gz", gz.data, gz.len);
    assert_reads("gz", 10, &data);
    store("nothing", "", 0);
    assert_refused("nothing", "nothing is empty");
    assert_refused("/dev/null", "/dev/null is empty");
    buf_release(&data);
    buf_release(&gz);
}

TEST(a_file_cut_off_anywhere_is_refused)
{
    struct buf data = BUF_INIT, gz = BUF_INIT;
    char message[100];

    add_rows(&data, 700);
    add_member(&gz, data.data, data.len, "file.sql");
    size_t first = gz.len;
    add_member(&gz, data.data, data.len, NULL);
    for (size_t len = 1; len < gz.len; len++) {
        store("gz", gz.data, len);
        (void)snprintf(message, sizeof message, "gz is cut off at byte %zu", len);
        if (len != first) /* that is a whole file */
            assert_refused("gz", message);
    }
    store("gz", gz.data, first);
    assert_reads("gz", 100, &data);
    buf_release(&data);
    buf_release(&gz);
}

/* Some bits mean nothing (the time in the header, padding in front of a byte). A flip must be
 * noticed or harmless, and all that carry data are noticed. */
TEST(no_flipped_bit_changes_what_is_read)
{
    struct buf data = BUF_INIT, gz = BUF_INIT, got = BUF_INIT;
    size_t noticed = 0, flips = 0;

    add_rows(&data, 700);
    add_member(&gz, data.data, data.len, NULL);
    store("gz", gz.data, gz.len);
    int fd = open("gz", O_WRONLY);
    for (size_t at = 2; at < gz.len; at++) { /* without the magic it is no gzip file */
        for (int bit = 0; bit < 8; bit++) {
            struct err err = ERR_INIT;
            char flipped = (char)(gz.data[at] ^ (1 << bit));
            assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
            buf_reset(&got);
            flips++;
            if (read_path("gz", 1000, &got, &err)) {
                assert_int_equal(got.len, data.len);
                assert_memory_equal(got.data, data.data, data.len);
            } else {
                assert_int_equal(err.code, ERR_REFUSED);
                assert_true(strstr(err.message, "gz is damaged at byte ") ||
                            strstr(err.message, "gz is cut off at byte "));
                noticed++;
            }
        }
        assert_int_equal(pwrite(fd, gz.data + at, 1, (off_t)at), 1);
    }
    (void)close(fd);
    /* Time, strength and system are 48 bits; text flag; 7 bits of padding at most. */
    assert_true(noticed >= flips - 48 - 1 - 7);
    buf_release(&data);
    buf_release(&gz);
    buf_release(&got);
}

TEST(flips_in_a_large_file_are_noticed)
{
    struct buf data = BUF_INIT, gz = BUF_INIT, got = BUF_INIT;

    add_rows(&data, 300000);
    add_member(&gz, data.data, data.len, NULL);
    store("gz", gz.data, gz.len);
    int fd = open("gz", O_WRONLY);
    for (size_t at = 10; at < gz.len; at += gz.len / 40) {
        struct err err = ERR_INIT;
        char flipped = (char)(gz.data[at] ^ (1 << (at % 8)));
        assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
        buf_reset(&got);
        assert_false(read_path("gz", 65536, &got, &err));
        assert_int_equal(err.code, ERR_REFUSED);
        assert_int_equal(pwrite(fd, gz.data + at, 1, (off_t)at), 1);
    }
    (void)close(fd);
    assert_reads("gz", 65536, &data);
    buf_release(&data);
    buf_release(&gz);
    buf_release(&got);
}

TEST(what_follows_the_end_is_refused)
{
    struct buf gz = BUF_INIT;

    add_member(&gz, "data\n", 5, NULL);
    size_t len = gz.len;
    buf_add(&gz, "\0", 1);
    store("gz", gz.data, gz.len);
    assert_refused("gz", "gz is damaged: 1 bytes behind its end are no gzip");
    buf_truncate(&gz, len);
    buf_adds(&gz, "garbage");
    store("gz", gz.data, gz.len);
    assert_refused("gz", "gz is damaged: 7 bytes behind its end are no gzip");
    buf_truncate(&gz, len);
    buf_adds(&gz, "\x1f\x8b\x09\x01");
    store("gz", gz.data, gz.len);
    assert_refused("gz", "gz is damaged at byte 29: unknown compression method");
    buf_release(&gz);
}

TEST(other_formats_are_named_with_what_to_do)
{
    static const struct {
        char magic[12];
        const char *message, *hint;
    } cases[] = {
        {"PGDMP\x01\x0e", "x is in the custom format of pg_dump",
         "convert it first: pg_restore -f - x | dbr-import --input=-"},
        {"toc.dat", "x is in the tar format of pg_dump",
         "convert it first: pg_restore -f - x | dbr-import --input=-"},
        {"\x28\xb5\x2f\xfd", "x is compressed with zstd",
         "decompress it first: zstd -dc x | dbr-import --input=-"},
        {"\xfd\x37zXZ", "x is compressed with xz",
         "decompress it first: xz -dc x | dbr-import --input=-"},
        {"BZh91AY", "x is compressed with bzip2",
         "decompress it first: bzip2 -dc x | dbr-import --input=-"},
        {"PK\x03\x04", "x is a zip archive", "unpack it first: funzip x | dbr-import --input=-"},
        {"\x04\x22\x4d\x18", "x is compressed with lz4",
         "decompress it first: lz4 -dc x | dbr-import --input=-"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = ERR_INIT;
        char data[10];
        size_t len;

        store("x", cases[i].magic, sizeof cases[i].magic);
        struct infile *in = infile_open("x", &err);
        assert_false(infile_read(in, data, sizeof data, &len, &err));
        assert_int_equal(err.code, ERR_REFUSED);
        assert_string_equal(err.message, cases[i].message);
        assert_string_equal(err.hint, cases[i].hint);
        infile_free(in);
    }
}

TEST(paths_that_cannot_be_read_are_named)
{
    struct err err = ERR_INIT;

    assert_null(infile_open("missing", &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_string_equal(err.message, "cannot open missing: No such file or directory");
    assert_null(infile_open("", &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_null(infile_open(".", &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_string_equal(err.message, "cannot read .: Is a directory");
    infile_free(NULL);
}

TEST(a_file_can_be_read_twice)
{
    struct buf data = BUF_INIT, gz = BUF_INIT, got = BUF_INIT;
    struct err err = ERR_INIT;
    char piece[100];
    size_t len;

    add_rows(&data, 300000);
    add_member(&gz, data.data, data.len, NULL);
    store("gz", gz.data, gz.len);
    struct infile *in = infile_open("gz", &err);
    assert_string_equal(infile_name(in), "gz");
    assert_true(infile_can_rewind(in));
    assert_int_equal(infile_size(in), gz.len);
    assert_int_equal(infile_position(in), 0);
    assert_true(infile_read(in, piece, sizeof piece, &len, &err));
    assert_true(infile_is_gzip(in));
    assert_in_range(infile_position(in), 1, gz.len - 1);
    for (int i = 0; i < 2; i++) {
        assert_true(infile_rewind(in, &err));
        assert_int_equal(infile_position(in), 0);
        buf_reset(&got);
        assert_true(read_rest(in, 5000, &got, &err));
        assert_int_equal(infile_position(in), gz.len);
        assert_int_equal(got.len, data.len);
        assert_memory_equal(got.data, data.data, data.len);
    }
    infile_free(in);

    /* After an error as well. */
    store("gz", gz.data, gz.len - 1);
    in = infile_open("gz", &err);
    for (int i = 0; i < 2; i++) {
        err_clear(&err);
        buf_reset(&got);
        assert_false(read_rest(in, 5000, &got, &err));
        assert_int_equal(err.code, ERR_REFUSED);
        assert_true(infile_rewind(in, &err));
    }
    infile_free(in);

    store("plain", "some text", 9);
    in = infile_open("plain", &err);
    assert_true(infile_read(in, piece, sizeof piece, &len, &err));
    assert_false(infile_is_gzip(in));
    assert_int_equal(infile_position(in), 9);
    assert_true(infile_rewind(in, &err));
    assert_true(infile_read(in, piece, 4, &len, &err));
    assert_int_equal(len, 4);
    assert_int_equal(infile_position(in), 4);
    infile_free(in);
    buf_release(&data);
    buf_release(&gz);
    buf_release(&got);
}

static int read_standard_input(void *context)
{
    struct buf got = BUF_INIT;
    struct err err = ERR_INIT;
    long skip = *(long *)context;

    int fd = open("file", O_RDONLY);
    if (dup2(fd, STDIN_FILENO) < 0 || lseek(STDIN_FILENO, skip, SEEK_SET) != skip)
        return 1;
    struct infile *in = infile_open("-", &err);
    if (!in || !infile_can_rewind(in) || strcmp(infile_name(in), "standard input") != 0 ||
        infile_size(in) != 10 - skip)
        return 2;
    for (int i = 0; i < 2; i++) {
        buf_reset(&got);
        if (!read_rest(in, 3, &got, &err) || infile_position(in) != 10 - skip ||
            memcmp(got.data, "0123456789" + skip, got.len) != 0 || !infile_rewind(in, &err))
            return 3;
    }
    infile_free(in);
    (void)close(fd);
    buf_release(&got);
    return fcntl(STDIN_FILENO, F_GETFD) >= 0 ? 0 : 4; /* it is left open */
}

TEST(standard_input_is_read_from_where_it_stands)
{
    long skip[] = {0, 4};

    unit_write("file", "0123456789");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(unit_child(read_standard_input, &skip[i]), 0);
}

static int read_terminal(void *context)
{
    struct err err = ERR_INIT;
    int leader, follower;
    (void)context;
    if (openpty(&leader, &follower, NULL, NULL, NULL) != 0 || dup2(follower, STDIN_FILENO) < 0)
        return 1;
    if (infile_open("-", &err) || err.code != ERR_USAGE)
        return 2;
    return strcmp(err.message, "cannot read standard input: it is a terminal") == 0 ? 0 : 3;
}

TEST(a_terminal_is_not_read)
{
    assert_int_equal(unit_child(read_terminal, NULL), 0);
}

struct feed {
    int fd;
    const struct buf *data;
};

static void *feed_bytes(void *context)
{
    struct feed *feed = context;
    for (size_t i = 0; i < feed->data->len; i++)
        if (write(feed->fd, feed->data->data + i, 1) != 1)
            break;
    (void)close(feed->fd);
    return NULL;
}

/* A pipe in packet mode: each read brings the one byte that one write sent. */
static struct infile *open_pipe(const struct buf *data, struct feed *feed, pthread_t *writer,
                                int *end)
{
    struct err err = ERR_INIT;
    char path[32];
    int ends[2];

    assert_int_equal(pipe2(ends, O_DIRECT | O_CLOEXEC), 0);
    *feed = (struct feed){ends[1], data};
    *end = ends[0];
    (void)snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct infile *in = infile_open(path, &err);
    assert_non_null(in);
    assert_int_equal(pthread_create(writer, NULL, feed_bytes, feed), 0);
    return in;
}

static void assert_pipe(const struct buf *stored, bool works, const char *want)
{
    struct buf got = BUF_INIT;
    struct err err = ERR_INIT;
    struct feed feed;
    pthread_t writer;
    int end;

    struct infile *in = open_pipe(stored, &feed, &writer, &end);
    assert_false(infile_can_rewind(in));
    assert_false(infile_rewind(in, &err));
    assert_int_equal(infile_size(in), -1);
    assert_int_equal(read_rest(in, 100, &got, &err), works);
    if (works) {
        assert_int_equal(got.len, strlen(want));
        assert_memory_equal(got.data, want, got.len);
        assert_int_equal(infile_position(in), stored->len);
    } else {
        assert_int_equal(err.code, ERR_REFUSED);
        assert_non_null(strstr(err.message, want));
    }
    (void)pthread_join(writer, NULL);
    (void)close(end);
    infile_free(in);
    buf_release(&got);
}

TEST(a_pipe_may_bring_single_bytes)
{
    struct buf stored = BUF_INIT, text = BUF_INIT;

    (void)signal(SIGPIPE, SIG_IGN);
    buf_adds(&stored, "x");
    assert_pipe(&stored, true, "x");
    buf_adds(&stored, ", and more text than is looked at for the format");
    assert_pipe(&stored, true, stored.data);

    add_rows(&text, 3000);
    buf_reset(&stored);
    add_member(&stored, text.data, 1000, "name");
    add_member(&stored, text.data + 1000, 2000, NULL);
    assert_pipe(&stored, true, text.data);
    stored.data[stored.len - 1] ^= 1;
    assert_pipe(&stored, false, "is damaged at byte");
    stored.data[stored.len - 1] ^= 1;
    buf_adds(&stored, "garbage");
    assert_pipe(&stored, false, "is damaged: what follows its end at byte");
    buf_truncate(&stored, stored.len - 8);
    assert_pipe(&stored, false, "is cut off");
    buf_reset(&stored);
    assert_pipe(&stored, false, "is empty");
    buf_adds(&stored, "PGDMP");
    assert_pipe(&stored, false, "is in the custom format of pg_dump");
    buf_release(&stored);
    buf_release(&text);
}

static void *write_later(void *context)
{
    (void)context;
    clock_sleep_ms(50);
    int fd = open("fifo", O_WRONLY);
    clock_sleep_ms(20);
    if (write(fd, "some text", 9) == 9)
        (void)close(fd);
    return NULL;
}

TEST(a_named_pipe_is_read_when_its_writer_comes)
{
    struct buf want = BUF_INIT;
    pthread_t writer;

    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_later, NULL), 0);
    buf_adds(&want, "some text");
    assert_reads("fifo", 100, &want);
    (void)pthread_join(writer, NULL);
    buf_release(&want);
}

static int read_silent_pipe(void *context)
{
    struct err err = ERR_INIT;
    char data[10];
    size_t len;
    int ends[2];

    stop_install();
    (void)alarm(20);
    if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0)
        return 1;
    struct infile *in = infile_open(context, &err);
    if (!in)
        return 2;
    if (fork() == 0) {
        clock_sleep_ms(50);
        (void)kill(getppid(), SIGTERM);
        _exit(0);
    }
    if (infile_read(in, data, sizeof data, &len, &err) || err.code != ERR_STOPPED)
        return 3;
    (void)wait(NULL);
    infile_free(in);
    return 0;
}

TEST(a_stop_ends_the_wait_for_a_pipe)
{
    char paths[][8] = {"-", "fifo"};

    assert_int_equal(mkfifo("fifo", 0600), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(unit_child(read_silent_pipe, paths[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(plain_and_gzip_files_come_back),
        IN_DIR(a_long_file_of_blocks_comes_back),
        IN_DIR(several_members_are_one_stream),
        IN_DIR(an_empty_stream_in_a_member_is_not_an_empty_file),
        IN_DIR(a_file_cut_off_anywhere_is_refused),
        IN_DIR(no_flipped_bit_changes_what_is_read),
        IN_DIR(flips_in_a_large_file_are_noticed),
        IN_DIR(what_follows_the_end_is_refused),
        IN_DIR(other_formats_are_named_with_what_to_do),
        IN_DIR(paths_that_cannot_be_read_are_named),
        IN_DIR(a_file_can_be_read_twice),
        IN_DIR(standard_input_is_read_from_where_it_stands),
        IN_DIR(a_terminal_is_not_read),
        IN_DIR(a_pipe_may_bring_single_bytes),
        IN_DIR(a_named_pipe_is_read_when_its_writer_comes),
        IN_DIR(a_stop_ends_the_wait_for_a_pipe),
    };
    return cmocka_run_group_tests_name("infile", tests, NULL, NULL);
}
