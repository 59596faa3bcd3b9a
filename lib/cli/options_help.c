/* What an option table looks like to people (--help) and to the completions (--list-options). */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define WIDTH 80
#define HELP_COLUMN 30

/* Prints text from `column` on, broken at blanks; later lines begin at `indent`. */
static void print_wrapped(const char *text, size_t indent, size_t column)
{
    bool first = true;

    while (*text) {
        size_t word = strcspn(text, " ");
        if (!first && column + 1 + word >= WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)word, text);
        column += word;
        text += word;
        text += strspn(text, " ");
        first = false;
    }
    putchar('\n');
}

static const char *argument_name(const struct option *option)
{
    return option->argument ? option->argument : option->choices;
}

static void print_option(const struct option *option)
{
    struct buf left = BUF_INIT;

    if (option->letter)
        buf_addf(&left, "  -%c, --%s", option->letter, option->name);
    else
        buf_addf(&left, "      --%s", option->name);
    if (option->kind == OPTION_OPTIONAL)
        buf_addf(&left, "[=%s]", argument_name(option));
    else if (option->kind != OPTION_FLAG)
        buf_addf(&left, "=%s", argument_name(option));
    fputs(left.data, stdout);
    size_t column = left.len;
    if (column + 2 > HELP_COLUMN) {
        putchar('\n');
        column = 0;
    }
    printf("%*s", (int)(HELP_COLUMN - column), "");
    print_wrapped(option->help, HELP_COLUMN, HELP_COLUMN);
    buf_release(&left);
}

static void print_table(const char *heading, const struct option *table)
{
    if (!table || !table->name)
        return;
    printf("\n%s:\n", heading);
    for (; table->name; table++)
        print_option(table);
}

void options_print_help(const struct program *program, struct options_common *common)
{
    printf("Usage: %s %s\n\n", program->name, program->usage);
    print_wrapped(program->purpose, 0, 0);
    if (program->description) {
        putchar('\n');
        print_wrapped(program->description, 0, 0);
    }
    print_table("Options", program->options);
    print_table("Common options", options_common_table(common));
    printf("\nThe manual is %s(1).\n", program->name);
}

static const char *kind_name(enum option_kind kind)
{
    switch (kind) {
    case OPTION_FLAG:
        return "flag";
    case OPTION_TEXT:
        return "text";
    case OPTION_FILE:
        return "file";
    case OPTION_DIR:
        return "dir";
    case OPTION_NUMBER:
        return "number";
    case OPTION_LIST:
        return "list";
    case OPTION_CHOICE:
        return "choice";
    case OPTION_OPTIONAL:
        return "optional";
    }
    return "flag";
}

static void list_table(const struct option *table)
{
    for (; table && table->name; table++) {
        char letter[2] = {table->letter ? table->letter : '-', '\0'};
        const char *argument = table->choices ? table->choices : table->argument;
        printf("%s\t%s\t%s\t%s\t%s\n", table->name, letter, kind_name(table->kind),
               argument ? argument : "-", table->help);
    }
}

void options_print_list(const struct program *program, struct options_common *common)
{
    list_table(program->options);
    list_table(options_common_table(common));
}
