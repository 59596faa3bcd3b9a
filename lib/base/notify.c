/* The notification protocol, which is small enough to speak without a library. */
#include "base/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define DAY_US (24LL * 3600 * 1000000)

void notify_send(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    /* A file, or with '@' a name in the abstract namespace; nothing else is spoken here. */
    if (len < 2 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    (void)close(fd);
}

/* What the manager allows between two signs of life; 0 without a watchdog. */
static long long watchdog_us(void)
{
    const char *limit = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    long long us = limit ? strtoll(limit, NULL, 10) : 0;
    /* Meant for another process of the unit. */
    return us <= 0 || (pid && strtol(pid, NULL, 10) != (long)getpid()) ? 0 : us;
}

int64_t notify_watchdog_ms(void)
{
    long long us = watchdog_us();
    if (us == 0)
        return 0;
    return us >= 2000 ? us / 2000 : 1;
}

void notify_alive(void)
{
    static int64_t told_ms;
    int64_t often_ms = notify_watchdog_ms();
    int64_t now_ms = clock_mono_ms();
    if (often_ms == 0 || (told_ms > 0 && now_ms - told_ms < often_ms))
        return;
    told_ms = now_ms;
    notify_send("WATCHDOG=1");
}

/* The manager starts to count anew with it. */
static void allow(long long us)
{
    char text[64];
    if (watchdog_us() == 0)
        return;
    (void)snprintf(text, sizeof text, "WATCHDOG_USEC=%lld", us);
    notify_send(text);
}

void notify_hold_watchdog(void)
{
    allow(DAY_US);
}

void notify_release_watchdog(void)
{
    allow(watchdog_us());
}
