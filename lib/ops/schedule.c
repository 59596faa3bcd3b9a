/* Crontabs, and what is told of lines. Units are in schedule_units.c. */
#include "ops/schedule.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "ops/schedule_parts.h"

#define FILE_MAX ((size_t)1 << 18)

static const struct {
    const char *program, *script; /* script: the same through npm */
} jobs[SCHEDULE_JOBS] = {{"dbr-sync", "db:sync"}, {"dbr-health", "db:health"}};

const char *schedule_program(enum schedule_job job)
{
    return jobs[job].program;
}

/* --- lines ------------------------------------------------------------------------ */

static bool ends_word(char c)
{
    return c == '\0' || isspace((unsigned char)c) || strchr("'\";|&)>", c) != NULL;
}

/* The word stands by itself or behind a path. */
static const char *find_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word)) {
        if ((p == text || p[-1] == '/' || p[-1] == '-' || p[-1] == '@' || p[-1] == '=' ||
             p[-1] == '(' || ends_word(p[-1])) &&
            ends_word(p[len]))
            return p;
    }
    return NULL;
}

bool schedule_line_runs(const char *line, enum schedule_job job)
{
    static const char *const silent[] = {"--doctor",  "--cached",   "--peek",  "--history",
                                         "--dry-run", "--breakers", "--verify"};
    line += strspn(line, " \t");
    const char *at = find_word(line, jobs[job].program);
    if (!at)
        at = find_word(line, jobs[job].script);
    if (*line == '#' || !at)
        return false;
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        const char *option = strstr(at, silent[i]);
        /* What stands behind the next command belongs to that one. */
        if (option && (size_t)(option - at) < strcspn(at, ";|&"))
            return false;
    }
    return true;
}

/* A word as the shell of cron would take it: quotes go, and a backslash before the next character.
 * quote: the one that is open at its beginning, or 0. */
static void read_word(const char *text, char quote, struct buf *word)
{
    for (; *text && (quote || !ends_word(*text) || *text == '\'' || *text == '"'); text++) {
        if (*text == quote)
            quote = '\0';
        else if (!quote && (*text == '\'' || *text == '"'))
            quote = *text;
        else if (*text == '\\' && text[1] && (quote != '\'' || text[1] == '%'))
            buf_addch(word, *++text);
        else
            buf_addch(word, *text);
    }
}

bool schedule_is_same_file(const char *one, const char *other)
{
    char *first = realpath(one, NULL);
    char *second = realpath(other, NULL);
    bool same = strcmp(first ? first : one, second ? second : other) == 0;
    free(first);
    free(second);
    return same;
}

char *schedule_env_file_of(const char *line)
{
    static const char *const names[] = {"--env-file=", "--env-file ", "DBR_ENV_FILE="};
    struct buf word = BUF_INIT;
    const char *at = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !at; i++) {
        at = strstr(line, names[i]);
        if (at)
            read_word(at + strlen(names[i]), at > line && strchr("'\"", at[-1]) ? at[-1] : '\0',
                      &word);
    }
    if (word.len > 0 && word.data[0] == '/')
        return buf_detach(&word);
    buf_release(&word);
    return NULL;
}

bool schedule_line_is_of_other(const char *line, const char *env_file)
{
    char *named = schedule_env_file_of(line);
    bool other = named && env_file && !schedule_is_same_file(named, env_file);
    free(named);
    return other;
}

static int rank(const struct schedule_entry *entry)
{
    return !entry->enabled ? 0 : entry->stopped ? 1 : 2;
}

void schedule_enter(struct schedule *schedule, enum schedule_job job, const char *where,
                    struct schedule_entry found)
{
    struct schedule_entry *entry = &schedule->jobs[job];
    if (entry->where && rank(entry) >= rank(&found))
        return;
    free(entry->where);
    *entry = found;
    entry->where = mem_strdup(where);
}

/* Not lines of another env file; NULL: all. */
static bool text_runs(const char *text, const char *env_file, enum schedule_job job)
{
    struct strlist lines = STRLIST_INIT;
    bool runs = false;
    strlist_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count && !runs; i++)
        runs = schedule_line_runs(lines.items[i], job) &&
               !schedule_line_is_of_other(lines.items[i], env_file);
    strlist_release(&lines);
    return runs;
}

static void take_crontab(struct schedule *schedule, const char *text, const char *env_file,
                         const char *where)
{
    for (int job = 0; job < SCHEDULE_JOBS; job++) {
        if (text_runs(text, env_file, (enum schedule_job)job))
            schedule_enter(schedule, (enum schedule_job)job, where,
                           (struct schedule_entry){.enabled = true});
    }
}

/* --- files ------------------------------------------------------------------------ */

bool schedule_read_file(const char *path, struct buf *text)
{
    buf_reset(text);
    return fsio_read_if_regular(path, FILE_MAX, text);
}

void schedule_names_in(const char *directory, struct strlist *names)
{
    DIR *dir = opendir(directory);
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] != '.')
            strlist_add(names, entry->d_name);
    }
    if (dir)
        (void)closedir(dir);
}

/* cron leaves out names with a dot: what a package manager or an editor put aside. */
static void read_cron_directory(struct schedule *schedule, const char *root, const char *directory,
                                const char *env_file)
{
    char *path = mem_printf("%s%s", root, directory);
    struct strlist names = STRLIST_INIT;
    struct buf text = BUF_INIT;
    schedule_names_in(path, &names);
    for (size_t i = 0; i < names.count; i++) {
        char *file = mem_printf("%s/%s", path, names.items[i]);
        if (!strchr(names.items[i], '.') && schedule_read_file(file, &text))
            take_crontab(schedule, text.data, env_file, file + strlen(root));
        free(file);
    }
    buf_release(&text);
    strlist_release(&names);
    free(path);
}

static void read_cron(struct schedule *schedule, const char *root, const char *crontab,
                      const char *env_file)
{
    static const char *const directories[] = {"/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily"};
    char *path = mem_printf("%s/etc/crontab", root);
    struct buf text = BUF_INIT;
    if (crontab)
        take_crontab(schedule, crontab, env_file, "the crontab of this user");
    if (schedule_read_file(path, &text))
        take_crontab(schedule, text.data, env_file, "/etc/crontab");
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        read_cron_directory(schedule, root, directories[i], env_file);
    buf_release(&text);
    free(path);
}

/* --- together --------------------------------------------------------------------- */

void schedule_find(struct schedule *schedule, const char *root, const char *home,
                   const char *crontab, const char *env_file, schedule_stopped *stopped)
{
    static const char *const system[] = {"/etc/systemd/system", "/run/systemd/system",
                                         "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                         "/lib/systemd/system"};
    char *own = mem_printf("%s/.config/systemd/user", home ? home : "");
    const char *const users[] = {home ? own : "/etc/systemd/user"};
    *schedule = (struct schedule){.jobs = {{NULL, false, false, false, false}}};
    read_cron(schedule, root, crontab, env_file);
    schedule_read_units(schedule, root, system, sizeof system / sizeof system[0], false, env_file,
                        stopped);
    schedule_read_units(schedule, root, users, 1, true, env_file, stopped);
    free(own);
}

void schedule_release(struct schedule *schedule)
{
    for (int job = 0; job < SCHEDULE_JOBS; job++)
        free(schedule->jobs[job].where);
}
