/*
 * The hints. CockroachDB Cloud finds a cluster by the name and number that its host name begins
 * with (shop-1234.x.cockroachlabs.cloud), which reach it with the TLS handshake, or else by
 * options=--cluster=shop-1234 or a database named shop-1234.defaultdb.
 */
#include "db/connect_hint.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CLOUD_SUFFIX ".cockroachlabs.cloud"

bool cloud_host(const char *host)
{
    size_t len = host ? strcspn(host, ",") : 0;
    size_t n = strlen(CLOUD_SUFFIX);

    return len > n && strncasecmp(host + len - n, CLOUD_SUFFIX, n) == 0;
}

bool neon_host(const char *host, size_t len)
{
    static const char suffix[] = ".neon.tech";
    size_t n = sizeof(suffix) - 1;

    return len > n && !strncasecmp(host + len - n, suffix, n);
}

/* An address in place of a name: it names no cluster, and no certificate. */
static bool is_address(const char *host)
{
    return host && (strchr(host, ':') || host[strspn(host, "0123456789.")] == '\0');
}

/* Where distributions keep the CAs they trust; the first is named where none is found. */
static const char *system_bundle(void)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Alpine */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
        "/etc/ssl/cert.pem",                  /* BSD, macOS */
        "/usr/local/share/certs/ca-root-nss.crt",
    };
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return places[0];
}

void hint_system_cas(struct buf *out, int libpq)
{
    buf_addf(out, "sslrootcert=%s", libpq >= LIBPQ_KNOWS_SYSTEM ? "system" : system_bundle());
}

/* "shop-1234", by which the proxy finds the cluster; nothing where the URL does not say it. */
static void add_routing_id(struct buf *out, const struct connect_target *target)
{
    const char *option = target->options ? strstr(target->options, "cluster=") : NULL;
    const char *dot = target->dbname ? strchr(target->dbname, '.') : NULL;

    if (option)
        buf_add(out, option + 8, strcspn(option + 8, " "));
    else if (dot)
        buf_add(out, target->dbname, (size_t)(dot - target->dbname));
    else if (cloud_host(target->host))
        buf_add(out, target->host, strcspn(target->host, "."));
}

static void add_download(struct buf *out, const struct connect_target *target)
{
    struct buf id = BUF_INIT;

    add_routing_id(&id, target);
    buf_addf(out,
             "curl --create-dirs -o %s 'https://cockroachlabs.cloud/clusters/<cluster id>/cert' "
             "(the id of %s is in the address of its page in the Cloud Console, "
             "cockroachlabs.cloud/cluster/<cluster id>/overview)",
             target->sslrootcert ? target->sslrootcert : "$HOME/.postgresql/root.crt",
             id.len ? id.data : "the cluster");
    buf_release(&id);
}

void hint_no_root_certificate(struct buf *out, const struct connect_target *target)
{
    if (cloud_host(target->host)) {
        buf_adds(out, "fetch it: ");
        add_download(out, target);
        buf_adds(out, "; or, as its certificate is from Let's Encrypt, write ");
        hint_system_cas(out, target->libpq);
        buf_adds(out, " into the URL");
        return;
    }
    buf_addf(
        out,
        "put the provider's CA certificate into %s; where the provider uses a public CA, write ",
        target->sslrootcert ? target->sslrootcert : "~/.postgresql/root.crt");
    hint_system_cas(out, target->libpq);
    buf_adds(out, " into the URL");
}

/* A name that a shell takes as it is. */
static bool is_plain(const char *name)
{
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr(".-_", *name))
            return false;
    return true;
}

void hint_not_verified(struct buf *out, const struct connect_target *target)
{
    const char *host = target->host && is_plain(target->host) ? target->host : "HOST";

    buf_addf(out,
             "its certificate is not signed by a CA in %s, or has expired, or this machine's "
             "clock is wrong",
             target->sslrootcert ? target->sslrootcert : "~/.postgresql/root.crt");
    if (cloud_host(target->host)) {
        buf_adds(out, "; clusters of the plans Basic and Standard need ");
        hint_system_cas(out, target->libpq);
    }
    buf_addf(out,
             ". To look at it: openssl s_client -starttls postgres -connect %s:%s -servername "
             "%s </dev/null | openssl x509 -noout -issuer -dates",
             target->hostaddr ? target->hostaddr : host, target->port ? target->port : "5432",
             host);
}

