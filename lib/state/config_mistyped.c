/*
 * Lines of the env file whose key nobody reads, but that look as if a key of dbr was meant. The
 * file is the application's as well: what resembles no key is its own business.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "state/config.h"
#include "state/config_mistyped.h"

static bool is_known(const char *name)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, keys[i].name) == 0 || (keys[i].alias && strcmp(name, keys[i].alias) == 0))
            return true;
    return false;
}

static bool has_our_prefix(const char *name)
{
    return strncmp(name, "DB_", 3) == 0 || strncmp(name, "AUTO_", 5) == 0 ||
           strncmp(name, "DBR_", 4) == 0;
}

const char *config_key_meant(const char *name)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    if (!has_our_prefix(name) || is_known(name))
        return NULL;
    const char **names = mem_array(NULL, count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = keys[i].name;
    const char *nearest = strlist_nearest(name, names, count);
    free(names);
    return nearest;
}

void config_note_mistyped(struct config *config, const struct envfile *file)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct envfile_entry *entry = &file->entries[i];
        const char *meant = config_key_meant(entry->name);
        if (meant)
            strlist_addf(&config->mistyped, "%s line %zu: %s is no key of dbr: did you mean %s?",
                         config->env_file, entry->line, entry->name, meant);
    }
}
