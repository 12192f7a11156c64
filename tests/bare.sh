#!/bin/bash
# bare.sh: the README's two commands on a machine that has nothing: a bare Debian root (debootstrap, minbase, with git
# and make), a clone of what is committed, make demo, make check. The last lines tell time and result of each; exit 0
# if all ended with 0.
#   tests/bare.sh SUITE [COMMAND...]     SUITE: bookworm, trixie, ...; COMMANDs take the place of "make demo" "make check"
#   ROOTS=FOLDER    keep the bare root as FOLDER/SUITE.tar, and begin with it when it is there
#   SHARED=FOLDER   lay FOLDER beside the clone as ../shared, read-only (without it those tests are skipped)
#   MIRROR=URL      of Debian's packages
# Needs root, debootstrap and unshare. All mounts live in a namespace that ends with its last process, and the root is
# deleted, also when this is interrupted.
set -u
suite=${1:?usage: tests/bare.sh SUITE [COMMAND...]}; shift
[ $# -gt 0 ] || set -- "make demo" "make check"
source=$(cd "$(dirname "$0")/.." && pwd)
mirror=${MIRROR:-http://deb.debian.org/debian}

# Second half: inside the namespace, as its first process, with $BARE the folder of the root to be.
inside() {
    set -e
    local tar=${ROOTS:+$ROOTS/$suite.tar}
    if [ -n "$tar" ] && [ -f "$tar" ]; then
        tar -C "$BARE" -xpf "$tar"
    else
        debootstrap --variant=minbase --include=git,make "$suite" "$BARE" "$mirror" > "$BARE.log" 2>&1 || { tail -n 20 "$BARE.log"; exit 2; }
        rm -f "$BARE"/var/cache/apt/archives/*.deb
        [ -z "$tar" ] || { mkdir -p "$ROOTS"; tar -C "$BARE" -cf "$tar.$$" . && mv "$tar.$$" "$tar"; }
    fi
    # The way to the packages is this machine's: names, proxy, dates.
    cp /etc/resolv.conf "$BARE/etc/resolv.conf"
    # As Debian's installer leaves it: without it Open MPI asks the network for this machine's name at every start, and waits.
    printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" > "$BARE/etc/hosts"
    apt-config dump 2> /dev/null | grep -i '^Acquire::\(http\|https\|Check\|Retries\)' > "$BARE/etc/apt/apt.conf.d/90way" || true
    mount -t proc proc "$BARE/proc"
    mount -t sysfs -o ro sysfs "$BARE/sys" || mount --rbind /sys "$BARE/sys"
    mkdir -p "$BARE/dev/shm" "$BARE/dev/pts" "$BARE/home/user"
    mount -t tmpfs -o mode=1777 tmpfs "$BARE/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$BARE/dev/pts" || true
    git -c safe.directory='*' -C "$source" bundle create -q "$BARE/tmp/collapse.bundle" HEAD
    in_root git -c init.defaultBranch=main -c advice.detachedHead=false clone -q /tmp/collapse.bundle /home/user/collapse
    if [ -n "${SHARED:-}" ]; then
        mkdir "$BARE/home/user/shared"
        mount --bind "$SHARED" "$BARE/home/user/shared" && mount -o remount,bind,ro "$BARE/home/user/shared"
    fi
    set +e
    local command code start result bad=0
    for command in "$@"; do
        echo "== $suite: $command"
        start=$SECONDS
        in_root bash -c "cd /home/user/collapse && $command" < /dev/null 2>&1 | tee "$BARE/tmp/said"
        code=${PIPESTATUS[0]}
        [ "$code" = 0 ] || bad=1
        result=$(grep -a -E '^[0-9]+ passed, [0-9]+ failed' "$BARE/tmp/said" | tail -n 1)
        echo "$suite: $command ended with $code after $((SECONDS - start)) s${result:+: $result}" >> "$BARE.results"
    done
    return $bad
}
in_root() { env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot "$BARE" "$@"; }
if [ -n "${BARE:-}" ]; then inside "$@"; exit; fi

for need in debootstrap unshare chroot git; do
    command -v $need > /dev/null || { echo "bare.sh: $need is not here; on Debian: apt-get install debootstrap util-linux coreutils git" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "bare.sh: needs root, to make and enter another root" >&2; exit 2; }
git -c safe.directory='*' -C "$source" rev-parse --verify -q HEAD > /dev/null || { echo "bare.sh: $source is not a git repository; there is nothing to clone" >&2; exit 2; }
[ -z "${ROOTS:-}" ] || ROOTS=$(realpath -m "$ROOTS")
[ -z "${SHARED:-}" ] || SHARED=$(realpath -e "$SHARED") || exit 2

BARE=$(mktemp -d "${TMPDIR:-/var/tmp}/bare-$suite.XXXXXX") || exit 2
chmod 755 "$BARE"
export BARE ROOTS SHARED
child=
clean() {
    [ -z "$child" ] || kill -KILL "$child" 2> /dev/null # and, by --kill-child, everything in the namespace
    wait 2> /dev/null
    [ ! -s "$BARE.results" ] || cat "$BARE.results" # of an interrupted run too
    local tries=10
    until rm -rf --one-file-system "$BARE" "$BARE.log" "$BARE.results" 2> /dev/null || [ $tries = 0 ]; do tries=$((tries - 1)); sleep 1; done
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
unshare --mount --pid --fork --kill-child=KILL "$0" "$suite" "$@" &
child=$!
wait "$child"; code=$?
child=
exit $code