void hint_wrong_host(struct buf *out, const struct connect_target *target)
{
    if (is_address(target->host))
        buf_addf(out,
                 "write the name that is in the certificate as host, not an address "
                 "(host=NAME&hostaddr=%s connects to this one)",
                 target->host);
    else
        buf_adds(out, "the host name in the URL is not the one in the certificate");
}

void hint_encryption_missing(struct buf *out, const struct connect_target *target)
{
    buf_adds(out, "write sslmode=verify-full&");
    hint_system_cas(out, target->libpq);
    buf_adds(out, " into the URL");
}

void hint_not_in_clear(struct buf *out, const struct connect_target *target)
{
    buf_adds(out,
             "check the user in the URL, and whether the server lets this host in; it may do so "
             "over TLS only: ");
    hint_encryption_missing(out, target);
}

void hint_channel_binding(struct buf *out, const struct connect_target *target)
{
    if (cloud_host(target->host))
        buf_adds(out, "CockroachDB does not offer channel binding: leave channel_binding=require, "
                      "which the URLs of other providers have, out of its URL");
    else
        buf_adds(out,
                 "this server does not offer channel binding; leave channel_binding out of its "
                 "URL");
}

void hint_routing(struct buf *out, const struct connect_target *target)
{
    if (is_address(target->host))
        buf_adds(out, "a host that is an address does not say which cluster is meant: write the "
                      "host name of the Cloud Console (NAME-1234.REGION.cockroachlabs.cloud)");
    else
        buf_adds(out, "check the cluster's name and number, as the Cloud Console gives them, in "
                      "the host name (NAME-1234.REGION.cockroachlabs.cloud), or in "
                      "options=--cluster%3DNAME-1234");
}

void hint_no_connection_left(struct buf *out, const struct connect_target *target)
{
    buf_adds(out, "too many connections are open; close some, or raise the server's limit");
    if (cloud_host(target->host))
        buf_adds(out, " (a cluster that has reached its storage limit has one connection left, to "
                      "delete rows with: see the Cloud Console)");
}

void hint_no_space_left(struct buf *out, const struct connect_target *target)
{
    if (cloud_host(target->host))
        buf_adds(out, "the cluster has reached its storage limit: delete rows, or raise the limit "
                      "in the Cloud Console");
    else
        buf_adds(out, "the server's disk is full");
}

void hint_cold_start(struct buf *out, const struct connect_target *target)
{
    (void)target;
    buf_adds(out, "a compute that slept is started by the first connection, which takes some "
                  "seconds: try again "
                  "in a moment; where checks meet it often, raise HEALTH_CHECK_TIMEOUT, or let it "
                  "sleep later "
                  "(Neon Console, Scale to zero)");
}

void hint_quota(struct buf *out, const struct connect_target *target)
{
    bool neon = target->host && neon_host(target->host, strcspn(target->host, ","));

    buf_addf(out,
             "a quota is used up: until it is raised in %s or the next period begins this database "
             "lets nobody "
             "in, and nothing else brings it back",
             neon ? "the Neon Console (Billing)" : "the provider's console");
}

void hint_client_certificate(struct buf *out, const struct connect_target *target)
{
    (void)target;
    buf_adds(out, "the server wants a certificate of the client, made out to the user of the URL: "
                  "sslcert and sslkey, or "
                  "~/.postgresql/postgresql.crt and .key (mode 0600)");
}

void hint_no_answer(struct buf *out, const struct connect_target *target)
{
    buf_adds(out, "check that the server runs and that no firewall drops the connection");
    if (cloud_host(target->host))
        buf_adds(out, ", and that this machine is on the cluster's IP allowlist (Cloud Console, "
                      "Networking)");
    if (target->host && neon_host(target->host, strcspn(target->host, ",")))
        buf_adds(out, "; a compute that slept takes some seconds to start: try again, or raise "
                      "HEALTH_CHECK_TIMEOUT");
}
