/* Reaching for the witnesses, all at once. */
#include "ops/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/notify.h"
#include "base/stop.h"
#include "base/strlist.h"

#define WITNESS_MAX 16
#define POLL_SLICE_MS 100

static const char *hosts(const struct config *config)
{
    return config_value(config, "DB_WITNESS")->value;
}

bool witness_configured(const struct config *config)
{
    const char *text = hosts(config);

    return text && *text;
}

/* A connection under way to "host:port" or "[address]:port", or -1. */
static int reach(const char *witness)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char *host = mem_strdup(witness);
    char *port = strrchr(host, ':');
    char *name = host;
    int fd = -1;

    if (port)
        *port++ = '\0';
    if (name[0] == '[' && name[strlen(name) - 1] == ']') {
        name[strlen(name) - 1] = '\0';
        name++;
    }
    if (port && getaddrinfo(name, port, &hints, &found) == 0) {
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0 &&
            errno != EINPROGRESS) {
            (void)close(fd);
            fd = -1;
        }
        freeaddrinfo(found);
    }
    free(host);
    return fd;
}

static bool is_connected(int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/* All witnesses, while they are reached for. */
struct round {
    struct strlist names;
    struct pollfd fds[WITNESS_MAX];
    bool answered[WITNESS_MAX];
    size_t count;
};

static void begin(struct round *round, const struct config *config)
{
    *round = (struct round){.names = STRLIST_INIT};
    strlist_split(&round->names, hosts(config), ',');
    for (; round->count < round->names.count && round->count < WITNESS_MAX; round->count++)
        round->fds[round->count] =
            (struct pollfd){.fd = reach(round->names.items[round->count]), .events = POLLOUT};
}

static bool is_open(const struct round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        if (round->fds[i].fd >= 0)
            return true;
    }
    return false;
}

/* Takes what has come; true when an answer is among it. */
static bool take_answers(struct round *round)
{
    bool any = false;

    for (size_t i = 0; i < round->count; i++) {
        struct pollfd *at = &round->fds[i];

        if (at->fd < 0 || !at->revents)
            continue;
        round->answered[i] = is_connected(at->fd);
        any = any || round->answered[i];
        (void)close(at->fd);
        at->fd = -1;
    }
    return any;
}

/* Until time is up or each has told, with first: until one has answered. False: stopped. */
static bool serve(struct round *round, int64_t until, bool first, struct err *err)
{
    while (is_open(round) && clock_mono_ms() < until) {
        if (!stop_check(err))
            return false;
        notify_alive();
        if (poll(round->fds, round->count, POLL_SLICE_MS) > 0 && take_answers(round) && first)
            return true;
    }
    return true;
}

static void end(struct round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        if (round->fds[i].fd >= 0)
            (void)close(round->fds[i].fd);
    }
    strlist_release(&round->names);
}

bool witness_ask(const struct config *config, struct strlist *answering, struct strlist *silent,
                 struct err *err)
{
    struct round round;
    int64_t until = clock_mono_ms() + config->health_timeout_ms;
    bool ok;

    begin(&round, config);
    ok = serve(&round, until, false, err);
    for (size_t i = 0; ok && i < round.count; i++)
        strlist_add(round.answered[i] ? answering : silent, round.names.items[i]);
    end(&round);
    return ok;
}

bool witness_check(const struct config *config, struct err *err)
{
    struct round round;
    int64_t until = clock_mono_ms() + config->health_timeout_ms;
    bool ok;
    bool any = false;

    if (!witness_configured(config))
        return true;
    begin(&round, config);
    ok = serve(&round, until, true, err);
    for (size_t i = 0; i < round.count; i++)
        any = any || round.answered[i];
    end(&round);
    if (any || !ok)
        return any;
    err_set(err, ERR_REFUSED,
            "none of the witnesses (DB_WITNESS) answers: it may be the network of this machine "
            "that fails, and not the primary");
    return err_hint(err, "dbr-health --doctor asks each of them; --force switches all the same");
}
