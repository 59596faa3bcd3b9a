/* Command lines: what is accepted, and what an error says of the rest. */
#include "cli/options.h"
#include "unit.h"

static struct {
    bool dry_run, force;
    long jobs;
    const char *reason, *output, *directory, *source, *history;
    struct strlist tables;
} got;

static const struct option options[] = {
    {.letter = 'n', .name = "dry-run", .help = "change nothing", .target = &got.dry_run},
    {.name = "force", .help = "past the guard", .target = &got.force, .consent = true},
    {.letter = 'j',
     .name = "jobs",
     .argument = "N",
     .help = "connections",
     .kind = OPTION_NUMBER,
     .target = &got.jobs,
     .min = -1,
     .max = 64},
    {.letter = 'r',
     .name = "reason",
     .argument = "TEXT",
     .help = "why",
     .kind = OPTION_TEXT,
     .target = &got.reason},
    {.name = "output",
     .argument = "FILE",
     .help = "where to",
     .kind = OPTION_FILE,
     .target = &got.output},
    {.name = "directory",
     .argument = "DIR",
     .help = "where from",
     .kind = OPTION_DIR,
     .target = &got.directory},
    {.letter = 't',
     .name = "tables",
     .argument = "LIST",
     .help = "only these",
     .kind = OPTION_LIST,
     .target = &got.tables},
    {.name = "source",
     .choices = "primary|secondary|active",
     .help = "which",
     .kind = OPTION_CHOICE,
     .target = &got.source},
    {.name = "history",
     .argument = "DURATION",
     .help = "past",
     .kind = OPTION_OPTIONAL,
     .target = &got.history},
    OPTION_END,
};

static const struct program program = {
    .name = "dbr-test",
    .purpose = "a program",
    .usage = "[options]",
    .options = options,
};

static struct options_common common;
static struct strlist operands;
static struct err err;

static int forget(void **state)
{
    (void)state;
    strlist_release(&got.tables);
    strlist_release(&operands);
    memset(&got, 0, sizeof got);
    memset(&common, 0, sizeof common);
    err_clear(&err);
    return 0;
}

/* Parses the words, which end with NULL. */
static bool parse_words(struct strlist *rest, va_list words)
{
    char *argv[32] = {(char *)"dbr-test"};
    int argc = 1;
    char *word;

    (void)forget(NULL);
    while ((word = va_arg(words, char *)))
        argv[argc++] = word;
    return options_parse(&program, &common, argc, argv, rest, &err);
}

static void good(const char *first, ...)
{
    va_list words;
    va_start(words, first);
    bool ok = parse_words(NULL, words);
    va_end(words);
    if (!ok)
        fail_msg("%s: refused: %s", first, err.message);
}

static void with_operands(const char *first, ...)
{
    va_list words;
    (void)first;
    va_start(words, first);
    bool ok = parse_words(&operands, words);
    va_end(words);
    if (!ok)
        fail_msg("refused: %s", err.message);
}

static void bad(const char *message, const char *hint, ...)
{
    va_list words;
    va_start(words, hint);
    bool ok = parse_words(NULL, words);
    va_end(words);
    if (ok)
        fail_msg("accepted; expected: %s", message);
    assert_int_equal(err.code, ERR_USAGE);
    assert_string_equal(err.message, message);
    assert_string_equal(err.hint, hint);
}

#define HELP "dbr-test --help lists the options"
#define GOOD(...) good("", __VA_ARGS__, NULL)
#define OPERANDS(...) with_operands("", __VA_ARGS__, NULL)
#define BAD(message, hint, ...) bad(message, hint, __VA_ARGS__, NULL)

TEST(nothing_given)
{
    good("", NULL);
    assert_false(got.dry_run);
    assert_null(got.reason);
}

TEST(flags)
{
    GOOD("--dry-run", "--json", "-qy");
    assert_true(got.dry_run && common.json && common.quiet && common.yes);
    GOOD("-nv");
    assert_true(got.dry_run && common.verbose);
    BAD("--dry-run takes no value", HELP, "--dry-run=yes");
    BAD("--json takes no value", HELP, "--json=");
    BAD("--quiet and --verbose exclude each other", "leave one of the two out", "-qv");
}

TEST(values_in_every_form)
{
    GOOD("--reason=a b", "--output", "-", "--directory", "d");
    assert_string_equal(got.reason, "a b");
    assert_string_equal(got.output, "-");
    assert_string_equal(got.directory, "d");
    GOOD("-r", "x");
    assert_string_equal(got.reason, "x");
    GOOD("-nrx");
    assert_true(got.dry_run);
    assert_string_equal(got.reason, "x");
    GOOD("--reason=--yes=1");
    assert_string_equal(got.reason, "--yes=1");
    assert_false(common.yes);
    GOOD("--reason=one", "--reason=two");
    assert_string_equal(got.reason, "two");
    GOOD("--env-file=e", "--state-dir", "s");
    assert_string_equal(common.env_file, "e");
    assert_string_equal(common.state_dir, "s");
}

