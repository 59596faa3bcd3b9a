/*
 * Crontabs and units. A unit of systemd works when something wants it: a link in a directory
 * NAME.wants, to the service itself or to a timer that starts it.
 */
#include "ops/schedule.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/strlist.h"

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

static bool is_same_file(const char *one, const char *other)
{
    char *first = realpath(one, NULL);
    char *second = realpath(other, NULL);
    bool same = strcmp(first ? first : one, second ? second : other) == 0;
    free(first);
    free(second);
    return same;
}

bool schedule_line_is_of_other(const char *line, const char *env_file)
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
    bool other =
        word.len > 0 && word.data[0] == '/' && env_file && !is_same_file(word.data, env_file);
    buf_release(&word);
    return other;
}

static void enter(struct schedule *schedule, enum schedule_job job, const char *where,
                  struct schedule_entry found)
{
    struct schedule_entry *entry = &schedule->jobs[job];
    if (entry->where && (entry->enabled || !found.enabled))
        return;
    free(entry->where);
    *entry = found;
    entry->where = mem_strdup(where);
}

/* prefix: only lines that begin with it, and only what stands behind it; "": all. env_file: not
 * lines of another one; NULL: all. */
static bool text_runs(const char *text, const char *prefix, const char *env_file,
                      enum schedule_job job)
{
    struct strlist lines = STRLIST_INIT;
    bool runs = false;
    strlist_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count && !runs; i++) {
        const char *line = lines.items[i];
        if (strncmp(line, prefix, strlen(prefix)) == 0)
            runs = schedule_line_runs(line + strlen(prefix), job) &&
                   !schedule_line_is_of_other(line, env_file);
    }
    strlist_release(&lines);
    return runs;
}

static void take_crontab(struct schedule *schedule, const char *text, const char *env_file,
                         const char *where)
{
    for (int job = 0; job < SCHEDULE_JOBS; job++) {
        if (text_runs(text, "", env_file, (enum schedule_job)job))
            enter(schedule, (enum schedule_job)job, where,
                  (struct schedule_entry){.enabled = true});
    }
}

/* --- files ------------------------------------------------------------------------ */

/* Files only: a pipe that nobody writes to would be waited for. */
static bool read_file(const char *path, struct buf *text)
{
    struct stat st;
    struct err ignored = ERR_INIT;
    buf_reset(text);
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && fsio_read(path, FILE_MAX, text, &ignored);
}

/* Names in a directory without those that begin with a dot; none where it cannot be read. */
static void names_in(const char *directory, struct strlist *names)
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
    names_in(path, &names);
    for (size_t i = 0; i < names.count; i++) {
        char *file = mem_printf("%s/%s", path, names.items[i]);
        if (!strchr(names.items[i], '.') && read_file(file, &text))
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
    if (read_file(path, &text))
        take_crontab(schedule, text.data, env_file, "/etc/crontab");
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        read_cron_directory(schedule, root, directories[i], env_file);
    buf_release(&text);
    free(path);
}

/* --- systemd ---------------------------------------------------------------------- */

struct units {
    struct strlist wanted; /* names that something wants */
    struct strlist timers; /* a timer, and behind it the unit that it starts */
    struct strlist services[SCHEDULE_JOBS];
};

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t n = strlen(suffix);
    return len > n && strcmp(name + len - n, suffix) == 0;
}

/* A timer starts the service of its name, unless it names another unit. */
static void take_timer(struct units *units, const char *name, const char *text)
{
    const char *unit = strstr(text, "\nUnit=");
    strlist_add(&units->timers, name);
    if (unit) {
        char *line = mem_strndup(unit + 6, strcspn(unit + 6, " \t\r\n"));
        strlist_add(&units->timers, line);
        free(line);
    } else {
        strlist_addf(&units->timers, "%.*s.service", (int)(strlen(name) - strlen(".timer")), name);
    }
}

