# Processes of the cluster: each has a folder of its name in $CLUSTER with its log, its files and its pid.
# shellcheck shell=bash

# What tells a process from a later one with the same number: when it began, and in which boot. Fails if it has ended.
process_birth() {
    local pid=$1 line fields
    { read -r line <"/proc/$pid/stat"; } 2>/dev/null || return 1
    read -ra fields <<<"${line##*) }" # behind the name, which may hold anything: from the state on
    [[ ${fields[0]:-X} != [ZX] ]] || return 1
    echo "${fields[19]} $(</proc/sys/kernel/random/boot_id)"
}

# member_pid <name>: prints its pid if it runs and is the process that was started here.
member_pid() {
    local pid birth
    { read -r pid birth <"$CLUSTER/$1/pid"; } 2>/dev/null || return 1
    [[ $(process_birth "$pid") == "$birth" ]] || return 1
    echo "$pid"
}

member_runs() { member_pid "$1" >/dev/null; }

none_runs() {
    local name
    for name in "$@"; do
        ! member_runs "$name" || return 1
    done
}

# member_spawn <name> <command...>: in a session of its own, so that Ctrl-C reaches this script alone. The pid is written before the
# program begins: whatever happens to this script, the process can be found.
member_spawn() {
    local name=$1 folder=$CLUSTER/$1 pid
    shift
    ! member_runs "$name" || die "$name runs already"
    mkdir -p "$folder"
    rm -f "$folder/pid"
    (
        pid=$BASHPID # within $( ) it is another one
        echo "$pid $(process_birth "$pid")" >"$folder/pid.new"
        mv "$folder/pid.new" "$folder/pid"
        exec setsid "$@"
    ) </dev/null >>"$folder/log" 2>&1 9>&- &
    disown # its end is no news of this shell
    wait_until 5 test -s "$folder/pid" || die "$name was not started"
}

# member_is_up <name> <seconds> <command...>: waits until the command says so; a process that ended is not waited for.
member_is_up() {
    local name=$1 seconds=$2
    shift 2
    if wait_until "$seconds" ended_or "$name" "$@" && member_runs "$name"; then return; fi
    tail -n 20 "$CLUSTER/$name/log" >&2
    die "$name is not ready within $seconds s; the end of $CLUSTER/$name/log is above"
}

# shellcheck disable=SC2317  # called through wait_until
ended_or() {
    local name=$1
    shift
    ! member_runs "$name" || "$@"
}

# members_stop <seconds> <name...>: asks all, waits, ends what is still there.
members_stop() {
    local seconds=$1 name
    shift
    members_signal TERM "$@"
    wait_until "$seconds" none_runs "$@" && return
    for name in "$@"; do
        if member_runs "$name"; then warn "$name did not end within $seconds s and is killed"; fi
    done
    members_signal KILL "$@"
    wait_until 5 none_runs "$@"
}

members_signal() {
    local signal=$1 name pid
    shift
    for name in "$@"; do
        if pid=$(member_pid "$name"); then kill -s "$signal" "$pid" 2>/dev/null || true; fi
    done
}

# wait_until <seconds> <command...>
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
