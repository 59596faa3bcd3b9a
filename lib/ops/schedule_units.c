/*
 * Units of systemd. One works when something wants it: a link in a directory NAME.wants, to the
 * service itself or to a timer that starts it. Of a template each instance is a unit of its own,
 * and has an env file of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ops/schedule_parts.h"

struct units {
    struct strlist wanted; /* names that something wants */
    struct strlist timers; /* a timer, and behind it the unit that it starts */
    struct strlist services[SCHEDULE_JOBS];
    /* A service, and behind it the env file that it names; those of drop-ins count first. */
    struct strlist files, drop_in_files;
};

struct search {
    struct schedule *schedule;
    const char *env_file;
    schedule_stopped *stopped;
    bool user;
};

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t n = strlen(suffix);
    return len > n && strcmp(name + len - n, suffix) == 0;
}

/* --- reading ------------------------------------------------------------------------ */

/* A timer starts the service of its name, unless it names another unit. */
static void take_timer(struct units *units, const char *name, const char *text)
{
    const char *unit = strstr(text, "\nUnit=");
    if (strlist_has(&units->timers, name))
        return;
    strlist_add(&units->timers, name);
    if (!unit) {
        strlist_addf(&units->timers, "%.*s.service", (int)(strlen(name) - strlen(".timer")), name);
        return;
    }
    char *line = mem_strndup(unit + 6, strcspn(unit + 6, " \t\r\n"));
    char *instance = strstr(line, "@%i.");
    if (instance)
        memmove(instance + 1, instance + 3, strlen(instance + 3) + 1);
    strlist_add(&units->timers, line);
    free(line);
}

/* What a unit, or a drop-in of it, says of its env file: the last word of it counts. */
static void take_env_file(struct strlist *files, const char *service, const char *text)
{
    static const char credential[] = "LoadCredential=env:";
    struct strlist lines = STRLIST_INIT;
    char *found = NULL;
    strlist_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.items[i];
        char *named = NULL;
        if (strncmp(line, credential, strlen(credential)) == 0)
            named = mem_strdup(line + strlen(credential));
        else if (strncmp(line, "ExecStart=", 10) == 0 || strncmp(line, "Environment=", 12) == 0)
            named = schedule_env_file_of(line);
        if (named) {
            free(found);
            found = named;
        }
    }
    if (found) {
        strlist_add(files, service);
        strlist_add(files, found);
    }
    free(found);
    strlist_release(&lines);
}

static bool text_starts(const char *text, enum schedule_job job)
{
    static const char key[] = "ExecStart=";
    struct strlist lines = STRLIST_INIT;
    bool found = false;
    strlist_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count && !found; i++)
        found = strncmp(lines.items[i], key, strlen(key)) == 0 &&
                schedule_line_runs(lines.items[i] + strlen(key), job);
    strlist_release(&lines);
    return found;
}

static void take_unit(struct units *units, const char *name, const char *text)
{
    if (has_suffix(name, ".timer")) {
        take_timer(units, name, text);
        return;
    }
    for (int job = 0; job < SCHEDULE_JOBS; job++) {
        if (text_starts(text, (enum schedule_job)job) &&
            !strlist_has(&units->services[job], name)) {
            strlist_add(&units->services[job], name);
            take_env_file(&units->files, name, text);
        }
    }
}

static void take_drop_ins(struct units *units, const char *name, const char *directory)
{
    struct strlist names = STRLIST_INIT;
    struct buf text = BUF_INIT;
    char *service = mem_strndup(name, strlen(name) - strlen(".d"));
    schedule_names_in(directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        char *path = mem_printf("%s/%s", directory, names.items[i]);
        if (has_suffix(path, ".conf") && schedule_read_file(path, &text))
            take_env_file(&units->drop_in_files, service, text.data);
        free(path);
    }
    free(service);
    buf_release(&text);
    strlist_release(&names);
}

static void read_directory(struct units *units, const char *directory)
{
    struct strlist names = STRLIST_INIT;
    struct buf text = BUF_INIT;
    schedule_names_in(directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        char *path = mem_printf("%s/%s", directory, name);
        if (has_suffix(name, ".wants") || has_suffix(name, ".requires"))
            schedule_names_in(path, &units->wanted);
        else if (has_suffix(name, ".service.d"))
            take_drop_ins(units, name, path);
        else if ((has_suffix(name, ".service") || has_suffix(name, ".timer")) &&
                 schedule_read_file(path, &text))
            take_unit(units, name, text.data);
        free(path);
    }
    buf_release(&text);
    strlist_release(&names);
}

/* --- instances ------------------------------------------------------------------------ */

/* What stands between "@" and the suffix; malloced, NULL where name is no instance of template. */
static char *instance_of(const char *name, const char *template)
{
    const char *at = strstr(template, "@.");
    size_t head = at ? (size_t)(at - template) + 1 : 0;
    if (!at || strncmp(name, template, head) != 0 || !has_suffix(name, at + 1) ||
        strlen(name) <= strlen(template))
        return NULL;
    return mem_strndup(name + head, strlen(name) - strlen(template));
}

