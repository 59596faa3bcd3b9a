# The source archive and the Debian package: the same bytes wherever they are made, nothing for lintian to find, and an installation
# into a copy of this system, from which a purge takes everything but state and configuration. Needs no server.
# shellcheck disable=SC2030,SC2031 # each test is a process of its own

bats_require_minimum_version 1.5.0

COMMITTED=1793000000 # the clock of the test's only commit

setup_file() {
    # The make that may have started this must not pass its targets and flags on.
    unset MAKEFLAGS MAKELEVEL MFLAGS CFLAGS CPPFLAGS LDFLAGS SOURCE_DATE_EPOCH DEBEMAIL DEBFULLNAME
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null DEB_BUILD_OPTIONS="nocheck parallel=2"
    export TREE=$BATS_FILE_TMPDIR/tree OTHER=$BATS_FILE_TMPDIR/another/place
    # The files as they are here, committed or not, in a repository of their own.
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    scripts/make-dist --as-is "$BATS_FILE_TMPDIR" >/dev/null
    version=$(sed -n 's/^#define DBR_VERSION "\(.*\)"$/\1/p' lib/base/version.h)
    export version
    mkdir -p "$TREE" "$OTHER"
    tar -C "$TREE" --strip-components=1 -xzf "$BATS_FILE_TMPDIR/dbr-$version.tar.gz"
    rm "$BATS_FILE_TMPDIR/dbr-$version.tar.gz"
    cd "$TREE" || return 1
    git init -q .
    git add -A
    GIT_COMMITTER_DATE="@$COMMITTED +0000" git -c user.name=Test -c user.email=test@example.com commit -q -m "a tree"
    # From the repository, and from what came out of the archive elsewhere, later, for somebody with other habits.
    make -s dist
    tar -C "$OTHER" --strip-components=1 -xzf "build/dbr-$version.tar.gz"
    make -s deb
    (
        export TZ=Pacific/Auckland LC_ALL=C.UTF-8 CFLAGS=-O0
        umask 077
        cd "$OTHER" && make -s dist && scripts/package-deb "$OTHER/packages"
    )
}

setup() {
    package=$TREE/build/dbr_${version}_$(dpkg --print-architecture).deb
}

@test "the source archive is the same bytes from a repository and from what came out of it" {
    cmp "$TREE/build/dbr-$version.tar.gz" "$OTHER/build/dbr-$version.tar.gz"
    [ ! -e "$OTHER/.git" ]
    # One time for all that is in it, that of the commit; nobody's name; and nothing that was built.
    tar -tvzf "$TREE/build/dbr-$version.tar.gz" --full-time --utc >"$BATS_TEST_TMPDIR/list"
    [ -s "$BATS_TEST_TMPDIR/list" ]
    run -1 grep -vE "^-rw(-r--r--|xr-xr-x) 0/0 +[0-9]+ $(date -u -d "@$COMMITTED" '+%F %T') dbr-$version/" "$BATS_TEST_TMPDIR/list"
    run -1 grep -E " dbr-$version/build/|\.o$" "$BATS_TEST_TMPDIR/list"
}

@test "a tree that differs from its last commit is not packed, unless as it is" {
    cp -R "$TREE" "$BATS_TEST_TMPDIR/changed"
    cd "$BATS_TEST_TMPDIR/changed"
    echo "a note" >not-committed
    for script in make-dist package-deb; do
        run -5 scripts/$script "$BATS_TEST_TMPDIR/out"
        [[ $output == *"?? not-committed"* ]]
        [[ $output == *"hint: "*--as-is* ]]
        [ ! -e "$BATS_TEST_TMPDIR/out" ] || [ -z "$(ls "$BATS_TEST_TMPDIR/out")" ]
    done
    scripts/make-dist --as-is "$BATS_TEST_TMPDIR/out"
    tar -tzf "$BATS_TEST_TMPDIR/out/dbr-$version.tar.gz" | grep -qx "dbr-$version/not-committed"
    run -2 scripts/make-dist --no-such-option
    [[ $output == *"hint: "* ]]
}

@test "the package is the same bytes from a repository and from the archive, elsewhere and later" {
    cmp "$package" "$OTHER/packages/${package##*/}"
    cmp "${package/dbr_/dbr-dbgsym_}" "$OTHER/packages/$(basename "${package/dbr_/dbr-dbgsym_}")"
}

