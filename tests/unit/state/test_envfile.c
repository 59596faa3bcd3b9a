/* Env files: one table of texts with what they must yield, held against the parser and against Node
 * itself (where it is installed), and what earns a warning. */
#include <sys/stat.h>

#include "base/buf.h"
#include "base/json.h"
#include "state/envfile.h"
#include "unit.h"

#define UNSET "\x01" /* no such key */

struct sample {
    const char *text;
    const char *a, *b; /* values of A and B */
    int node;          /* 0: as any Node, 20: as Node 20, -1: as dbr alone */
};

static const struct sample samples[] = {
    {"A=1\nB=2\n", "1", "2", 0},
    {"A=1\nB=2", "1", "2", 0},
    {"A = x \nB  =  y z  \n", "x", "y z", 0},
    {"  A=1\n  B=2\n", "1", "2", 0},
    {"A=\nB=2\n", "", "2", 0},
    {"A=", "", UNSET, 0},
    {"A=1\nA=2\nB=3\n", "2", "3", 0},
    {"A=1\nA=\n", "", UNSET, 0},
    {"A=x=y\nB==\n", "x=y", "=", 0},
    {"export A=1\n export B=2\n", "1", "2", 0},
    {"exportA=1\nB=2\n", UNSET, "2", 0},
    {"export=1\nB=2\n", UNSET, "2", 0},
    {"A=a  b\nB=$A ${A} ~ %\n", "a  b", "$A ${A} ~ %", 0},
    {"# c\n#A=1\nB=2 # c\n", UNSET, "2", 0},
    {"A=pa#ss\nB=#x\n", "pa", "", 0},
    {"A='pa#ss' # c\nB=\"pa#ss\"#c\n", "pa#ss", "pa#ss", 0},
    {"A=''\nB=\"\"\n", "", "", 0},
    {"A=' x '\nB=\" y \"\n", " x ", " y ", 0},
    {"A=`x\"y'z`\nB='x\"y`z'\n", "x\"y'z", "x\"y`z", 0},
    {"A=\"x\\ny\"\nB='x\\ny'\n", "x\ny", "x\\ny", 0},
    {"A=`x\\ny`\nB=x\\ny\n", "x\\ny", "x\\ny", 0},
    {"A=\"\\t\\r\\\\n\"\nB=\"\\$\"\n", "\\t\\r\\\n", "\\$", 0},
    {"A=\"x\\\"y\"\nB=1\n", "x\\", "1", 0},
    {"A=\"x\ny\n\nz\"\nB=1\n", "x\ny\n\nz", "1", 0},
    {"A='x\nB=2\n# y'\nB=1\n", "x\nB=2\n# y", "1", 0},
    {"A=`x\ny`\nB=1\n", "x\ny", "1", 0},
    {"A=\"x\nB=1\n", "\"x", "1", 0},
    {"A='x # y\nB=1\n", "'x # y", "1", 0},
    {"A=x'y\nB=it's\n", "x'y", "it's", 0},
    {"A='x'y\nB=1\n", "x", "1", 0},
    {"A='x' B='y'\nB=1\n", "x", "1", 0},
    {"A=x 'y'\nB=1\n", "x 'y'", "1", 0},
    {"A=1\r\nB=2\r\n", "1", "2", 0},
    {"A='x\r\ny'\r\nB=2\r\n", "x\ny", "2", 0},
    {"\n\n\nA=1\n\n\nB=2\n\n", "1", "2", 0},
    {"A=1\n#\n#B=2", "1", UNSET, 0},
    {"A=\xc3\xa9\nB=\"\xe2\x82\xac\"\n", "\xc3\xa9", "\xe2\x82\xac", 0},
    {"A=postgresql://u:p%23@h/d?sslmode=require&channel_binding=require\n",
     "postgresql://u:p%23@h/d?sslmode=require&channel_binding=require", UNSET, 0},
    {"A= \nB=2\n", "", "2", 20},
    {"A=\t\nB=x\t\n", "\t", "x\t", 20},
    {"A=\t'x'\nB=1\n", "\t'x'", "1", 20},
    {"\tA=1\nB=2\n", UNSET, "2", 20},
    {"export  A=1\nB=2\n", UNSET, "2", 20},
    {"B=1\nA='x", UNSET, "1", 20},
    {"A=x\ry\nB=1\n", "xy", "1", 20},
    {"A=#\"x\nB=1\n", "", "1", 0},
    /* Where Node 20 loses what follows, dbr goes on with the next line. */
    {"\xef\xbb\xbf"
     "A=1\nB=2\n",
     "1", "2", -1},
    {"no equals sign\nA=1\nB=2\n", "1", "2", -1},
    {"A: 1\nB=2\n", UNSET, "2", -1},
    {"=x\nA=1\nB=2\n", "1", "2", -1},
    {"A=1\n   \nB=2\n", "1", "2", -1},
    {"A=1\n  # c\nB=2\n", "1", "2", -1},
    {"A=1\n\t# it's\nB=2\n", "1", "2", -1},
};
#define SAMPLES (sizeof samples / sizeof samples[0])

static void assert_value(const struct sample *sample, const char *name, const char *value,
                         const char *expected)
{
    const char *got = value ? value : UNSET;
    if (strcmp(got, expected) != 0)
        fail_msg("%s of \"%s\" is \"%s\", expected \"%s\"", name, sample->text, got, expected);
}

TEST(texts_yield_what_they_must)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        struct envfile file = ENVFILE_INIT;
        envfile_parse(&file, "f", samples[i].text, strlen(samples[i].text));
        const struct envfile_entry *a = envfile_find(&file, "A");
        const struct envfile_entry *b = envfile_find(&file, "B");
        assert_value(&samples[i], "A", a ? a->value : NULL, samples[i].a);
        assert_value(&samples[i], "B", b ? b->value : NULL, samples[i].b);
        envfile_release(&file);
    }
}