TEST(a_missing_value_does_not_swallow_an_option)
{
    static const char dash[] = "write --reason=VALUE for a value that begins with a dash";

    BAD("--reason needs a value (TEXT)", HELP, "--reason");
    BAD("--reason needs a value (TEXT)", HELP, "-r");
    BAD("--reason needs a value (TEXT)", dash, "--reason", "--yes");
    BAD("--reason needs a value (TEXT)", dash, "--reason", "-y");
    BAD("--reason needs a value (TEXT)", dash, "--reason", "--");
    BAD("--reason has an empty value", HELP, "--reason=");
    BAD("--reason has an empty value", HELP, "--reason", "");
    BAD("--source needs a value (primary|secondary|active)", HELP, "--source");
}

TEST(numbers_are_whole_and_in_range)
{
    GOOD("--jobs=64");
    assert_int_equal(got.jobs, 64);
    GOOD("-j5");
    assert_int_equal(got.jobs, 5);
    GOOD("--jobs", "-1");
    assert_int_equal(got.jobs, -1);
    BAD("--jobs needs a whole number, not '1x'", HELP, "--jobs=1x");
    BAD("--jobs needs a whole number, not 'x'", HELP, "-jx");
    BAD("--jobs needs a whole number, not '1.5'", HELP, "--jobs=1.5");
    BAD("--jobs needs a whole number, not ' 1'", HELP, "--jobs= 1");
    BAD("--jobs needs a whole number, not '+1'", HELP, "--jobs=+1");
    BAD("--jobs needs a whole number, not '0x1'", HELP, "--jobs=0x1");
    BAD("--jobs needs a whole number, not '-'", HELP, "--jobs=-");
    BAD("--jobs must be from -1 to 64, not 65", HELP, "--jobs=65");
    BAD("--jobs must be from -1 to 64, not -2", HELP, "--jobs", "-2");
    BAD("--jobs must be from -1 to 64, not 99999999999999999999", HELP,
        "--jobs=99999999999999999999");
}

TEST(lists_gather)
{
    GOOD("--tables=a,b", "-t", "c", "--tables", " d ,");
    assert_int_equal(got.tables.count, 4);
    assert_string_equal(got.tables.items[0], "a");
    assert_string_equal(got.tables.items[3], "d");
    BAD("--tables needs at least one name", HELP, "--tables=,");
    BAD("--tables needs at least one name", HELP, "--tables= ");
    BAD("--tables has an empty value", HELP, "--tables=");
}

TEST(choices)
{
    GOOD("--source=primary");
    assert_string_equal(got.source, "primary");
    BAD("--source must be one of primary|secondary|active, not 'primry'",
        "did you mean --source=primary?", "--source", "primry");
    BAD("--source must be one of primary|secondary|active, not 'elephant'", HELP,
        "--source=elephant");
    BAD("--source must be one of primary|secondary|active, not 'primary|secondary'", HELP,
        "--source=primary|secondary");
}

TEST(optional_values)
{
    GOOD("--history");
    assert_string_equal(got.history, "");
    GOOD("--history=2d");
    assert_string_equal(got.history, "2d");
    GOOD("--history", "2d", "-n");
    assert_string_equal(got.history, "2d");
    assert_true(got.dry_run);
    GOOD("--history", "--json");
    assert_string_equal(got.history, "");
    assert_true(common.json);
    BAD("--history has an empty value", HELP, "--history=");
    /* Where operands may follow, the next word is one. */
    OPERANDS("--history", "2d");
    assert_string_equal(got.history, "");
    assert_int_equal(operands.count, 1);
}

TEST(unknown_options_are_named_with_what_was_meant)
{
    BAD("unknown option --tabels", "did you mean --tables?", "--tabels=a");
    BAD("unknown option --dryrun", "did you mean --dry-run?", "--dryrun");
    BAD("unknown option --dry", "did you mean --dry-run?", "--dry");
    BAD("unknown option --jsn", "did you mean --json?", "--jsn");
    BAD("unknown option -json", "did you mean --json?", "-json");
    BAD("unknown option --elephant", HELP, "--elephant");
    BAD("unknown option -x", HELP, "-x");
    BAD("unknown option -x", HELP, "-nx");
    BAD("unknown option --", HELP, "--=x");
    BAD("unknown option --Json", "did you mean --json?", "--Json");
}

TEST(stray_operands_are_errors)
{
    BAD("unexpected argument 'users'", HELP, "users");
    BAD("unexpected argument 'dry-run'", "did you mean --dry-run?", "--json", "dry-run");
    BAD("unexpected argument '-n'", HELP, "--", "-n");
    BAD("unexpected argument '-'", HELP, "-");
    BAD("unexpected argument ''", HELP, "");
    GOOD("-n", "--");
}

