/*
 * Strict parsing of a command line after one table. What is not understood is an error that names
 * the culprit: a mistyped option that is passed over in silence has cost people their data.
 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* One run over argv. */
struct parse {
    const struct program *program;
    struct options_common *common;
    int argc;
    char **argv;
    int next; /* index of the argument that is looked at next */
    bool takes_operands;
};

const struct option *options_common_table(struct options_common *common)
{
    const struct option table[OPTIONS_COMMON_COUNT] = {
        {.name = "env-file",
         .argument = "FILE",
         .help = "read the configuration from FILE",
         .kind = OPTION_FILE,
         .target = &common->env_file},
        {.name = "state-dir",
         .argument = "DIR",
         .help = "keep the state in DIR",
         .kind = OPTION_DIR,
         .target = &common->state_dir},
        {.name = "json", .help = "print one JSON document", .target = &common->json},
        {.letter = 'y',
         .name = "yes",
         .help = "consent to every step that asks for it",
         .target = &common->yes,
         .consent = true},
        {.letter = 'q',
         .name = "quiet",
         .help = "print only warnings and errors",
         .target = &common->quiet},
        {.letter = 'v',
         .name = "verbose",
         .help = "print more of what is done",
         .target = &common->verbose},
        {.name = "no-color", .help = "print without colours", .target = &common->no_color},
        {.letter = 'h', .name = "help", .help = "print this help", .target = &common->help},
        {.letter = 'V', .name = "version", .help = "print the version", .target = &common->version},
        OPTION_END,
    };
    memcpy(common->table, table, sizeof table);
    return common->table;
}

const struct option *options_find(const struct option *table, const char *name)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static const struct option *find_letter(const struct option *table, char letter)
{
    for (; table && table->name; table++)
        if (table->letter == letter)
            return table;
    return NULL;
}

static const struct option *find_name(const struct parse *parse, const char *name)
{
    const struct option *option = options_find(parse->program->options, name);
    return option ? option : options_find(parse->common->table, name);
}

/* An argument as an error may quote it: a URL in it, which may hold a password, is not. */
static const char *shown(const char *argument, struct buf *text)
{
    buf_reset(text);
    if (strstr(argument, "://") || strstr(argument, "password="))
        buf_adds(text, "(a URL)");
    else
        buf_add_clean(text, argument);
    return text->data;
}

static bool hint_help(const struct parse *parse, struct err *err)
{
    return err_hint(err, "%s --help lists the options", parse->program->name);
}

/* The option that was probably meant: near by its letters, or the only one that begins so. */
static const char *nearest_name(const struct parse *parse, const char *name)
{
    const struct option *tables[] = {parse->program->options, parse->common->table};
    const char **names = NULL;
    const char *prefixed = NULL;
    size_t count = 0;
    size_t prefixes = 0;

    for (size_t i = 0; i < 2; i++) {
        for (const struct option *option = tables[i]; option && option->name; option++) {
            names = mem_array(names, count + 1, sizeof *names);
            names[count++] = option->name;
            if (*name && strncmp(option->name, name, strlen(name)) == 0) {
                prefixed = option->name;
                prefixes++;
            }
        }
    }
    const char *nearest = prefixes == 1 ? prefixed : strlist_nearest(name, names, count);
    free(names);
    return nearest;
}

static bool unknown_option(const struct parse *parse, const char *dashes, const char *name,
                           struct err *err)
{
    struct buf text = BUF_INIT;
    const char *nearest = nearest_name(parse, name);

    err_set(err, ERR_USAGE, "unknown option %s%s", dashes, shown(name, &text));
    buf_release(&text);
    return nearest ? err_hint(err, "did you mean --%s?", nearest) : hint_help(parse, err);
}

static bool set_number(const struct option *option, const char *value, struct err *err)
{
    struct buf text = BUF_INIT;
    const char *digits = value + (*value == '-');
    char *end = NULL;

    errno = 0;
    long number = strtol(value, &end, 10);
    if (!isdigit((unsigned char)*digits) || *end != '\0')
        err_set(err, ERR_USAGE, "--%s needs a whole number, not '%s'", option->name,
                shown(value, &text));
    else if (errno == ERANGE || number < option->min || number > option->max)
        err_set(err, ERR_USAGE, "--%s must be from %ld to %ld, not %s", option->name, option->min,
                option->max, value);
    else
        *(long *)option->target = number;
    buf_release(&text);
    return err->code == ERR_NONE;
}

static bool set_choice(const struct option *option, const char *value, struct err *err)
{
    struct strlist choices = STRLIST_INIT;
    struct buf text = BUF_INIT;

    strlist_split(&choices, option->choices, '|');
    bool ok = strlist_has(&choices, value);
    if (ok) {
        *(const char **)option->target = value;
    } else {
        const char *nearest =
            strlist_nearest(value, (const char *const *)choices.items, choices.count);
        err_set(err, ERR_USAGE, "--%s must be one of %s, not '%s'", option->name, option->choices,
                shown(value, &text));
        if (nearest)
            err_hint(err, "did you mean --%s=%s?", option->name, nearest);
    }
    buf_release(&text);
    strlist_release(&choices);
    return ok;
}

static bool set_list(const struct option *option, const char *value, struct err *err)
{
    struct strlist *list = option->target;
    size_t before = list->count;

    strlist_split(list, value, ',');
    /* A list that came out empty would mean "all": the shell variable in it was not set. */
    return list->count > before ||
           err_set(err, ERR_USAGE, "--%s needs at least one name", option->name);
}

