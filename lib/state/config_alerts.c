/* The thresholds of alerts. */
#include "state/config.h"

static int64_t number_of(const struct config *config, const char *key)
{
    return config_value(config, key)->number;
}

void config_set_alerts(struct config *config)
{
    const struct config_value *backups = config_value(config, "DB_BACKUP_DIR");
    config->alerts = (struct alert_limits){(int)number_of(config, "DB_ALERT_CPU_PERCENT"),
                                           (int)number_of(config, "DB_ALERT_MEMORY_PERCENT"),
                                           (int)number_of(config, "DB_ALERT_DISK_PERCENT"),
                                           (int)number_of(config, "DB_ALERT_CONNECTIONS_PERCENT"),
                                           number_of(config, "DB_ALERT_CONFLICTS"),
                                           number_of(config, "DB_ALERT_VERIFICATION_MS"),
                                           number_of(config, "DB_ALERT_BACKUP_MS"),
                                           number_of(config, "DB_ALERT_CERTIFICATE_MS"),
                                           number_of(config, "DB_ALERT_REPEAT_MS")};
    config->backup_dir = backups->source == SOURCE_DEFAULT ? NULL : backups->value;
}
