/*
 * Preloaded by tests: counts the moments at which a run leaves a trace (a file renamed into place,
 * a message sent to a server) and kills the run with SIGKILL just before one of them.
 *
 *     KILLER_AT=N        before the N-th moment, from 1; unset: never
 *     KILLER_KINDS=rs    which count: r renames, s messages
 *     KILLER_COUNT=FILE  where the number of moments is left by a run that was not killed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static long moments;
static pid_t owner; /* children (hooks) do not count */

__attribute__((constructor)) static void begin(void)
{
    owner = getpid();
    unsetenv("LD_PRELOAD");
}

static void moment(char kind)
{
    const char *at = getenv("KILLER_AT");
    const char *kinds = getenv("KILLER_KINDS");

    if (getpid() != owner || (kinds && !strchr(kinds, kind)))
        return;
    moments = __atomic_add_fetch(&moments, 1, __ATOMIC_SEQ_CST);
    if (at && moments == atol(at))
        kill(getpid(), SIGKILL);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) =
        (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");

    moment('r');
    return real(from, to);
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
    ssize_t (*real)(int, const void *, size_t, int) =
        (ssize_t(*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");

    moment('s');
    return real(fd, data, length, flags);
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("KILLER_COUNT");
    FILE *file = path && getpid() == owner ? fopen(path, "w") : NULL;

    if (!file)
        return;
    fprintf(file, "%ld\n", moments);
    fclose(file);
}