/* Node's major version when its parser is the one of today (20.12 and later), else 0. */
static int node_major(void)
{
    char line[64] = "";
    int major = 0, minor = 0;
    FILE *node = popen("node --version 2>/dev/null", "r");
    if (!node)
        return 0;
    if (!fgets(line, sizeof line, node))
        line[0] = '\0';
    (void)pclose(node);
    if (sscanf(line, "v%d.%d", &major, &minor) != 2 || major < 20 || (major == 20 && minor < 12))
        return 0;
    return major;
}

/* The object {"A": ..., "B": ...} that a program under `node --env-file=FILE` sees. */
static struct json *ask_node(void)
{
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    char piece[512];
    size_t n;
    FILE *node = popen("env -u A -u B node --env-file=f.env -e "
                       "'const {A, B} = process.env; process.stdout.write(JSON.stringify({A, B}))'",
                       "r");
    assert_non_null(node);
    while ((n = fread(piece, 1, sizeof piece, node)) > 0)
        buf_add(&out, piece, n);
    assert_int_equal(pclose(node), 0);
    struct json *object = json_parse(out.data, out.len, &err);
    buf_release(&out);
    assert_non_null(object);
    return object;
}

TEST(node_reads_the_same)
{
    int major = node_major();
    if (major == 0)
        skip();
    for (size_t i = 0; i < SAMPLES; i++) {
        if (samples[i].node != 0 && samples[i].node != major)
            continue;
        unit_write("f.env", samples[i].text);
        struct json *seen = ask_node();
        assert_value(&samples[i], "Node's A", json_str(seen, "A", NULL), samples[i].a);
        assert_value(&samples[i], "Node's B", json_str(seen, "B", NULL), samples[i].b);
        json_free(seen);
    }
}

static void assert_warning(const char *text, const char *warning)
{
    struct envfile file = ENVFILE_INIT;
    envfile_parse(&file, "f", text, strlen(text));
    assert_int_equal(file.warnings.count, warning ? 1 : 0);
    if (warning)
        assert_string_equal(file.warnings.items[0], warning);
    envfile_release(&file);
}

TEST(warnings_name_line_and_key_but_no_value)
{
    assert_warning("A=1 # c\nB='#'\nC= # c\nexport D=x\n\n#e\n", NULL);
    assert_warning("A=1\nP=secret#word\n",
                   "f line 2: the value of P is cut short by '#': put it in quotes");
    assert_warning("A=1\nP=#word\n",
                   "f line 2: the value of P is cut short by '#': put it in quotes");
    assert_warning("A='x\ny'\nsecret\n",
                   "f line 3: skipped, it has no '=' (Node may miss what follows it)");
    assert_warning("=secret\n",
                   "f line 1: skipped, it has no name before '=' (Node may miss what follows it)");
    assert_warning("A='secret", "f line 1: the quote of A is never closed");
    assert_warning("A='x'secret\n", "f line 1: what follows the closing quote of A is ignored");
    assert_warning("my secret=1\n", "f line 1: what stands before '=' is not a usable name");
}

TEST(entries_know_their_line)
{
    const char *text = "# c\nA='x\ny'\n\nB=1\r\nA=2\n";
    struct envfile file = ENVFILE_INIT;
    envfile_parse(&file, "f", text, strlen(text));
    assert_int_equal(file.count, 3);
    assert_int_equal(file.entries[0].line, 2);
    assert_int_equal(file.entries[1].line, 5);
    assert_int_equal(envfile_find(&file, "A")->line, 6);
    assert_null(envfile_find(&file, "C"));
    envfile_release(&file);
}

TEST(files_are_read_with_a_word_about_their_mode)
{
    struct envfile file = ENVFILE_INIT;
    struct err err = ERR_INIT;
    unit_write("f.env", "A=1\n");
    assert_int_equal(chmod("f.env", 0600), 0);
    assert_true(envfile_read(&file, "f.env", &err));
    assert_int_equal(file.warnings.count, 0);
    assert_int_equal(chmod("f.env", 0640), 0);
    assert_true(envfile_read(&file, "f.env", &err));
    assert_int_equal(file.warnings.count, 1);
    assert_string_equal(file.warnings.items[0],
                        "f.env can be read by others (mode 640): chmod 600 f.env");
    envfile_release(&file);
}

TEST(what_is_no_env_file_is_an_error)
{
    struct envfile file = ENVFILE_INIT;
    struct err err = ERR_INIT;
    assert_false(envfile_read(&file, "missing.env", &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.message, "missing.env"));
    assert_false(envfile_read(&file, ".", &err));
    assert_int_equal(err.code, ERR_USAGE);
    FILE *binary = fopen("binary", "w");
    assert_non_null(binary);
    assert_int_equal(fwrite("A=1\0B=2\n", 1, 8, binary), 8);
    assert_int_equal(fclose(binary), 0);
    assert_false(envfile_read(&file, "binary", &err));
    assert_non_null(strstr(err.message, "not a text file"));
    envfile_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_yield_what_they_must),
        IN_DIR(node_reads_the_same),
        cmocka_unit_test(warnings_name_line_and_key_but_no_value),
        cmocka_unit_test(entries_know_their_line),
        IN_DIR(files_are_read_with_a_word_about_their_mode),
        IN_DIR(what_is_no_env_file_is_an_error),
    };
    return cmocka_run_group_tests_name("envfile", tests, NULL, NULL);
}
