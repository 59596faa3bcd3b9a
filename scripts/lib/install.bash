# shellcheck shell=bash
# Installs what a script of this project needs and does not find: Debian packages, as root or through sudo.
#
#     need 'command -v cc' build-essential       # a check, and the packages that make it true
#     install_needed                             # installs what the failed checks named, then checks again

NEED_CHECKS=()
NEED_PACKAGES=()

need() {
    local check=$1
    shift
    if ! eval "$check" >/dev/null 2>&1; then
        NEED_CHECKS+=("$check")
        NEED_PACKAGES+=("$@")
    fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_needed() {
    local check
    [ ${#NEED_PACKAGES[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "error: missing: ${NEED_PACKAGES[*]} (names of Debian packages), and there is no apt-get here" >&2
        echo "hint: install what corresponds to them on this system, then run this again" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "error: missing: ${NEED_PACKAGES[*]}, and there is no sudo to install them with" >&2
        echo "hint: as root, run: apt-get install ${NEED_PACKAGES[*]}" >&2
        return 1
    fi
    echo "Installing: ${NEED_PACKAGES[*]}"
    as_root apt-get -q update >/dev/null || true
    case " ${NEED_PACKAGES[*]} " in
    *" postgresql "*) install_without_cluster || return 1 ;;
    *) apt_install "${NEED_PACKAGES[@]}" || return 1 ;;
    esac
    for check in "${NEED_CHECKS[@]}"; do
        if ! eval "$check" >/dev/null 2>&1; then
            echo "error: still not true after the installation: $check" >&2
            return 1
        fi
    done
    NEED_CHECKS=()
    NEED_PACKAGES=()
}

# Packages of servers start them when they are installed, and from then on at each boot. Nobody asked for that: the tests start
# what they need themselves, on ports of their own.
apt_install() {
    local policy=/usr/sbin/policy-rc.d made="" status=0 package
    if [ ! -e $policy ]; then
        made=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@" >/dev/null || status=1
    [ -z "$made" ] || as_root rm -f $policy
    for package in "$@"; do
        case $package in
        nginx | fcgiwrap | fail2ban | pgbouncer | cron)
            as_root update-rc.d "$package" disable >/dev/null 2>&1 || true
            [ ! -e "/lib/systemd/system/$package.socket" ] || as_root systemctl disable "$package.socket" >/dev/null 2>&1 || true
            ;;
        esac
    done
    return $status
}

# The server package of the distribution makes and starts a cluster of its own when it is installed. Nobody asked for one.
install_without_cluster() {
    local conf=/etc/postgresql-common/createcluster.conf status=0
    apt_install postgresql-common || return 1
    as_root cp -p "$conf" "$conf.dbr"
    as_root sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' "$conf"
    apt_install "${NEED_PACKAGES[@]}" || status=1
    as_root mv "$conf.dbr" "$conf"
    return $status
}

# What building and running the programs takes, and PostgreSQL servers to try them on.
need_programs() {
    need 'command -v cc && command -v make' build-essential
    need 'command -v pkg-config' pkg-config
    need 'pkg-config --exists libpq || test -e /usr/include/postgresql/libpq-fe.h' libpq-dev
    need 'pkg-config --exists libcjson || test -e /usr/include/cjson/cJSON.h' libcjson-dev
    need 'pkg-config --exists zlib || test -e /usr/include/zlib.h' zlib1g-dev
}

need_servers() {
    need 'ls /usr/lib/postgresql/*/bin/postgres || command -v postgres' postgresql
    need 'command -v psql' postgresql-client
    need 'command -v setpriv' util-linux
}
