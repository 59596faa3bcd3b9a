# What make install puts where, and that make uninstall takes all of it away again. Needs the programs and no server.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    # The make that may have started this must not pass its targets and flags on.
    unset MAKEFLAGS MAKELEVEL MFLAGS
    root=$BATS_TEST_TMPDIR/root
}

@test "programs, man pages and completions are installed, and uninstalled" {
    make -s install DESTDIR="$root" PREFIX=/usr
    for source in cmd/dbr-*.c; do
        program=$(basename "$source" .c)
        [ -x "$root/usr/bin/$program" ]
        [ -f "$root/usr/share/man/man1/$program.1" ]
        [ -f "$root/usr/share/bash-completion/completions/$program" ]
        [ -f "$root/usr/share/zsh/site-functions/_$program" ]
        [ -f "$root/usr/share/fish/vendor_completions.d/$program.fish" ]
        "$root/usr/bin/$program" --version
    done
    # Scripts stand beside the programs that they call.
    version=$("$root/usr/bin/dbr-backup" --version)
    [ "$version" = "dbr-backup $("$root/usr/bin/dbr-env" --version | cut -d ' ' -f 2)" ]
    [ "$("$root/usr/bin/dbr-setup" --version | cut -d ' ' -f 2)" = "${version#* }" ]
    "$root/usr/bin/dbr-drill" --version
    [ -f "$root/usr/share/man/man1/dbr-backup.1" ]
    [ -f "$root/usr/share/man/man1/dbr-drill.1" ]
    [ -f "$root/usr/share/man/man1/dbr-setup.1" ]
    [ -f "$root/usr/share/bash-completion/completions/dbr-backup" ]
    for name in mail webhook slack ping syslog; do
        [ -x "$root/usr/share/dbr/notify/$name" ]
        "$root/usr/share/dbr/notify/$name" --help | grep -q "DB_ON_EVENT="
    done
    [ -f "$root/usr/share/man/man5/dbr.env.5" ]
    [ -f "$root/usr/share/man/man7/dbr.7" ]
    for file in nginx.conf apache.conf busybox-httpd fail2ban-filter.conf fail2ban-jail.conf dbr-fcgiwrap.service panel/index.html panel/app.js; do
        [ -f "$root/usr/share/dbr/web/$file" ]
    done
    [ -x "$root/usr/share/dbr/web/busybox-httpd" ]
    [ ! -x "$root/usr/share/dbr/web/nginx.conf" ]
    for name in sync verify backup health watch failure; do
        unit=$root/usr/lib/systemd/system/dbr-$name@.service
        [ ! -x "$unit" ]
        grep -q '^ExecStart=/usr/bin/dbr-' "$unit"
    done
    grep -q ' /usr/bin/dbr-sync ' "$root/usr/share/dbr/cron/dbr.crontab"
    [ -f "$root/usr/share/dbr/logrotate/dbr" ]
    ! grep -rn /usr/local "$root/usr/lib/systemd" "$root/usr/share/dbr/cron" "$root/usr/share/dbr/logrotate" || false
    [ -x "$root/usr/share/dbr/npm/add-scripts" ]
    [ ! -x "$root/usr/share/dbr/npm/ecosystem.config.cjs" ]
    make -s uninstall DESTDIR="$root" PREFIX=/usr
    left=$(find "$root" -not -type d)
    echo "left: $left"
    [ -z "$left" ]
}

@test "uninstall leaves the files of others alone" {
    mkdir -p "$root/usr/local/bin"
    touch "$root/usr/local/bin/other"
    make -s install DESTDIR="$root"
    make -s uninstall DESTDIR="$root"
    [ "$(find "$root" -not -type d)" = "$root/usr/local/bin/other" ]
}

# A chrooted shell for which the home directory is "/", with bash and what that needs, as Plesk's Scheduled Tasks have it.
@test "installed in a home directory, with the libraries beside, the programs run where nothing else is" {
    [ "$(id -u)" -eq 0 ] || skip "only root can make such a shell"
    home=$BATS_TEST_TMPDIR/home
    mkdir -p "$home/bin" "$home/dev" "$home/httpdocs/tmp"
    # shellcheck disable=SC2016 # as it stands there
    grep -qx 'make install PREFIX=$HOME/dbr' README.md
    make -s install PREFIX="$home/dbr" >/dev/null
    if ldd "$home/dbr/bin/dbr-sync" | grep -q asan; then skip "the sanitizers need /proc"; fi
    cp "$(readlink -f /bin/bash)" "$home/bin/bash"
    ln -s bash "$home/bin/sh"
    ldd /bin/bash | grep -oE '/[^ ]+' | xargs -I{} cp --parents {} "$home"
    cp -a /dev/null "$home/dev"
    inside() { chroot "$home" /bin/bash -c "$1"; }
    run -127 inside '/dbr/bin/dbr-sync --version'
    copy=$(grep '^ldd ' README.md)
    mkdir -p "$home/dbr/lib"
    HOME=$home bash -c "$copy"
    inside 'LD_LIBRARY_PATH=/dbr/lib /dbr/bin/dbr-sync --version'
    # The lines of the README, with a database that is not there, and its configuration.
    {
        printf 'DATABASE_URL=postgresql://app@127.0.0.1:1/a\nDATABASE_URL_SECONDARY=postgresql://app@127.0.0.1:1/b\n'
        sed -n '/^DB_STATE_DIR=\/[.]dbr$/,/^```$/p' README.md | grep ^DB_
    } >"$home/dbr.env"
    chmod 600 "$home/dbr.env"
    status=0
    inside "$(sed -n 's/^[*] [*] [*] [*] [*] *LD_/LD_/p' README.md)" || status=$?
    [ "$status" -eq 2 ]
    status=0
    inside "$(sed -n 's/^17 [*] [*] [*] [*] *LD_/LD_/p' README.md)" || status=$?
    [ "$status" -eq 5 ] || [ "$status" -eq 3 ]
    [ -e "$home/.dbr/state.json" ]
    inside ". /dbr.env; export DBR_EVENT=alert DBR_TIME=now; sh -c \"\$DB_ON_EVENT\""
    [ ! -e "$home/httpdocs/tmp/restart.txt" ]
    inside ". /dbr.env; export DBR_EVENT=failover DBR_TIME=now; sh -c \"\$DB_ON_EVENT\""
    [ "$(cat "$home/httpdocs/tmp/restart.txt")" = now ]
}
