/* dbr-env: option table and exit status; the work is in lib/ops/env.c. */
#include "cli/main.h"
#include "ops/env.h"

static struct env_options env_options;

static const struct option options[] = {
    {0, "name", "VAR", "name of the variable; DB_ACTIVE_ENV_VAR by default", OPTION_TEXT,
     &env_options.name, 0, 0, NULL, false},
    {0, "format", NULL, "how to print it: NAME='...' for a shell or an env file, or the URL alone",
     OPTION_CHOICE, &env_options.format, 0, 0, "shell|dotenv|url", false},
    {0, "check", NULL, "exit 4 when a target of the switch points elsewhere", OPTION_FLAG,
     &env_options.check, 0, 0, NULL, false},
    {0, "config", "KEY[,KEY]", "print these keys of the configuration, quoted for a shell",
     OPTION_LIST, &env_options.config, 0, 0, NULL, false},
    {0, "set", "KEY[,KEY]", "write these keys into the env file, values from standard input",
     OPTION_LIST, &env_options.set, 0, 0, NULL, false},
    OPTION_END,
};

static const struct program program = {
    .name = "dbr-env",
    .purpose = "give the URL of the active database to a shell or a command",
    .usage = "[options] [-- command [argument ...]]",
    .options = options,
    .description = "With a command, runs it with the variable in its environment; the exit status "
                   "is the command's, 127 when there is no such command, 126 when it cannot be "
                   "run.",
    .operands = true,
};

static bool run(struct cli *cli, struct err *err)
{
    return ops_env(cli, &env_options, err);
}

int main(int argc, char **argv)
{
    return cli_main(&program, argc, argv, run);
}
