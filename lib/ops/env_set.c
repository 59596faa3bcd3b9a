/* Edits the env file as a switch edits that of the application, but for the mode. */
#include "ops/env_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/strlist.h"
#include "ops/pointer_file.h"
#include "state/config.h"
#include "state/envfile.h"
#include "state/envfile_edit.h"

#define OWNER_ONLY 0600

static bool check_key(const char *name, struct err *err)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return true;
    struct buf shown = BUF_INIT;
    buf_add_clean(&shown, name);
    err_set(err, ERR_USAGE, "there is no configuration key %s", shown.data);
    buf_release(&shown);
    return err_hint(err, "dbr-health --doctor lists the keys");
}

/* The next line of standard input without its end; its text is never part of an error. */
static bool read_value(const char *name, char **line, size_t *size, struct err *err)
{
    ssize_t len = getline(line, size, stdin);
    while (len > 0 && strchr("\r\n", (*line)[len - 1]))
        (*line)[--len] = '\0';
    if (len > 0 && strlen(*line) == (size_t)len)
        return true;
    err_set(err, ERR_USAGE, "there is no value for %s on standard input", name);
    return err_hint(err, "write one line for each key, in the order of --set");
}

static bool has_value(const char *path, const struct buf *text, const char *name, const char *value)
{
    struct envfile file = ENVFILE_INIT;
    envfile_parse(&file, path, text->data, text->len);
    const struct envfile_entry *entry = envfile_find(&file, name);
    bool same = entry && !entry->cut && strcmp(entry->value, value) == 0;
    envfile_release(&file);
    return same;
}

/* text becomes what it is with that key set; *same tells that it is so already. */
static bool set_one(const char *path, const char *name, const char *value, struct buf *text,
                    bool *same, struct err *err)
{
    struct buf edited = BUF_INIT;
    *same = has_value(path, text, name, value);
    if (*same)
        return true;
    bool ok = envfile_set(path, text->data, text->len, name, value, &edited, err);
    /* A quote in a URL is written encoded. */
    *same = ok && edited.len == text->len && memcmp(edited.data, text->data, text->len) == 0;
    if (ok) {
        buf_release(text);
        *text = edited;
    } else {
        buf_release(&edited);
    }
    return ok;
}

/* Sets all keys in text and tells of each in the document, and in lines. */
static bool set_all(struct cli *cli, const struct strlist *keys, struct buf *text,
                    struct buf *lines, struct err *err)
{
    const char *path = cli->common.env_file;
    struct json *object = json_set_object(cli->document, "set");
    char *value = NULL;
    size_t size = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < keys->count; i++) {
        const char *name = keys->items[i];
        bool same = false;
        ok = check_key(name, err) && read_value(name, &value, &size, err) &&
             set_one(path, name, value, text, &same, err);
        json_set_str(object, name, same ? "unchanged" : "changed");
        buf_addf(lines, "%s %s\n", name, same ? "unchanged" : "changed");
    }
    free(value);
    /* All or nothing is written. */
    if (!ok)
        json_remove(cli->document, "set");
    return ok;
}

bool env_set_config(struct cli *cli, const struct strlist *keys, struct err *err)
{
    const char *path = cli->common.env_file;
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    struct buf lines = BUF_INIT;
    mode_t mode = 0;
    if (!path) {
        err_set(err, ERR_USAGE, "--set needs --env-file");
        return err_hint(err, "name the file to write");
    }
    bool ok = pointer_file_read(path, &before, &mode, err);
    buf_add(&after, before.data, before.len);
    ok = ok && set_all(cli, keys, &after, &lines, err) && pointer_file_check(path, mode, err);
    bool open = (mode & 077) != 0;
    ok = ok && pointer_file_write(path, mode & OWNER_ONLY, &before, &after, err);
    if (ok && open && chmod(path, OWNER_ONLY) != 0)
        ok = err_set_errno(err, ERR_FAILED, errno, "cannot change the mode of %s", path);
    if (ok && !cli->common.json && !cli->common.quiet)
        (void)fputs(lines.data, stdout);
    buf_release(&before);
    buf_release(&after);
    buf_release(&lines);
    return ok;
}