static bool set_value(const struct option *option, const char *value, struct err *err)
{
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->target = true;
        return true;
    case OPTION_NUMBER:
        return set_number(option, value, err);
    case OPTION_LIST:
        return set_list(option, value, err);
    case OPTION_CHOICE:
        return set_choice(option, value, err);
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_DIR:
    case OPTION_OPTIONAL:
        *(const char **)option->target = value;
        return true;
    }
    return true;
}

/* True when an argument that stands alone can be an option's value; "-" and negative numbers can.
 */
static bool is_value(const char *argument)
{
    return argument[0] != '-' || argument[1] == '\0' || isdigit((unsigned char)argument[1]);
}

/* The value of an option that was written without one attached: the next argument. */
static bool next_value(struct parse *parse, const struct option *option, const char **value,
                       struct err *err)
{
    const char *next = parse->next < parse->argc ? parse->argv[parse->next] : NULL;

    if (option->kind == OPTION_OPTIONAL) {
        bool taken = next && !parse->takes_operands && is_value(next);
        *value = taken ? next : "";
        parse->next += taken;
        return true;
    }
    if (next && is_value(next)) {
        *value = next;
        parse->next++;
        return true;
    }
    err_set(err, ERR_USAGE, "--%s needs a value (%s)", option->name,
            option->argument ? option->argument : option->choices);
    if (next)
        err_hint(err, "write --%s=VALUE for a value that begins with a dash", option->name);
    return false;
}

/* attached: the text after '=' or behind a letter, or NULL. */
static bool take_option(struct parse *parse, const struct option *option, const char *attached,
                        struct err *err)
{
    const char *value = attached;

    if (option->kind == OPTION_FLAG) {
        if (attached)
            return err_set(err, ERR_USAGE, "--%s takes no value", option->name);
        return set_value(option, NULL, err);
    }
    if (!attached && !next_value(parse, option, &value, err))
        return false;
    if (*value == '\0' && (attached || option->kind != OPTION_OPTIONAL))
        return err_set(err, ERR_USAGE, "--%s has an empty value", option->name);
    return set_value(option, value, err);
}

/* text: what follows "--". */
static bool take_long(struct parse *parse, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    char *name = mem_strndup(text, len);
    bool ok;

    if (strcmp(text, "list-options") == 0) {
        parse->common->list_options = true;
        ok = true;
    } else {
        const struct option *option = find_name(parse, name);
        ok = option ? take_option(parse, option, equals ? equals + 1 : NULL, err)
                    : unknown_option(parse, "--", name, err);
    }
    free(name);
    return ok;
}

/* text: what follows "-": letters of flags, the last one may be an option with a value. */
static bool take_letters(struct parse *parse, const char *text, struct err *err)
{
    /* "-json" is the long option with a dash missing, even where -j takes a value. */
    if (text[1] && find_name(parse, text))
        return unknown_option(parse, "-", text, err);

    for (const char *p = text; *p; p++) {
        const struct option *option = find_letter(parse->program->options, *p);
        if (!option)
            option = find_letter(parse->common->table, *p);
        if (!option) {
            char letter[2] = {*p, '\0'};
            return unknown_option(parse, "-", letter, err);
        }
        bool flag = option->kind == OPTION_FLAG;
        if (!take_option(parse, option, flag || !p[1] ? NULL : p + 1, err))
            return false;
        if (!flag)
            return true;
    }
    return true;
}

static bool stray_operand(const struct parse *parse, const char *argument, struct err *err)
{
    struct buf text = BUF_INIT;
    const char *nearest = nearest_name(parse, argument);

    err_set(err, ERR_USAGE, "unexpected argument '%s'", shown(argument, &text));
    buf_release(&text);
    return nearest ? err_hint(err, "did you mean --%s?", nearest) : hint_help(parse, err);
}

static bool take_operands(struct parse *parse, struct strlist *operands, struct err *err)
{
    if (!operands && parse->next < parse->argc)
        return stray_operand(parse, parse->argv[parse->next], err);
    for (; parse->next < parse->argc; parse->next++)
        strlist_add(operands, parse->argv[parse->next]);
    return true;
}

bool options_exclude(const char *one, const char *other, struct err *err)
{
    return err_set_hint(err, ERR_USAGE, "leave one of the two out", "%s and %s exclude each other",
                        one, other);
}

bool options_parse(const struct program *program, struct options_common *common, int argc,
                   char **argv, struct strlist *operands, struct err *err)
{
    struct parse parse = {
        .program = program,
        .common = common,
        .argc = argc,
        .argv = argv,
        .next = 1,
        .takes_operands = operands != NULL,
    };

    (void)options_common_table(common);
    while (parse.next < argc) {
        const char *argument = argv[parse.next];
        if (strcmp(argument, "--") == 0) {
            parse.next++;
            break;
        }
        if (argument[0] != '-' || argument[1] == '\0')
            break;
        parse.next++;
        bool ok = argument[1] == '-' ? take_long(&parse, argument + 2, err)
                                     : take_letters(&parse, argument + 1, err);
        if (!ok)
            return err->hint[0] ? false : hint_help(&parse, err);
        if (common->help || common->version || common->list_options)
            return true;
    }
    if (!take_operands(&parse, operands, err))
        return false;
    if (common->quiet && common->verbose)
        return options_exclude("--quiet", "--verbose", err);
    return true;
}
