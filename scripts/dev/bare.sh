# The commands from nothing: a minimal Debian 12, a fresh clone of HEAD, `./dev run` until it is ready, `./dev test`. What the machine
# happens to have installed hides a missing install step; this does not.
# shellcheck shell=bash

readonly BARE=.cache/bare

dev_bare() {
    local what=(run test) keep=0 warm=0
    while (($# > 0)); do
        case $1 in
            run | test) what=("$1") ;;
            --keep) keep=1 ;;
            --warm) warm=1 ;;
            *) die "usage: ./dev bare [run|test] [--keep] [--warm]" ;;
        esac
        shift
    done
    [[ $(id -u) -eq 0 ]] || die "./dev bare makes a root file system: run it as root, for example with sudo"
    packages_need bare
    [[ -z $(git status --porcelain) ]] || warn "only what is committed gets into the clone"

    [[ -s $BARE/base.tar ]] || bare_make_base
    local tree status=0
    tree=$(mktemp -d "$ROOT/$BARE/root.XXXXXX")
    # The mounts live in the namespace of enter.sh and end with it, so there is nothing here but files to delete.
    # shellcheck disable=SC2064  # the name as it is now
    trap "$( ((keep)) && echo "echo kept: $tree" || echo "rm -rf --one-file-system $tree")" EXIT
    tar -xf "$BARE/base.tar" -C "$tree"
    bare_network "$tree"
    if ((warm)); then bare_cache "$tree"; fi
    git clone --quiet --no-local "$ROOT" "$tree/root/streamhost"
    git -C "$tree/root/streamhost" checkout --quiet --detach "$(git rev-parse HEAD)"

    # In the background, so that a signal to this script is acted on at once. unshare itself shrugs off everything but SIGKILL, and ending
    # it ends everything inside.
    set -m
    unshare --mount --pid --fork --kill-child --uts --ipc scripts/bare/enter.sh "$tree" "${what[@]}" </dev/null &
    local inside=$!
    set +m
    # shellcheck disable=SC2064
    trap "kill -KILL $inside 2>/dev/null; wait $inside || true; exit 130" INT TERM
    wait "$inside" || status=$?
    trap - INT TERM
    return "$status"
}

# The base system as one archive, from the sources that this machine's apt uses.
bare_make_base() {
    say "making a minimal Debian 12 (once; it stays in .cache/bare)"
    mkdir -p "$BARE"
    apt-config dump | grep -E '^Acquire::([a-z]+::[Pp]roxy|Check-Valid-Until|Check-Date|Force)' >"$BARE/apt.conf" || true
    bare_sources | mmdebstrap --quiet --variant=minbase --include=git,ca-certificates --aptopt="$BARE/apt.conf" --format=tar \
        bookworm "$BARE/base.tar.new" - || die "mmdebstrap failed, see above"
    mv "$BARE/base.tar.new" "$BARE/base.tar"
}

bare_sources() {
    local sources
    # shellcheck disable=SC2016  # apt's own placeholders
    sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
        grep -E ' bookworm' | sort -u)
    printf '%s\n' "${sources:-deb http://deb.debian.org/debian bookworm main}"
}

# bare_cache <root>: a copy of this machine's compiler cache. What is missing shows as well, in half the time; how long a cold run takes does not.
bare_cache() {
    local cache=${CCACHE_DIR:-$HOME/.cache/ccache}
    [[ -d $cache ]] || die "no compiler cache in $cache: build something first, or leave --warm out"
    mkdir -p "$1/root/.cache"
    cp -a "$cache" "$1/root/.cache/ccache"
}

# bare_network <root>: name resolution and certificates as on this machine. Proxies and the npm registry go in by environment (enter.sh).
bare_network() {
    cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
    if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        mkdir -p "$1/usr/local/share/ca-certificates"
        cp -L /usr/local/share/ca-certificates/*.crt "$1/usr/local/share/ca-certificates/"
        chroot "$1" update-ca-certificates >/dev/null 2>&1
    fi
}
