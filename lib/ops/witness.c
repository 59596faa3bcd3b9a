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

/* True as soon as one connection stands. */
static bool any_answers(struct pollfd *fds, size_t count, int64_t until, struct err *err)
{
    size_t open = count;

    while (open > 0 && clock_mono_ms() < until) {
        size_t i;

        if (!stop_check(err))
            return false;
        notify_alive();
        if (poll(fds, count, POLL_SLICE_MS) <= 0)
            continue;
        for (i = 0; i < count; i++) {
            if (fds[i].fd < 0 || !fds[i].revents)
                continue;
            if (is_connected(fds[i].fd))
                return true;
            (void)close(fds[i].fd);
            fds[i].fd = -1;
            open--;
        }
    }
    return false;
}

bool witness_check(const struct config *config, struct err *err)
{
    struct pollfd fds[WITNESS_MAX];
    struct strlist names = STRLIST_INIT;
    int64_t until = clock_mono_ms() + config->health_timeout_ms;
    size_t count = 0;
    size_t i;
    bool ok;

    if (!witness_configured(config))
        return true;
    strlist_split(&names, hosts(config), ',');
    for (i = 0; i < names.count && count < WITNESS_MAX; i++) {
        int fd = reach(names.items[i]);

        if (fd >= 0)
            fds[count++] = (struct pollfd){.fd = fd, .events = POLLOUT};
    }
    ok = any_answers(fds, count, until, err);
    for (i = 0; i < count; i++)
        if (fds[i].fd >= 0)
            (void)close(fds[i].fd);
    strlist_release(&names);
    if (ok || err->code == ERR_STOPPED)
        return ok;
    err_set(err, ERR_REFUSED,
            "none of the witnesses (DB_WITNESS) can be reached: this machine is "
            "cut off, not the database");
    return err_hint(err, "look at the network of this machine; --force switches all the same");
}
