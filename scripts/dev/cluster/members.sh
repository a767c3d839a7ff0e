# Who belongs to the cluster, on which port, and how each is started. CLUSTER_PORT and CLUSTER_NODES say the shape.
# shellcheck shell=bash

readonly CLUSTER_MASTER=mymaster

redis_names() { printf 'redis-%s\n' 1 2 3; }
sentinel_names() { printf 'sentinel-%s\n' 1 2 3; }
worker_names() { printf 'ai-%s\n' 1 2; }
node_names() { seq -f 'node-%g' 1 "$CLUSTER_NODES"; }

# In the order of their start; they end the other way round.
member_names() {
    redis_names
    sentinel_names
    worker_names
    node_names
    echo nginx
}

# The page is at the base, everything else behind it.
member_port() {
    local number=${1##*-}
    case $1 in
        nginx) echo "$CLUSTER_PORT" ;;
        node-*) echo $((CLUSTER_PORT + number)) ;;
        redis-*) echo $((CLUSTER_PORT + 20 + number)) ;;
        sentinel-*) echo $((CLUSTER_PORT + 30 + number)) ;;
        ai-*) echo $((CLUSTER_PORT + 40 + number)) ;;
    esac
}
admin_port() { echo $(($(member_port "$1") + 10)); }

member_ports() {
    local name
    for name in $(member_names); do
        echo "$name $(member_port "$name")"
        case $name in node-* | ai-*) echo "$name $(admin_port "$name")" ;; esac
    done
}

# members_start <name...>: all at once, then until each of them is ready.
members_start() {
    local name
    for name in "$@"; do "${name%%-*}_start" "$name"; done
    for name in "$@"; do
        case $name in
            node-* | ai-*) member_is_up "$name" 30 node_is_ready "$name" ;;
            nginx) member_is_up nginx 10 nginx_answers ;;
            *) member_is_up "$name" 20 redis_answers "$name" ;;
        esac
    done
}

# A configuration file that is there already is kept: Sentinel and the servers write into it who follows whom.
redis_start() {
    local name=$1 file=$CLUSTER/$1/redis.conf
    mkdir -p "$CLUSTER/$name"
    if [[ ! -s $file ]]; then redis_configuration "$name" >"$file"; fi
    member_spawn "$name" redis-server "$file"
}

redis_configuration() {
    cat <<TEXT
port $(member_port "$1")
bind 127.0.0.1
dir "$CLUSTER/$1"
save ""
appendonly yes
maxmemory-policy noeviction
repl-diskless-sync yes
repl-diskless-sync-delay 0
repl-ping-replica-period 1
TEXT
    if [[ $1 != redis-1 ]]; then echo "replicaof 127.0.0.1 $(member_port redis-1)"; fi
}

sentinel_start() {
    local name=$1 file=$CLUSTER/$1/sentinel.conf
    mkdir -p "$CLUSTER/$name"
    if [[ ! -s $file ]]; then sentinel_configuration "$name" >"$file"; fi
    member_spawn "$name" redis-server "$file" --sentinel
}

sentinel_configuration() {
    cat <<TEXT
port $(member_port "$1")
bind 127.0.0.1
dir "$CLUSTER/$1"
sentinel monitor $CLUSTER_MASTER 127.0.0.1 $(member_port redis-1) 2
sentinel down-after-milliseconds $CLUSTER_MASTER 1000
sentinel failover-timeout $CLUSTER_MASTER 5000
sentinel parallel-syncs $CLUSTER_MASTER 2
TEXT
}

# Answers come from the workers. One that dies is followed by the other, which goes on behind the last word.
node_start() {
    host_spawn "$1" sentinel \
        --set plugins.chat.provider=workers \
        --set 'plugins.chat.providers.workers={type: remote, policy: continue}' \
        --set drain.window_ms=1000
}

ai_start() { host_spawn "$1" ai-worker; }

# host_spawn <name> <profile> <arguments...>
host_spawn() {
    local name=$1 profile=$2 sentinel sentinels=''
    shift 2
    for sentinel in $(sentinel_names); do sentinels+="\"127.0.0.1:$(member_port "$sentinel")\","; done
    member_spawn "$name" "$CLUSTER_PROGRAM" -c "config/profiles/$profile.yaml" \
        --set "node.id=$name" \
        --set "listeners.public.address=127.0.0.1:$(member_port "$name")" \
        --set "listeners.admin.address=127.0.0.1:$(admin_port "$name")" \
        --set "store.sentinel.addresses=[${sentinels%,}]" \
        --set drain.exit_within_ms=5000 "$@"
}

nginx_start() {
    local text servers='' name
    for name in $(node_names); do servers+="server 127.0.0.1:$(member_port "$name") max_fails=1 fail_timeout=1s; "; done
    text=$(<scripts/dev/cluster/nginx.conf.in)
    text=${text//@PORT@/"$CLUSTER_PORT"}
    mkdir -p "$CLUSTER/nginx"
    printf '%s\n' "${text//@NODES@/"$servers"}" >"$CLUSTER/nginx/nginx.conf"
    # One process: a master that is killed would leave its workers behind.
    member_spawn nginx nginx -p "$CLUSTER/nginx/" -e stderr -c nginx.conf -g 'daemon off; master_process off;'
}