TEST(passwords_and_control_characters_are_not_echoed)
{
    BAD("unexpected argument '(a URL)'", HELP, "postgresql://u:secret@h/d");
    BAD("unexpected argument '(a URL)'", HELP, "host=h password=secret");
    BAD("--jobs needs a whole number, not '(a URL)'", HELP, "--jobs=postgresql://u:secret@h/d");
    BAD("--source must be one of primary|secondary|active, not '(a URL)'", HELP,
        "--source=postgresql://u:secret@h/d");
    BAD("unknown option --(a URL)", HELP, "--postgresql://u:secret@h/d");
    BAD("unexpected argument 'a?[2Jb c'", HELP, "a\033[2Jb\nc");
    BAD("unknown option -s", HELP, "-ssecret");
}

TEST(operands_end_the_options)
{
    OPERANDS("-n", "node", "-x", "--json");
    assert_true(got.dry_run);
    assert_false(common.json);
    assert_int_equal(operands.count, 3);
    assert_string_equal(operands.items[1], "-x");
    OPERANDS("--", "--json");
    assert_string_equal(operands.items[0], "--json");
    OPERANDS("--", "--", "a");
    assert_int_equal(operands.count, 2);
    OPERANDS("-n");
    assert_int_equal(operands.count, 0);
}

TEST(help_and_its_like_end_the_parsing)
{
    GOOD("--help", "--no-such");
    assert_true(common.help);
    GOOD("-V", "--jobs=x");
    assert_true(common.version);
    GOOD("--list-options", "x");
    assert_true(common.list_options);
    BAD("unknown option --no-such", HELP, "--no-such", "--help");
    GOOD("-nh");
    assert_true(common.help);
}

TEST(options_are_found_by_name)
{
    assert_ptr_equal(options_find(options, "dry-run"), &options[0]);
    assert_null(options_find(options, "dry"));
    assert_null(options_find(NULL, "dry-run"));
    const struct option *table = options_common_table(&common);
    assert_ptr_equal(options_find(table, "json")->target, &common.json);
    assert_null(table[OPTIONS_COMMON_COUNT - 1].name);
    assert_null(options_find(table, "list-options"));
}

static int print_help(void *context)
{
    (void)context;
    options_print_help(&program, &common);
    return 0;
}

static int print_list(void *context)
{
    (void)context;
    options_print_list(&program, &common);
    return 0;
}

TEST(help_shows_every_option)
{
    static char text[10000];

    assert_int_equal(unit_child(print_help, NULL), 0);
    unit_read("out", text, sizeof text);
    assert_int_equal(strncmp(text, "Usage: dbr-test [options]\n\na program\n", 37), 0);
    assert_non_null(strstr(text, "\n  -n, --dry-run               change nothing\n"));
    assert_non_null(strstr(text, "\n      --output=FILE           where to\n"));
    assert_non_null(strstr(text, "\n      --source=primary|secondary|active\n" //
                                 "                              which\n"));
    assert_non_null(strstr(text, "\n      --history[=DURATION]    past\n"));
    assert_non_null(strstr(text, "\n  -h, --help                  print this help\n"));
    assert_null(strstr(text, "list-options"));
    assert_null(strstr(text, " \n"));
}

TEST(list_has_five_fields_a_line)
{
    static char text[10000];
    int lines = 0;

    assert_int_equal(unit_child(print_list, NULL), 0);
    unit_read("out", text, sizeof text);
    assert_non_null(strstr(text, "dry-run\tn\tflag\t-\tchange nothing\n"));
    assert_non_null(strstr(text, "source\t-\tchoice\tprimary|secondary|active\twhich\n"));
    assert_non_null(strstr(text, "output\t-\tfile\tFILE\twhere to\n"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        int tabs = 0;
        for (const char *p = line; *p; p++)
            tabs += *p == '\t';
        assert_int_equal(tabs, 4);
        lines++;
    }
    assert_int_equal(lines, 9 + OPTIONS_COMMON_COUNT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_given, forget),
        cmocka_unit_test_teardown(flags, forget),
        cmocka_unit_test_teardown(values_in_every_form, forget),
        cmocka_unit_test_teardown(a_missing_value_does_not_swallow_an_option, forget),
        cmocka_unit_test_teardown(numbers_are_whole_and_in_range, forget),
        cmocka_unit_test_teardown(lists_gather, forget),
        cmocka_unit_test_teardown(choices, forget),
        cmocka_unit_test_teardown(optional_values, forget),
        cmocka_unit_test_teardown(unknown_options_are_named_with_what_was_meant, forget),
        cmocka_unit_test_teardown(stray_operands_are_errors, forget),
        cmocka_unit_test_teardown(passwords_and_control_characters_are_not_echoed, forget),
        cmocka_unit_test_teardown(operands_end_the_options, forget),
        cmocka_unit_test_teardown(help_and_its_like_end_the_parsing, forget),
        cmocka_unit_test_teardown(options_are_found_by_name, forget),
        IN_DIR(help_shows_every_option),
        IN_DIR(list_has_five_fields_a_line),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