@test "lintian finds nothing in the package" {
    run lintian --allow-root --display-info --pedantic --fail-on=error,warning,info,pedantic "${package%.deb}.changes"
    echo "$output"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "the package has what make install installs, and names no file below /usr/local" {
    dpkg-deb -x "$package" "$BATS_TEST_TMPDIR/root"
    cd "$BATS_TEST_TMPDIR/root"
    make -s -C "$TREE" -n install DESTDIR= PREFIX=/usr >"$BATS_TEST_TMPDIR/plan"
    grep -oE '[^ :]+:/usr/[^ ;]+' "$BATS_TEST_TMPDIR/plan" | sed 's/^.*://' | sort -u >"$BATS_TEST_TMPDIR/files"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/files")" -gt 50 ]
    missing=
    while read -r file; do
        # Where Debian keeps such files otherwise than most.
        file=${file/#\/usr\/share\/zsh\/site-functions/\/usr\/share\/zsh\/vendor-completions}
        [ -e ".$file" ] || [ -e ".$file.gz" ] || [ -e ".${file#/usr}" ] || missing+=" $file"
    done <"$BATS_TEST_TMPDIR/files"
    echo "missing:$missing"
    [ -z "$missing" ]
    run -1 grep -rIlE '/usr/local/(bin|share/dbr)' usr/bin usr/share/dbr
    run -1 zgrep -lE '/usr/local/(bin|share/dbr)' usr/share/man/man*/*
}

# What is to be tried in the copy of this system, whose changes lie in a directory of their own and go away with it. As dpkg's
# triggers may do, the index of the man pages is written anew.
in_copy() {
    cat >"$BATS_TEST_TMPDIR/inside" <<'END'
set -e
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
dpkg -i /package.deb
dbr-health --version
dpkg -V dbr
man -w dbr-health
# The user of the units and of the lines for cron.
id dbr
# A configuration, and a run that leaves state.
mkdir -p /etc/dbr
(umask 077; echo "DATABASE_URL='postgresql://shop@127.0.0.1:1/shop'" >/etc/dbr/dbr.env)
# As dbr-setup does it.
systemctl enable dbr-sync@shop.timer dbr-watch@shop.service
[ -L /etc/systemd/system/timers.target.wants/dbr-sync@shop.timer ]
cd /
dbr-event --event=alert --message='only a test'
dpkg --remove dbr
dpkg --purge dbr
rm /package.deb
END
    cat >"$BATS_TEST_TMPDIR/outside" <<'END'
set -e
mount -t tmpfs changes "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay copy -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
if [ "$2" = probe ]; then exit 0; fi
mount -t tmpfs run "$1/root/run"
mount -t tmpfs tmp "$1/root/tmp"
cp "$2" "$1/root/package.deb"
cp "$3" "$1/root/tmp/inside"
status=0
chroot "$1/root" sh /tmp/inside || status=$?
# What differs now from this system, removed files too.
cd "$1/upper"
find . -mindepth 1 ! -type d | sort
exit $status
END
    mkdir -p "$BATS_TEST_TMPDIR/copy"
    unshare --mount --pid --fork -- sh "$BATS_TEST_TMPDIR/outside" "$BATS_TEST_TMPDIR/copy" "$@"
}

@test "installed into Debian it runs, and a purge leaves state and configuration only" {
    [ "$(id -u)" -eq 0 ] || skip "only root can make a copy of this system to install into"
    in_copy probe 2>/dev/null || skip "this system cannot be copied with an overlay"
    ! dpkg -s dbr >/dev/null 2>&1 || skip "the package is installed here"
    run in_copy "$package" "$BATS_TEST_TMPDIR/inside"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"dbr-health $version"* ]]
    [[ $output == *"/usr/share/man/man1/dbr-health.1.gz"* ]]
    # What dpkg and the index of man pages note for themselves, and the user, whose files may be anywhere.
    left=$(grep '^\./' <<<"$output" |
        grep -vE '^\./(var/lib/dpkg/|var/log/dpkg\.log$|var/cache/man/|var/cache/ldconfig/|etc/(passwd|group|shadow|gshadow)-?$|etc/\.pwd\.lock$)')
    echo "left: $left"
    [ "$(grep -vE '^\./var/lib/dbr/' <<<"$left")" = ./etc/dbr/dbr.env ]
    grep -qx ./var/lib/dbr/events.jsonl <<<"$left"
}
