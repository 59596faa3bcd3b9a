/*
 * Errors as values. Texts are formatted aside and copied in afterwards, so that an error's own
 * message may be an argument of the call that replaces it.
 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Cuts text that snprintf truncated at a whole UTF-8 character, so that a message never ends in
 * half of one. */
static void cut_at_character(char *text, size_t size)
{
    size_t len = strlen(text);
    if (len + 1 < size)
        return;
    size_t start = len;
    while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (len - (start - 1) < want)
        text[start - 1] = '\0';
}

__attribute__((format(printf, 3, 0))) static void format_into(char *target, size_t size,
                                                              const char *format, va_list args)
{
    (void)vsnprintf(target, size, format, args);
    cut_at_character(target, size);
}

static void replace(struct err *err, enum err_code code, const char *message)
{
    err->code = code;
    err->sqlstate[0] = '\0';
    err->hint[0] = '\0';
    memcpy(err->message, message, strlen(message) + 1);
}

__attribute__((format(printf, 3, 0))) static void replace_with(struct err *err, enum err_code code,
                                                               const char *format, va_list args)
{
    char text[sizeof err->message];

    format_into(text, sizeof text, format, args);
    replace(err, code, text);
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    replace_with(err, code, format, args);
    va_end(args);
    return false;
}

bool err_set_hint(struct err *err, enum err_code code, const char *hint, const char *format, ...)
{
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    replace_with(err, code, format, args);
    va_end(args);
    return err_hint(err, "%s", hint);
}

bool err_internal(struct err *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    replace_with(err, ERR_FAILED, format, args);
    va_end(args);
    return err_hint(
        err,
        "this is a fault of dbr: run the program again, and where that ends the same way, report "
        "it with what --verbose prints");
}

/* What the system refused is set right outside of dbr, whatever it was wanted for. */
static const char *hint_for_errno(int errnum)
{
    switch (errnum) {
    case EACCES:
    case EPERM:
        return "run dbr as the user whom it belongs to, or give that user the right (ls -ld of it "
               "and of the directories above)";
    case EROFS:
        return "the file system is read-only: name another place, or remount it";
    case ENOENT:
        return "check the path: it, or a directory in it, is not there";
    case ENOTDIR:
        return "check the path: a part of it is a file";
    case EISDIR:
        return "name a file: this is a directory";
    case ELOOP:
        return "check the path: its symbolic links lead in a circle";
    case ENAMETOOLONG:
        return "choose a shorter path";
    case EEXIST:
        return "remove what is there, or name another place";
    case ENOSPC:
    case EDQUOT:
        return "make room on that file system (df -h, df -i, quota), then run the program again";
    case EFBIG:
        return "raise the limit of the size of files (ulimit -f)";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files (ulimit -n)";
    case EAGAIN:
    case ENOMEM:
        return "end other processes, or raise the limits of this user (ulimit -u, ulimit -v), then "
               "run the program again";
    case EPIPE:
        return "what reads the output has ended: see that program";
    case EIO:
        return "the device fails: see dmesg";
    case ESTALE:
        return "mount the network file system again";
    case ENOEXEC:
        return "see that it is a program of this machine, or begins with #! and its interpreter";
    default:
        return "see what the system says of it (dmesg, journalctl), then run the program again";
    }
}

bool err_set_errno(struct err *err, enum err_code code, int errnum, const char *format, ...)
{
    char text[sizeof err->message];
    char whole[sizeof err->message];
    char reason[128];
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    format_into(text, sizeof text, format, args);
    va_end(args);
    /* The reason is worth more than the end of a very long name: the text gives way, not the
     * reason. */
    const char *why = strerror_r(errnum, reason, sizeof reason);
    size_t room = sizeof whole - 1 - strlen(why) - strlen(": ");
    if (strlen(text) > room) {
        text[room] = '\0';
        cut_at_character(text, room + 1);
    }
    (void)snprintf(whole, sizeof whole, "%s: %s", text, why);
    replace(err, code, whole);
    return err_hint(err, "%s", hint_for_errno(errnum));
}

bool err_hint(struct err *err, const char *format, ...)
{
    char text[sizeof err->hint];
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    format_into(text, sizeof text, format, args);
    va_end(args);
    memcpy(err->hint, text, strlen(text) + 1);
    return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
    char context[sizeof err->message];
    char whole[sizeof err->message];
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    format_into(context, sizeof context, format, args);
    va_end(args);
    size_t used = strlen(context);
    size_t room = sizeof whole - 1;
    memcpy(whole, context, used);
    const char *parts[] = {": ", err->message};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(parts[i]);
        if (len > room - used)
            len = room - used;
        memcpy(whole + used, parts[i], len);
        used += len;
    }
    whole[used] = '\0';
    cut_at_character(whole, sizeof whole);
    memcpy(err->message, whole, strlen(whole) + 1);
    return false;
}

void err_clear(struct err *err)
{
    memset(err, 0, sizeof *err);
}

const char *err_code_name(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return "none";
    case ERR_FAILED:
        return "failed";
    case ERR_USAGE:
        return "usage";
    case ERR_UNREACHABLE:
        return "unreachable";
    case ERR_DIFFERENT:
        return "different";
    case ERR_REFUSED:
        return "refused";
    case ERR_LOCKED:
        return "locked";
    case ERR_STOPPED:
        return "stopped";
    }
    return "failed";
}
