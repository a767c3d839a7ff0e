# What the members of the cluster say of themselves.
# shellcheck shell=bash

# redis_ask <name> <words...>: of a server or a Sentinel.
redis_ask() {
    local port
    port=$(member_port "$1")
    shift
    timeout 2 redis-cli -h 127.0.0.1 -p "$port" "$@" 2>/dev/null
}

redis_answers() { [[ $(redis_ask "$1" PING) == PONG ]]; }

# The quorum stands, and the Sentinel knows both replicas and both others.
sentinel_is_ready() {
    local said
    [[ $(redis_ask "$1" SENTINEL CKQUORUM "$CLUSTER_MASTER") == OK* ]] || return 1
    said=$(redis_ask "$1" SENTINEL MASTER "$CLUSTER_MASTER" | paste -d ' ' - -)
    grep -qx 'num-slaves 2' <<<"$said" && grep -qx 'num-other-sentinels 2' <<<"$said"
}

sentinels_are_ready() {
    local name
    for name in $(sentinel_names); do sentinel_is_ready "$name" || return 1; done
}

replicas_follow() { [[ $(redis_ask redis-1 INFO replication | grep -c 'state=online') == 2 ]]; }

# The address of the master as the first Sentinel that runs knows it.
master_now() {
    local name said
    for name in $(sentinel_names); do
        member_runs "$name" || continue
        said=$(redis_ask "$name" SENTINEL GET-MASTER-ADDR-BY-NAME "$CLUSTER_MASTER" | paste -s -d :)
        if [[ $said == *:* ]]; then
            echo "$said"
            return
        fi
    done
    return 1
}

# node_ask <name> <path of the admin listener>
node_ask() { curl --silent --fail --max-time 1 "http://127.0.0.1:$(admin_port "$1")$2"; }

node_is_ready() { node_ask "$1" /health/ready | grep '"status":"ok"' >/dev/null; }

# node_store <name> <field>: from the part "store" of the node's report.
node_store() { node_ask "$1" /admin/v1/node | sed -n 's/.*"store":{[^}]*"'"$2"'":"\([^"]*\)".*/\1/p'; }

# Conversations with somebody connected to this node; the answer is 503 while the node is not well, and still tells.
node_sessions() {
    curl --silent --max-time 1 "http://127.0.0.1:$(admin_port "$1")/health/distributed" |
        sed -n 's/.*"activeSessions":\([0-9]*\).*/\1/p'
}

nginx_answers() { curl --silent --fail --max-time 1 --output /dev/null "http://127.0.0.1:$CLUSTER_PORT/"; }

# Whether all nodes and workers that run write to a master other than the given one.
nodes_left() {
    local name master
    for name in $(worker_names) $(node_names); do
        member_runs "$name" || continue
        [[ $(node_store "$name" state) == ok ]] || return 1
        master=$(node_store "$name" master)
        [[ -n $master && $master != "$1" ]] || return 1
    done
    [[ $(master_now) != "$1" ]]
}
