# shellcheck shell=bash
# What the source tree is made of, from its repository or, in an unpacked archive, without one. The current directory is the top
# of the tree.

# "0.1.0"
source_version() {
    sed -n 's/^#define DBR_VERSION "\(.*\)"$/\1/p' lib/base/version.h
}

# The tree may lie inside another repository: only one of its own counts.
source_in_git() {
    [ -e .git ] && git rev-parse --git-dir >/dev/null 2>&1
}

# When this source was made, in seconds: all that is built from it bears that time, whenever it is built. Every file of an archive
# has it.
source_epoch() {
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        echo "$SOURCE_DATE_EPOCH"
    elif source_in_git; then
        git log -1 --format=%ct
    else
        stat -c %Y lib/base/version.h
    fi
}

# The files, sorted, each followed by a NUL.
source_files() {
    if source_in_git; then
        git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
            [ ! -e "$file" ] || printf '%s\0' "$file"
        done
    else
        find . \( -path ./build -o -path ./tests/.cache \) -prune -o \( -type f -o -type l \) ! -name '*.o' -printf '%P\0'
    fi | LC_ALL=C sort -z
}

# What is not committed, as a list for people.
source_changes() {
    ! source_in_git || git status --porcelain --untracked-files=normal
}
