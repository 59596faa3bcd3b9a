/* Where the token comes from, and who knows it. */
#include "ops/api_token.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fsio.h"

#define FILE_MAX 4096
static const char digest_prefix[] = "sha256:";

/* where: what the value is called in an error. */
static bool take(struct api_token *token, const char *text, const char *where, struct err *err)
{
    size_t prefix = sizeof digest_prefix - 1;
    if (strncmp(text, digest_prefix, prefix) == 0) {
        if (!sha256_parse(text + prefix, token->digest)) {
            err_set(err, ERR_USAGE, "%s: \"sha256:\" is not followed by 64 hex digits", where);
            return err_hint(err, "printf %%s \"$token\" | sha256sum prints them");
        }
    } else {
        sha256(text, strlen(text), token->digest);
    }
    token->configured = true;
    return true;
}

static bool check_file(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        err_set(err, ERR_USAGE, "the token file %s does not exist, or is no file", path);
        return err_hint(err, "make it: (umask 077; openssl rand -hex 32 >%s)", path);
    }
    if (st.st_mode & 077) {
        err_set(err, ERR_USAGE, "the token file %s is open to others (mode %03o)", path,
                (unsigned)(st.st_mode & 0777));
        return err_hint(err, "chmod 600 %s, and make a new token", path);
    }
    return true;
}

static bool load_file(struct api_token *token, const char *path, struct err *err)
{
    struct buf text = BUF_INIT;
    if (!check_file(path, err))
        return false;
    bool ok = fsio_read(path, FILE_MAX, &text, err);
    if (ok) {
        size_t len = strcspn(text.data, "\r\n");
        while (len > 0 && isspace((unsigned char)text.data[len - 1]))
            len--;
        buf_truncate(&text, len);
        ok = len > 0;
        if (!ok) {
            err_set(err, ERR_USAGE, "the first line of the token file %s is empty", path);
            err_hint(err, "write the token there, or sha256: and its digest");
        }
    }
    ok = ok && take(token, text.data, path, err);
    buf_release(&text);
    return ok;
}

bool api_token_load(struct api_token *token, const struct config *config, struct err *err)
{
    const char *text = config_value(config, "DBR_API_TOKEN")->value;
    const char *path = config_value(config, "DBR_API_TOKEN_FILE")->value;
    *token = (struct api_token){0};
    if (text)
        return take(token, text, "DBR_API_TOKEN", err);
    return !path || load_file(token, path, err);
}

bool api_token_matches(const struct api_token *token, const char *guess)
{
    unsigned char digest[SHA256_SIZE];
    sha256(guess, strlen(guess), digest);
    return sha256_equal(digest, token->digest) && token->configured;
}
