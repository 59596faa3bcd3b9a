/*
 * The doctor on what a failover leans on beside the databases: commands of the user, and hosts that
 * tell an outage from a machine that is cut off. A name that is mistyped shows in the bad night
 * only. Of a command its first word is looked for; what only a shell can tell is passed over.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "ops/doctor_checks.h"
#include "ops/hook_env.h"
#include "ops/witness.h"
#include "state/checks.h"

/* --- the first word ------------------------------------------------------------------- */

/* What the shell itself does: no file needs to be there. */
static bool is_of_shell(const char *word)
{
    static const char *const words[] = {
        "!",     ".",     ":",      "[",     "[[",     "alias", "case", "cd",       "command",
        "echo",  "eval",  "exec",   "exit",  "export", "false", "for",  "function", "hash",
        "if",    "kill",  "let",    "local", "printf", "pwd",   "read", "readonly", "return",
        "set",   "shift", "source", "test",  "times",  "trap",  "true", "type",     "ulimit",
        "umask", "unset", "until",  "wait",  "while",  "{"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

/* Reads a word of the shell with its quotes taken off, and moves *text behind it; false where only
 * the shell knows what becomes of it. */
static bool read_word(const char **text, struct buf *word)
{
    const char *p = *text + strspn(*text, " \t\n");
    char quote = '\0';
    for (; *p && (quote || !strchr(" \t\n;|&<>", *p)); p++) {
        if (*p == quote)
            quote = '\0';
        else if (!quote && (*p == '\'' || *p == '"'))
            quote = *p;
        else if (quote != '\'' && strchr("$`\\", *p))
            return false;
        else if (!quote && strchr("(){}*?~#", *p))
            return false;
        else
            buf_addch(word, *p);
    }
    *text = p;
    /* The number of a descriptor that is redirected is no command. */
    return !quote && !((*p == '<' || *p == '>') && word->len > 0 &&
                       strspn(word->data, "0123456789") == word->len);
}

/* Skips NAME=value in front of a command; true when one of them is PATH. */
static bool skip_assignments(const char **text)
{
    bool path = false;
    for (;;) {
        const char *p = *text + strspn(*text, " \t\n");
        size_t name = 0;
        while (isalnum((unsigned char)p[name]) || p[name] == '_')
            name++;
        if (name == 0 || isdigit((unsigned char)p[0]) || p[name] != '=')
            return path;
        path = path || (name == 4 && strncmp(p, "PATH", name) == 0);
        /* Its value may be what only the shell can tell: the end of it is enough. */
        char quote = '\0';
        for (p += name + 1; *p && (quote || !strchr(" \t\n;|&<>", *p)); p++) {
            if (*p == '\\' && quote != '\'' && p[1])
                p++;
            else if (*p == quote)
                quote = '\0';
            else if (!quote && (*p == '\'' || *p == '"'))
                quote = *p;
            else if (quote != '\'' && (*p == '`' || (*p == '$' && p[1] == '(')))
                return true; /* a command of its own: nothing behind it is looked at */
        }
        *text = p;
    }
}

/* --- files ------------------------------------------------------------------------------ */

/* Sets errno when it is not a file that may be executed. */
static bool is_program(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    errno = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
    return S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool is_in_path(const char *name, const char *path)
{
    struct strlist places = STRLIST_INIT;
    bool found = false;
    strlist_split(&places, path, ':');
    for (size_t i = 0; i < places.count && !found; i++) {
        char *file = mem_printf("%s/%s", places.items[i], name);
        found = is_program(file);
        free(file);
    }
    strlist_release(&places);
    return found;
}

/* --- commands --------------------------------------------------------------------------- */

struct setting {
    const char *key;  /* whose value it is */
    const char *name; /* how it is told of */
    const char *path; /* PATH as the command has it */
    const char *loss; /* what does not happen without it */
};

static void warn(const struct setting *setting, const char *what, struct findings *findings)
{
    char *next = mem_printf("correct %s in the configuration, or put there what it names: %s",
                            setting->key, setting->loss);
    findings_add(findings, FINDING_WARNING, "commands", next, "%s: %s", setting->name, what);
    free(next);
}

static void check_command(const struct setting *setting, const char *command,
                          struct findings *findings)
{
    struct buf word = BUF_INIT;
    char *what = NULL;
    bool own_path = skip_assignments(&command);
    if (!read_word(&command, &word) || word.len == 0 || is_of_shell(word.data))
        ;
    else if (word.data[0] == '/' && !is_program(word.data))
        what = mem_printf("%s cannot be run: %s", word.data, strerror(errno));
    else if (!strchr(word.data, '/') && !own_path && !is_in_path(word.data, setting->path))
        what = mem_printf("there is no %s in PATH (%s)", word.data, setting->path);
    if (what)
        warn(setting, what, findings);
    free(what);
    buf_release(&word);
}

/* PATH as the command of DB_ON_EVENT has it. */
static char *path_of_hook(const struct config *config)
{
    const struct hook_event event = {.event = "alert"};
    struct strlist list = STRLIST_INIT;
    char *path = NULL;
    hook_env(config, &event, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (strncmp(list.items[i], "PATH=", 5) == 0) {
            free(path);
            path = mem_strdup(list.items[i] + 5);
        }
    }
    strlist_release(&list);
    return path ? path : mem_strdup("/usr/local/bin:/usr/bin:/bin");
}

void doctor_check_commands(const struct config *config, struct findings *findings)
{
    const char *text = config_value(config, "DB_CHECKS")->value;
    char *path = path_of_hook(config);
    struct check_list checks = {NULL, 0};
    struct err reported = ERR_INIT; /* as a problem of its key */
    if (config->on_event) {
        const struct setting hook = {
            "DB_ON_EVENT", "DB_ON_EVENT", path,
            "until then nobody is told of events, and the application does not follow a switch"};
        check_command(&hook, config->on_event, findings);
    }
    if (text && checks_parse(text, &checks, &reported)) {
        for (size_t i = 0; i < checks.count; i++) {
            char *name = mem_printf("the check %s of DB_CHECKS", checks.items[i].name);
            const char *inherited = getenv("PATH");
            const struct setting check = {"DB_CHECKS", name, inherited ? inherited : path,
                                          "until then this check is a warning of each run"};
            check_command(&check, checks.items[i].command, findings);
            free(name);
        }
    }
    checks_release(&checks);
    free(path);
}

/* --- witnesses ---------------------------------------------------------------------------- */

static void add_names(struct buf *text, const struct strlist *names)
{
    for (size_t i = 0; i < names->count; i++)
        buf_addf(text, "%s%s", i > 0 ? ", " : "", names->items[i]);
}

void doctor_check_witnesses(const struct config *config, struct findings *findings)
{
    static const char next[] =
        "correct DB_WITNESS, or see what is between this machine and those hosts: until one "
        "answers, no failover is made for a primary that is down";
    struct strlist answering = STRLIST_INIT;
    struct strlist silent = STRLIST_INIT;
    struct buf text = BUF_INIT;
    struct err stopped = ERR_INIT;
    if (!witness_configured(config) || !witness_ask(config, &answering, &silent, &stopped))
        return;
    add_names(&text, &silent);
    if (answering.count == 0) {
        findings_add(findings, FINDING_WARNING, "witness", next,
                     "none of the witnesses (DB_WITNESS) answers: %s", text.data ? text.data : "");
    } else {
        struct buf names = BUF_INIT;
        add_names(&names, &answering);
        findings_add(findings, FINDING_WELL, "witness", NULL, "%s answers%s%s", names.data,
                     silent.count > 0 ? ", but not " : "", silent.count > 0 ? text.data : "");
        buf_release(&names);
    }
    buf_release(&text);
    strlist_release(&silent);
    strlist_release(&answering);
}
