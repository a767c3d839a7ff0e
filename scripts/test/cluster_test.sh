#!/usr/bin/env bash
# ./dev cluster with one node, for real: it starts, serves the page and a conversation through nginx, loses its node and gets it back,
# changes its master, refuses a second one, ends, and clears away what a killed run left behind. Then with three nodes: conversations go
# on while one is killed and started again. Needs a built host (STREAMHOST_BINARY, else build/release) and Node 22 on the PATH.
# shellcheck disable=SC2317  # much is called through expect
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$repository"
scratch=$(mktemp -d)
export STREAMHOST_CLUSTER=$scratch/cluster STREAMHOST_BINARY=${STREAMHOST_BINARY:-$repository/build/release/bin/streamhost}
failures=0
run=''
stranger=''

finish() {
    if [[ -n $run ]]; then kill "$run" 2>/dev/null && wait "$run"; fi
    if [[ -n $stranger ]]; then kill "$stranger"; fi
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' INT TERM

# expect <title> <command...>
expect() {
    local title=$1
    shift
    if [[ -f $scratch/said ]]; then mv "$scratch/said" "$scratch/before"; fi
    if "$@" >"$scratch/said" 2>&1; then
        echo "ok    $title"
    else
        echo "FAIL  $title"
        sed 's/^/      /' "$scratch/said"
        failures=$((failures + 1))
    fi
}
not() { ! "$@"; }
# says <pattern>: what the check before this one printed.
says() { grep -E -- "$1" "$scratch/before" >/dev/null || { cat "$scratch/before" && return 1; }; }

# shellcheck source=scripts/test/ports.sh
source scripts/test/ports.sh
port=$(free_base)

# begin <nodes>: starts the cluster and waits for the address of its page, by what it prints.
begin() {
    local line nodes=$1
    rm -f "$scratch/out"
    mkfifo "$scratch/out"
    ./dev cluster --nodes "$nodes" --port "$port" >"$scratch/out" 2>"$scratch/err" &
    run=$!
    exec 3<"$scratch/out"
    while IFS= read -r -t 60 line <&3; do
        if [[ $line == "The chat page: http://127.0.0.1:$port/" ]]; then return; fi
    done
    cat "$scratch/err" >&2
    return 1
}
page() { [[ $(curl --silent --max-time 2 --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$port/") == 200 ]]; }
talk() { node scripts/test/cluster_talk.mjs "ws://127.0.0.1:$port/v1/ws?session=talk" "$1"; }
nothing_listens() {
    local one
    for one in $(seq "$port" $((port + 52))); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$one") 2>/dev/null; then echo "somebody listens on $one" && return 1; fi
    done
}

begin 1 || { echo "FAIL  it starts" && exit 1; }
expect "the page answers through nginx" page
expect "a conversation passes through nginx" talk "Hà Nội in one line"
expect "the status is well" ./dev cluster status
expect "its line tells nodes and breaker" says 'nodes 1 of 1   workers 2 of 2   master 127.0.0.1:[0-9]+   sessions [0-9]+   breaker closed'
expect "a second one in its folder is refused" not ./dev cluster --nodes 1 --port "$port"
expect "with the reason" says "runs in $STREAMHOST_CLUSTER already"
expect "one on its ports is refused" not env STREAMHOST_CLUSTER="$scratch/other" ./dev cluster --nodes 1 --port "$port"
expect "with the port" says "is taken"
expect "an unknown name is refused" not ./dev cluster kill node-2

expect "a node is killed" ./dev cluster kill node-1
expect "then the page is away" not page
expect "and the status says so" not ./dev cluster status
expect "the node is started" ./dev cluster start node-1
expect "and the page is back" page
expect "a worker is killed" ./dev cluster kill ai-1
expect "and the other one answers" talk "Hội An in one line"
expect "the worker is started" ./dev cluster start ai-1
expect "the master is moved" ./dev cluster failover
expect "and writes go on" talk "Huế in one line"

expect "it stops" ./dev cluster stop
status=0
wait "$run" || status=$?
run=''
expect "with status 0" test "$status" -eq 0
expect "and nothing is left" nothing_listens

begin 1 || { echo "FAIL  it starts again" && exit 1; }
kill -KILL "$run"
wait "$run" 2>/dev/null || true
expect "what a killed one left behind still runs" page
# A pid that became another process's since.
tail -f /dev/null &
stranger=$!
mkdir "$STREAMHOST_CLUSTER/stranger"
echo "$stranger 1 $(</proc/sys/kernel/random/boot_id)" >"$STREAMHOST_CLUSTER/stranger/pid"
begin 3 || { echo "FAIL  it starts over a killed one, with three nodes" && exit 1; }
expect "the next one ends it and serves" talk "Đà Nẵng in one line"
expect "and ends nobody else" kill -0 "$stranger"
expect "what streams goes on while a node is killed and started again" node scripts/test/cluster_streams.mjs "$port"
kill -TERM "$run"
status=0
wait "$run" || status=$?
run=''
expect "a signal ends it" test "$status" -eq 0
expect "with all of it" nothing_listens

exit $((failures > 0))
