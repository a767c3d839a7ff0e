# What ./dev cluster prints: the table of its members, and one line of how they are.
# shellcheck shell=bash

show_table() {
    local name pid
    printf '%-12s %-18s %-9s %s\n' name address pid log
    for name in $(member_names); do
        pid=$(member_pid "$name") || pid='not up'
        printf '%-12s %-18s %-9s %s\n' "$name" "127.0.0.1:$(member_port "$name")" "$pid" "${CLUSTER#"$ROOT/"}/$name/log"
    done
    printf '\nThe chat page: http://127.0.0.1:%s/\n' "$CLUSTER_PORT"
}

# Who is up, master, sessions, breaker: what the nodes and workers that answer say.
show_line() {
    local name said nodes=0 workers=0 sessions=0 breaker=closed
    for name in $(worker_names) $(node_names); do
        member_runs "$name" || continue
        said=$(node_store "$name" breaker) || continue
        if [[ $name == node-* ]]; then nodes=$((nodes + 1)); else workers=$((workers + 1)); fi
        if [[ $said != closed ]]; then breaker="$said at $name"; fi
        said=$(node_sessions "$name") || true
        sessions=$((sessions + ${said:-0}))
    done
    printf 'nodes %d of %d   workers %d of 2   master %s   sessions %d   breaker %s' \
        "$nodes" "$CLUSTER_NODES" "$workers" "$(master_now || echo unknown)" "$sessions" "$breaker"
}

all_run() {
    local name
    for name in $(member_names); do member_runs "$name" || return 1; done
}
