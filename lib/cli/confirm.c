/*
 * Consent. The question goes to stderr, so that it is seen when the result is piped away; where
 * nobody can see or answer it, it is not asked.
 */
#include "cli/main.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/stop.h"
#include "cli/progress.h"

#define ANSWER_LONGEST 64
#define POLL_MS 100 /* how long a stop may go unnoticed */

/* Reads one line, cut at what fits; the end of input counts as an empty one. */
static bool read_answer(char *answer, size_t size, struct err *err)
{
    size_t len = 0;

    for (;;) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        char c;

        if (!stop_check(err))
            return false;
        if (poll(&input, 1, POLL_MS) <= 0)
            continue;
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || c == '\n')
            break;
        if (len + 1 < size)
            answer[len++] = c;
    }
    answer[len] = '\0';
    return true;
}

bool cli_confirm(struct cli *cli, const char *question, struct err *err)
{
    char answer[ANSWER_LONGEST];
    struct buf text = BUF_INIT;

    if (cli->common.yes)
        return true;
    buf_add_clean(&text, question);
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        err_set(err, ERR_REFUSED, "consent is needed, and there is no terminal to ask at: %s",
                text.data);
        buf_release(&text);
        return err_hint(err, "add --yes to consent");
    }
    progress_clear();
    fprintf(stderr, "%s [y/N] ", text.data);
    fflush(stderr);
    buf_release(&text);
    if (!read_answer(answer, sizeof answer, err)) {
        fputc('\n', stderr);
        return false;
    }
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return true;
    err_set(err, ERR_REFUSED, "not confirmed: nothing was changed");
    return err_hint(err, "answer y, or add --yes");
}
