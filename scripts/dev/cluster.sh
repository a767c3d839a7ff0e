# A whole cluster as processes on loopback: a Redis master with two replicas, three Sentinels, two AI workers, nodes,
# nginx in front.
# shellcheck shell=bash disable=SC2034  # the parts use what is set here

readonly CLUSTER=${STREAMHOST_CLUSTER:-$ROOT/.cache/cluster} # its folder; a second cluster needs another one, and another port
readonly CLUSTER_PROGRAM=${STREAMHOST_BINARY:-$ROOT/build/release/bin/streamhost}
readonly CLUSTER_LAST_PORT=52 # counted from the first
readonly CLUSTER_USAGE='usage: ./dev cluster [--nodes 1|3|5|10] [--port 8080]
       ./dev cluster status | failover | stop
       ./dev cluster kill NAME | start NAME     a name of the table, such as node-2 or redis-1'

dev_cluster() {
    local part
    for part in process members ask show; do
        # shellcheck source=/dev/null
        source "$ROOT/scripts/dev/cluster/$part.sh"
    done
    PATH=$PATH:/usr/sbin # nginx
    case ${1:-} in
        '' | --*) cluster_run "$@" ;;
        status | failover | stop)
            (($# == 1)) || die "$CLUSTER_USAGE"
            cluster_join
            "cluster_$1"
            ;;
        kill | start)
            (($# == 2)) || die "$CLUSTER_USAGE"
            cluster_join
            cluster_knows "$2"
            "cluster_$1" "$2"
            ;;
        *) die "$CLUSTER_USAGE" ;;
    esac
}

cluster_run() {
    CLUSTER_NODES=3 CLUSTER_PORT=8080
    cluster_options "$@"
    packages_need run cluster
    mkdir -p build "$CLUSTER"
    if [[ -z ${STREAMHOST_BINARY:-} ]]; then build_preset release; fi
    exec 9>"$CLUSTER/lock"
    flock -n 9 || die "a cluster runs in $CLUSTER already (./dev cluster stop ends it)"
    cluster_sweep
    cluster_claim_ports
    echo "$$ $(process_birth $$) $CLUSTER_NODES $CLUSTER_PORT" >"$CLUSTER/run"

    trap cluster_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    cluster_begin
    show_table
    trap 'exit 0' INT TERM
    cluster_watch
}

cluster_options() {
    while (($# > 0)); do
        case $1 in
            --nodes) CLUSTER_NODES=${2:-} ;;
            --port) CLUSTER_PORT=${2:-} ;;
            *) die "$CLUSTER_USAGE" ;;
        esac
        shift $(($# > 1 ? 2 : 1))
    done
    [[ $CLUSTER_NODES =~ ^(1|3|5|10)$ ]] || die "$CLUSTER_USAGE"
    if [[ ! $CLUSTER_PORT =~ ^[1-9][0-9]{3,4}$ ]] || ((CLUSTER_PORT + CLUSTER_LAST_PORT > 65535)); then
        die "--port is the first of $((CLUSTER_LAST_PORT + 1)) ports, from 1000 to $((65535 - CLUSTER_LAST_PORT))"
    fi
}

# What a run that was killed left behind ends now; its data goes, its logs stay until here.
cluster_sweep() {
    local file names=()
    for file in "$CLUSTER"/*/pid; do
        if [[ -f $file ]]; then names+=("$(basename "$(dirname "$file")")"); fi
    done
    if ! none_runs "${names[@]}"; then
        say "ending what an earlier run left behind"
        members_stop 10 "${names[@]}" || die "it does not end; see the pids in $CLUSTER"
    fi
    if ((${#names[@]} > 0)); then rm -rf "${names[@]/#/$CLUSTER/}"; fi
    rm -f "$CLUSTER/run"
}

cluster_claim_ports() {
    local name port
    while read -r name port; do
        ! port_is_taken "$port" || die "port $port (for $name) is taken; choose other ones: ./dev cluster --port 9080"
    done < <(member_ports)
}

cluster_begin() {
    # shellcheck disable=SC2046  # names have no spaces
    members_start $(redis_names)
    wait_until 20 replicas_follow || die "the replicas do not follow; see $CLUSTER/redis-*/log"
    # shellcheck disable=SC2046
    members_start $(sentinel_names)
    wait_until 20 sentinels_are_ready || die "the Sentinels have no quorum; see $CLUSTER/sentinel-*/log"
    # shellcheck disable=SC2046
    members_start $(worker_names) $(node_names)
    members_start nginx
}

cluster_watch() {
    local line columns
    if [[ -t 1 ]]; then printf '\n'; fi
    while true; do
        if [[ -t 1 ]]; then
            line="$(show_line)   (Ctrl-C stops all)"
            read -r _ columns < <(stty size 2>/dev/null </dev/tty) || true
            if ((${columns:-0} == 0)); then columns=80; fi
            printf '\r\033[K%s' "${line:0:columns - 1}" # a line that wraps could not be written over
        fi
        sleep 1 9>&- &
        wait $!
    done
}

# First the door, then the nodes with what they still have to say, then who would choose another master, then the data.
cluster_end() {
    trap '' INT TERM HUP EXIT
    if [[ -t 1 ]]; then printf '\n'; fi
    say "stopping"
    members_stop 5 nginx || true
    # shellcheck disable=SC2046  # names have no spaces
    members_stop 10 $(node_names) || true
    # shellcheck disable=SC2046
    members_stop 10 $(worker_names) || true
    # shellcheck disable=SC2046
    members_stop 5 $(sentinel_names) || true
    # shellcheck disable=SC2046
    members_stop 10 $(redis_names) || true
    rm -f "$CLUSTER/run"
}

# From another terminal: the shape of the cluster that runs.
cluster_join() {
    local birth boot
    { read -r CLUSTER_RUN birth boot CLUSTER_NODES CLUSTER_PORT <"$CLUSTER/run"; } 2>/dev/null || die "no cluster runs in $CLUSTER"
    [[ $(process_birth "$CLUSTER_RUN") == "$birth $boot" ]] ||
        die "the cluster of $CLUSTER was killed; the next ./dev cluster ends what it left behind"
}

cluster_knows() {
    member_names | grep -xF -- "$1" >/dev/null || die "no '$1' here, but: $(member_names | paste -s -d ' ')"
}

cluster_status() {
    show_table
    printf '%s\n' "$(show_line)"
    all_run
}

cluster_kill() {
    member_runs "$1" || die "$1 does not run"
    members_signal KILL "$1"
    wait_until 5 none_runs "$1" || die "$1 does not end"
    echo "$1 was killed"
}

cluster_start() {
    members_start "$1"
    if [[ ! -e $CLUSTER/run ]]; then # stopped meanwhile: nobody else would end it
        members_stop 10 "$1"
        die "the cluster was stopped"
    fi
    echo "$1 is up, pid $(member_pid "$1")"
}

cluster_failover() {
    local old name answer
    old=$(master_now) || die "no Sentinel answers"
    for name in $(sentinel_names); do
        member_runs "$name" || continue
        answer=$(redis_ask "$name" SENTINEL FAILOVER "$CLUSTER_MASTER")
        [[ $answer == OK ]] || die "$name refuses: $answer; wait for the failover before, or for a replica (./dev cluster status), and try again"
        wait_until 20 nodes_left "$old" || die "after 20 s some node still writes to $old; see ./dev cluster status"
        echo "the master is now $(master_now), no longer $old"
        return
    done
}

cluster_stop() {
    kill -s TERM "$CLUSTER_RUN"
    wait_until 40 run_is_over || die "process $CLUSTER_RUN does not end"
    echo "stopped"
}

# shellcheck disable=SC2317  # called through wait_until
run_is_over() { ! process_birth "$CLUSTER_RUN" >/dev/null; }
