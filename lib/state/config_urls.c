/*
 * The URLs of the configuration, judged, derived and shown as libpq reads them. Apart from
 * config.c, so that a program that connects to nothing does not have to load libpq.
 */
#include "state/config_urls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/conn.h"

static bool check_url(struct config_value *value)
{
    struct err err = ERR_INIT;
    if (conn_check_url(value->used_name, value->value, NULL, &err))
        return true;
    /* The message starts with the name, which the caller puts in front anyway. */
    size_t name = strlen(value->used_name);
    bool named = strncmp(err.message, value->used_name, name) == 0 && err.message[name] == ' ';
    (void)snprintf(value->problem, sizeof value->problem, "%.*s", (int)sizeof value->problem - 1,
                   err.message + (named ? name + 1 : 0));
    return false;
}

/* What dbr connects to, and how that may be shown. */
static void derive(struct config *config)
{
    static const char *const names[2] = {"DATABASE_URL", "DATABASE_URL_SECONDARY"};
    bool direct = config_value(config, "DATABASE_URL_DIRECT")->value != NULL;
    struct err ignored = ERR_INIT;
    for (size_t i = 0; i < 2; i++) {
        const char *url = config->app_urls[i];
        if (!url)
            continue;
        if (i != ROLE_PRIMARY || !direct) {
            free(config->urls[i]);
            config->urls[i] = conn_direct_url(url);
        }
        (void)conn_check_url(names[i], config->urls[i], &config->shown[i], &ignored);
        char *warning = conn_url_warning(url);
        if (warning)
            strlist_addf(&config->warnings, "%s: %s", config_value(config, names[i])->used_name,
                         warning);
        free(warning);
    }
}

bool config_load(struct config *config, const char *env_file, const char *state_dir, bool lenient,
                 struct err *err)
{
    if (!config_load_with(config, env_file, state_dir, lenient, check_url, err))
        return false;
    derive(config);
    return true;
}

char *config_value_shown(const struct config_value *value)
{
    struct err ignored = ERR_INIT;
    char *shown = NULL;
    if (!value->value)
        return mem_strdup("not set");
    if (!value->secret)
        return mem_strdup(value->value);
    /* A token is no URL, and a URL that could be checked is shown without its password. */
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, value->key) == 0 && keys[i].kind == CONFIG_URL &&
            conn_check_url(value->key, value->value, &shown, &ignored))
            return shown;
    }
    return mem_strdup("set");
}
