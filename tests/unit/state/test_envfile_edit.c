/* Changing a variable of an env file: which bytes change, and that Node, a shell and dbr itself
 * read the value that was set. */
#include "base/buf.h"
#include "state/envfile.h"
#include "state/envfile_edit.h"
#include "unit.h"

#define URL "postgresql://app:p%40ss@two.example:26257/app?sslmode=verify-full&x=1"

static void set(const char *text, const char *value, struct buf *out)
{
    struct err err = ERR_INIT;
    buf_reset(out);
    if (!envfile_set("f.env", text, strlen(text), "A", value, out, &err))
        fail_msg("%s", err.message);
}

TEST(only_the_assignment_changes)
{
    static const struct {
        const char *before, *after;
    } samples[] = {
        {"", "A='v'\n"},
        {"B=1", "B=1\nA='v'\n"},
        {"B=1\r\n", "B=1\r\nA='v'\r\n"},
        {"B=1\r\nC=2", "B=1\r\nC=2\r\nA='v'\r\n"},
        {"A=old\n", "A='v'\n"},
        {"A=old", "A='v'"},
        {"A=old\r\nB=1\r\n", "A='v'\r\nB=1\r\n"},
        {"# A=1\nB='x\nA=2'\nA = old # why\nC=3\n", "# A=1\nB='x\nA=2'\nA='v'\nC=3\n"},
        {"export A=old\nB=1\n", "export A='v'\nB=1\n"},
        {"  export A=\"old\nolder\"\nB=1\n", "  export A='v'\nB=1\n"},
        {"  A=old\n\n\n", "  A='v'\n\n\n"},
        {"A=1\nB=2\nA=3\n", "A='v'\nB=2\nA='v'\n"},
        {"\xef\xbb\xbf"
         "A=1\nB=2\n",
         "\xef\xbb\xbf"
         "A='v'\nB=2\n"},
        {"B=\ttab \nA='x\r\ny'\r\nC=\"\\n\"\n", "B=\ttab \nA='v'\r\nC=\"\\n\"\n"},
        {"AA=1\nB_A=2\n", "AA=1\nB_A=2\nA='v'\n"},
        {"no equals sign\nA=1\n", "no equals sign\nA='v'\n"},
        {"B=1\nA=\"cut", "B=1\nA='v'"},
    };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        set(samples[i].before, "v", &out);
        assert_string_equal(out.data, samples[i].after);
        char *once = buf_detach(&out);
        set(once, "v", &out);
        assert_string_equal(out.data, once);
        free(once);
    }
    buf_release(&out);
}

TEST(a_value_that_another_line_hides_is_refused)
{
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    const char *text = "B='never closed\nC=1\n";
    assert_false(envfile_set("f.env", text, strlen(text), "A", "it is 'x'", &out, &err));
    assert_int_equal(out.len, 0);
    err_clear(&err);
    assert_false(envfile_set("f.env", "", 0, "A", "password='a' \"$`\\", &out, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_null(strstr(err.message, "password"));
    buf_release(&out);
}

static void read_line(const char *command, char *line, int size)
{
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t n = fread(line, 1, (size_t)size - 1, pipe);
    line[n] = '\0';
    assert_int_equal(pclose(pipe), 0);
}

TEST(node_and_a_shell_read_what_was_set)
{
    static const char *const values[] = {
        URL,
        "postgresql://u:it's@h/d",
        "host=h password='a b' dbname=d",
        "host=h password=a$b`c`\"d\\n#e!",
        "host=h\ndbname=d",
        "host=h # dbname=d",
        " blanks ",
    };
    bool node = system("node --version >/dev/null 2>&1") == 0;
    struct buf out = BUF_INIT;
    char line[256];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct envfile file = ENVFILE_INIT;
        set("B='x y'\nexport A=\"old\"\nC=\"z\"\n", values[i], &out);
        unit_write("f.env", out.data);
        envfile_parse(&file, "f.env", out.data, out.len);
        assert_string_equal(envfile_find(&file, "A")->value, values[i]);
        envfile_release(&file);
        read_line("env -u A sh -c '. ./f.env; printf %s \"$A\"'", line, sizeof line);
        assert_string_equal(line, values[i]);
        if (node) {
            read_line("env -u A node --env-file=f.env -e 'process.stdout.write(process.env.A)'",
                      line, sizeof line);
            assert_string_equal(line, values[i]);
        }
    }
    buf_release(&out);
}

TEST(what_no_quotes_can_hold_is_encoded_in_a_url)
{
    struct buf out = BUF_INIT;
    assert_true(envfile_quote(&out, "postgres://u:$'x@h/d"));
    assert_string_equal(out.data, "'postgres://u:$%27x@h/d'");
    buf_reset(&out);
    assert_false(envfile_quote(&out, "host=h password='$'"));
    assert_false(envfile_quote(&out, "postgres://h/d\r"));
    assert_int_equal(out.len, 0);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(only_the_assignment_changes),
        IN_DIR(a_value_that_another_line_hides_is_refused),
        IN_DIR(node_and_a_shell_read_what_was_set),
        IN_DIR(what_no_quotes_can_hold_is_encoded_in_a_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
