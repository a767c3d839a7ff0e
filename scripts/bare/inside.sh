#!/usr/bin/env bash
# Inside the minimal system: the two commands of the README, as someone who has just cloned would give them.
#
# usage: inside.sh <run|test>...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly ready_within=600 # seconds for packages, build and start; the README promises this
readonly exit_within=15

# http_status <host:port> <path>, without a tool that a minimal system does not have. 000: nobody answers.
http_status() (
    exec 2>/dev/null
    exec 3<>"/dev/tcp/${1%:*}/${1##*:}" || {
        echo 000
        return
    }
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
    read -r -t 5 _ status _ <&3 || true
    echo "${status:-000}"
)

# Another program's port on the machine outside is no finding about this tree.
free_ports() {
    local entry port
    for entry in PUBLIC:8080 ADMIN:8091; do
        port=${entry#*:}
        while [[ $(http_status "127.0.0.1:$port" /) != 000 ]]; do port=$((port + 1000)); done
        if [[ $port != "${entry#*:}" ]]; then export "STREAMHOST_LISTENERS__${entry%:*}__ADDRESS=127.0.0.1:$port"; fi
    done
}

# `./dev run` until /health/ready says 200, then SIGTERM; the status is the host's.
try_run() {
    local log=build/bare-run.log host address='' answer=000 deadline=$((SECONDS + ready_within))
    mkdir -p build
    free_ports
    ./dev run >"$log" 2>&1 </dev/null &
    host=$!
    while [[ $answer != 200 ]]; do
        if ! kill -0 "$host" 2>/dev/null; then
            tail -n 50 "$log"
            echo "FAIL  ./dev run ended before it was ready"
            return 1
        fi
        if ((SECONDS > deadline)); then
            tail -n 50 "$log"
            echo "FAIL  ./dev run: not ready within $ready_within s (last answer of $address/health/ready: $answer)"
            kill "$host"
            return 1
        fi
        sleep 1
        address=$(sed -n -E 's#^streamhost [^ ]+ ready: http://([^/ ]+)/.*#\1#p' "$log" | tail -n 1)
        if [[ -n $address ]]; then answer=$(http_status "$address" /health/ready); fi
    done
    echo "ok    ./dev run: ready at http://$address/ after $((SECONDS - deadline + ready_within)) s"
    echo "ok    its page answers $(http_status "$address" /)"

    kill -TERM "$host"
    local status=0 waited=0
    while kill -0 "$host" 2>/dev/null && ((waited++ < exit_within)); do sleep 1; done
    if kill -0 "$host" 2>/dev/null; then
        echo "FAIL  it did not end within $exit_within s of SIGTERM"
        kill -KILL "$host"
        return 1
    fi
    wait "$host" || status=$?
    if ((status != 0)); then
        tail -n 20 "$log"
        echo "FAIL  it ended with status $status after SIGTERM"
        return 1
    fi
    echo "ok    it ended cleanly after SIGTERM"
}

status=0
for what in "$@"; do
    case $what in
        run) try_run || status=1 ;;
        test) .ci/run || status=1 ;;
    esac
done
exit $status