static void take_unit(struct units *units, const char *name, const char *text)
{
    if (has_suffix(name, ".timer"))
        take_timer(units, name, text);
    for (int job = 0; has_suffix(name, ".service") && job < SCHEDULE_JOBS; job++) {
        if (text_runs(text, "ExecStart=", NULL, (enum schedule_job)job) &&
            !strlist_has(&units->services[job], name))
            strlist_add(&units->services[job], name);
    }
}

static void read_units(struct units *units, const char *directory)
{
    struct strlist names = STRLIST_INIT;
    struct buf text = BUF_INIT;
    names_in(directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        char *path = mem_printf("%s/%s", directory, names.items[i]);
        if (has_suffix(names.items[i], ".wants") || has_suffix(names.items[i], ".requires"))
            names_in(path, &units->wanted);
        else if ((has_suffix(names.items[i], ".service") || has_suffix(names.items[i], ".timer")) &&
                 read_file(path, &text))
            take_unit(units, names.items[i], text.data);
        free(path);
    }
    buf_release(&text);
    strlist_release(&names);
}

/* The unit itself, or an instance of a template: dbr-sync@shop.timer of dbr-sync@.timer. */
static const char *wanted_name(const struct units *units, const char *name)
{
    const char *at = strstr(name, "@.");
    for (size_t i = 0; i < units->wanted.count; i++) {
        const char *wanted = units->wanted.items[i];
        if (strcmp(wanted, name) == 0 ||
            (at && strncmp(wanted, name, (size_t)(at - name) + 1) == 0 &&
             has_suffix(wanted, at + 1)))
            return wanted;
    }
    return NULL;
}

static void enter_unit(struct schedule *schedule, const struct units *units, int job,
                       const char *name, bool user)
{
    const char *wanted = wanted_name(units, name);
    enter(schedule, (enum schedule_job)job, wanted ? wanted : name,
          (struct schedule_entry){.systemd = true, .user = user, .enabled = wanted != NULL});
}

/* The timers first: where neither works, they are what is to be enabled. */
static void take_units(struct schedule *schedule, const struct units *units, bool user)
{
    for (int job = 0; job < SCHEDULE_JOBS; job++) {
        const struct strlist *services = &units->services[job];
        for (size_t i = 0; i < services->count; i++) {
            for (size_t t = 0; t + 1 < units->timers.count; t += 2) {
                if (strcmp(units->timers.items[t + 1], services->items[i]) == 0)
                    enter_unit(schedule, units, job, units->timers.items[t], user);
            }
            enter_unit(schedule, units, job, services->items[i], user);
        }
    }
}

static void read_systemd(struct schedule *schedule, const char *root,
                         const char *const *directories, size_t count, bool user)
{
    struct units units = {.wanted = STRLIST_INIT};
    for (size_t i = 0; i < count; i++) {
        char *path = mem_printf("%s%s", root, directories[i]);
        read_units(&units, path);
        free(path);
    }
    take_units(schedule, &units, user);
    strlist_release(&units.wanted);
    strlist_release(&units.timers);
    for (int job = 0; job < SCHEDULE_JOBS; job++)
        strlist_release(&units.services[job]);
}

/* --- together --------------------------------------------------------------------- */

void schedule_find(struct schedule *schedule, const char *root, const char *home,
                   const char *crontab, const char *env_file)
{
    static const char *const system[] = {"/etc/systemd/system", "/run/systemd/system",
                                         "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                         "/lib/systemd/system"};
    char *own = mem_printf("%s/.config/systemd/user", home ? home : "");
    const char *const users[] = {home ? own : "/etc/systemd/user"};
    *schedule = (struct schedule){.jobs = {{NULL, false, false, false}}};
    read_cron(schedule, root, crontab, env_file);
    read_systemd(schedule, root, system, sizeof system / sizeof system[0], false);
    read_systemd(schedule, root, users, 1, true);
    free(own);
}

void schedule_release(struct schedule *schedule)
{
    for (int job = 0; job < SCHEDULE_JOBS; job++)
        free(schedule->jobs[job].where);
}
