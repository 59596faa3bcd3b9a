/* Whole values in the salvage file, narrow and wide. */
#include <string.h>

#include "base/mem.h"
#include "db/engine_dml.h"
#include "repl/archive.h"
#include "unit.h"

static struct model_column columns[] = {
    {.name = "i", .type_name = "int4", .type_schema = "pg_catalog"},
    {.name = "t\"", .type_name = "text", .type_schema = "pg_catalog"},
    {.name = "j", .type_name = "json", .type_schema = "pg_catalog"},
    {.name = "b", .type_name = "bytea", .type_schema = "pg_catalog"},
};
static const struct model_column *all[] = {&columns[0], &columns[1], &columns[2], &columns[3]};
static struct model_table table = {.name = "t", .kind = 'r'};
static const struct row_table rows = {.schema = "public",
                                      .table = &table,
                                      .dml = &postgres_dml,
                                      .columns = all,
                                      .column_count = 4,
                                      .keys = all,
                                      .key_count = 1};

static void add(struct archive *archive, size_t column, const char *text)
{
    struct err err = ERR_INIT;

    assert_true(archive_value(archive, &columns[column], text, text ? strlen(text) : 0, &err));
}

/* The line after "key":, in text. */
static void write_line(const char *wide, char *text, size_t size)
{
    struct archive archive;
    struct err err = ERR_INIT;

    archive_init(&archive, ".", "import");
    assert_true(archive_begin(&archive, &rows, &err));
    assert_true(archive_object(&archive, "key", &err));
    add(&archive, 0, "7");
    assert_true(archive_object(&archive, "lost", &err));
    add(&archive, 0, "7");
    add(&archive, 1, wide);
    add(&archive, 2, "{\"a\":\n1}");
    add(&archive, 3, "\\x00ff");
    assert_true(archive_object(&archive, "kept", &err));
    add(&archive, 1, NULL);
    add(&archive, 1, "");
    assert_true(archive_end(&archive, "import", true, &err));
    assert_true(archive_sync(&archive, &err));
    assert_true(archive_close(&archive, &err));
    assert_int_equal(system("gzip -dc salvage/*.gz | sed 's/.*\"key\"/\"key\"/' >line"), 0);
    unit_read("line", text, size);
}

TEST(values_stand_as_the_server_prints_them)
{
    char text[512];

    write_line("a\"\n", text, sizeof text);
    assert_string_equal(text,
                        "\"key\":{\"i\":7},\"lost\":{\"i\":7,\"t\\\"\":\"a\\\"\\n\",\"j\":{\"a\": "
                        "1},\"b\":\"\\\\x00ff\"},\"kept\":{\"t\\\"\":null,\"t\\\"\":\"\"},"
                        "\"reason\":\"import\"}\n");
}

TEST(a_wide_value_is_whole)
{
    size_t len = 700001;
    char *wide = mem_alloc(len + 1);
    char *text = mem_alloc(2 * len);
    const char *value;

    memset(wide, 'x', len);
    wide[len - 1] = 'y';
    write_line(wide, text, 2 * len);
    value = strstr(text, "xx");
    assert_non_null(value);
    assert_memory_equal(value, wide, len);
    assert_int_equal(value[len], '"');
    free(wide);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(values_stand_as_the_server_prints_them),
        IN_DIR(a_wide_value_is_whole),
    };
    return cmocka_run_group_tests_name("archive_value", tests, NULL, NULL);
}
