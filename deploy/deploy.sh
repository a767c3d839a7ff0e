#!/usr/bin/env bash
# Starts a deployment and waits until it serves, or brings a new version into one that runs.
#
#   deploy/deploy.sh compose            builds the image, makes missing secrets, starts everything of deploy/compose, prints addresses
#   deploy/deploy.sh compose update     builds the image and replaces gateways and workers one after the other; each drains first
#   deploy/deploy.sh compose down       stops it; its data stays
#   deploy/deploy.sh cluster [--nodes 3] [--port 8080]
#                                       the same shape as processes of this machine (./dev cluster), in the background
#   deploy/deploy.sh cluster down
#
# deploy/.env sets what differs (deploy/.env.example). WAIT_S: how long a start may take (180).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
wait_s=${WAIT_S:-180}
readonly SECRETS=(redis-streamhost redis-replica redis-sentinel redis-watcher redis-backup redis-admin redis-operator jwt-key grafana-admin)

say() { printf '==> %s\n' "$*"; }
die() {
    printf 'deploy: %s\n' "$*" >&2
    exit 1
}
usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; }

compose() { (cd "$here/compose" && docker compose --env-file "$here/.env" "$@"); }

# What is there stays: a new password would lock out the nodes that run.
make_secrets() {
    local name
    mkdir -p "$here/secrets/tls"
    chmod 700 "$here/secrets"
    for name in "${SECRETS[@]}"; do
        if [[ ! -s $here/secrets/$name ]]; then
            # Readable inside: files of compose keep their owner and mode, and the folder is closed to others.
            (umask 022 && head -c 32 /dev/urandom | base64 | tr -d '=+/\n' >"$here/secrets/$name")
            say "made deploy/secrets/$name"
        fi
    done
    if [[ ${SITE:-plain} == tls && ! -s $here/secrets/tls/key.pem ]]; then
        die "SITE=tls needs deploy/secrets/tls/certificate.pem and key.pem"
    fi
}

compose_prepare() {
    command -v docker >/dev/null || die "docker is missing"
    docker compose version >/dev/null 2>&1 || die "docker compose (version 2) is missing"
    if [[ ! -f $here/.env ]]; then cp "$here/.env.example" "$here/.env" && say "made deploy/.env"; fi
    set -a
    # shellcheck source=/dev/null
    source "$here/.env"
    set +a
    make_secrets
    compose config --quiet
}

build_image() {
    docker build --file "$here/docker/Dockerfile" --tag "${STREAMHOST_IMAGE:-streamhost:local}" \
        --build-arg REVISION="$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null)" "$root"
}

compose_up() {
    compose_prepare
    build_image
    compose up --detach --wait --wait-timeout "$wait_s" || {
        compose ps
        die "not everything is healthy after $wait_s s: docker compose logs NAME, in deploy/compose"
    }
    compose ps
    cat <<TEXT

The chat page:  http://127.0.0.1:${HTTP_PORT:-80}/
Grafana:        http://172.28.4.30:3000/ from this machine; user admin, password in deploy/secrets/grafana-admin
Check it:       deploy/verify.sh compose
A new version:  deploy/deploy.sh compose update
Logs:           docker compose logs --follow gateway-1, in deploy/compose
TEXT
}

# One at a time, gateways first: an older worker takes the runs of a newer gateway. The next one goes only when this one serves.
compose_update() {
    local name
    compose_prepare
    build_image
    for name in $(compose config --services | grep -E '^(gateway|worker)-' | sort); do
        say "$name drains and starts anew"
        compose up --detach --no-deps --wait --wait-timeout "$wait_s" "$name" ||
            die "$name is not healthy after $wait_s s; the others still run what they ran"
    done
    say "all gateways and workers run the new version"
}

cluster_up() {
    local folder=${STREAMHOST_CLUSTER:-$root/.cache/cluster} log end=$((SECONDS + wait_s))
    mkdir -p "$folder"
    log=$folder/deploy.log
    (cd "$root" && exec setsid ./dev cluster "$@") >"$log" 2>&1 </dev/null &
    local pid=$!
    until grep -q "^The chat page:" "$log"; do
        kill -0 "$pid" 2>/dev/null || { tail -n 20 "$log" >&2 && die "it did not start"; }
        ((SECONDS < end)) || die "not ready after $wait_s s, see $log"
        sleep 0.5
    done
    cat "$log"
    printf 'Check it:       deploy/verify.sh cluster\nStop it:        deploy/deploy.sh cluster down\n'
}

kind=${1:-}
shift || true
case "$kind ${1:-}" in
    'compose ') compose_up ;;
    'compose update') compose_update ;;
    'compose down') compose down ;;
    'cluster down') (cd "$root" && ./dev cluster stop) ;;
    'cluster '*) cluster_up "$@" ;;
    *) usage && exit 1 ;;
esac