/* dbr-sync@.service: dbr-sync@shop.service; what is no template stays. */
static char *fill_in(const char *template, const char *instance)
{
    const char *at = strstr(template, "@.");
    return at && instance
               ? mem_printf("%.*s@%s%s", (int)(at - template), template, instance, at + 1)
               : mem_strdup(template);
}

static const char *lookup(const struct strlist *files, const char *service)
{
    for (size_t i = 0; i + 1 < files->count; i += 2) {
        if (strcmp(files->items[i], service) == 0)
            return files->items[i + 1];
    }
    return NULL;
}

/* The env file of a service, its specifiers replaced; malloced, NULL where it names none. */
static char *env_file_of(const struct units *units, const char *service, const char *instance)
{
    char *unit = fill_in(service, instance);
    const char *named = lookup(&units->drop_in_files, unit);
    struct buf path = BUF_INIT;
    if (!named)
        named = lookup(&units->drop_in_files, service);
    if (!named)
        named = lookup(&units->files, unit);
    if (!named)
        named = lookup(&units->files, service);
    for (const char *p = named; p && *p; p++) {
        if (p[0] == '%' && p[1] == 'i')
            buf_adds(&path, instance ? instance : "");
        else
            buf_addch(&path, *p);
        if (p[0] == '%' && (p[1] == 'i' || p[1] == '%'))
            p++;
    }
    free(unit);
    return buf_detach(&path);
}

static bool is_of_pair(const struct units *units, const char *service, const char *instance,
                       const char *env_file)
{
    char *named = env_file_of(units, service, instance);
    bool other = named && named[0] == '/' && env_file && !schedule_is_same_file(named, env_file);
    free(named);
    return !other;
}

/* --- what starts what ------------------------------------------------------------------- */

static void enter_wanted(const struct search *search, int job, const char *unit)
{
    const struct schedule_entry *have = &search->schedule->jobs[job];
    if (have->where && have->enabled && !have->stopped)
        return;
    schedule_enter(
        search->schedule, (enum schedule_job)job, unit,
        (struct schedule_entry){.systemd = true,
                                .user = search->user,
                                .enabled = true,
                                .stopped = search->stopped && search->stopped(unit, search->user)});
}

/* One that could be enabled. Of a template, the instance that has a drop-in for this env file. */
static void enter_unwanted(const struct search *search, const struct units *units, int job,
                           const char *unit, const char *service)
{
    char *name = strstr(unit, "@.") ? NULL : mem_strdup(unit);
    for (size_t i = 0; !name && i + 1 < units->drop_in_files.count; i += 2) {
        char *instance = instance_of(units->drop_in_files.items[i], service);
        if (instance && search->env_file && is_of_pair(units, service, instance, search->env_file))
            name = fill_in(unit, instance);
        free(instance);
    }
    if (name)
        schedule_enter(search->schedule, (enum schedule_job)job, name,
                       (struct schedule_entry){.systemd = true, .user = search->user});
    free(name);
}

/* unit: the service, or a timer that starts it. */
static void enter_unit(const struct search *search, const struct units *units, int job,
                       const char *unit, const char *service)
{
    bool plain = !strstr(unit, "@.");
    if (plain && !is_of_pair(units, service, NULL, search->env_file))
        return;
    for (size_t i = 0; i < units->wanted.count; i++) {
        const char *wanted = units->wanted.items[i];
        char *instance = plain ? NULL : instance_of(wanted, unit);
        if (plain ? strcmp(wanted, unit) == 0
                  : instance && is_of_pair(units, service, instance, search->env_file))
            enter_wanted(search, job, wanted);
        free(instance);
    }
    enter_unwanted(search, units, job, unit, service);
}

/* The timers first: where neither works, they are what is to be enabled. */
static void enter_units(const struct search *search, const struct units *units)
{
    for (int job = 0; job < SCHEDULE_JOBS; job++) {
        const struct strlist *services = &units->services[job];
        for (size_t i = 0; i < services->count; i++) {
            const char *service = services->items[i];
            for (size_t t = 0; t + 1 < units->timers.count; t += 2) {
                if (strcmp(units->timers.items[t + 1], service) == 0)
                    enter_unit(search, units, job, units->timers.items[t], service);
            }
            enter_unit(search, units, job, service, service);
        }
    }
}

void schedule_read_units(struct schedule *schedule, const char *root,
                         const char *const *directories, size_t count, bool user,
                         const char *env_file, schedule_stopped *stopped)
{
    const struct search search = {schedule, env_file, stopped, user};
    struct units units = {.wanted = STRLIST_INIT};
    for (size_t i = 0; i < count; i++) {
        char *path = mem_printf("%s%s", root, directories[i]);
        read_directory(&units, path);
        free(path);
    }
    enter_units(&search, &units);
    strlist_release(&units.wanted);
    strlist_release(&units.timers);
    strlist_release(&units.files);
    strlist_release(&units.drop_in_files);
    for (int job = 0; job < SCHEDULE_JOBS; job++)
        strlist_release(&units.services[job]);
}
