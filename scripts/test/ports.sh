# Ports for a cluster of a test.
# shellcheck shell=bash

# A base whose ports nobody listens on, below those that the system gives out.
free_base() {
    local base port
    for base in $(shuf -i 200-310 -n 20); do
        for port in $(seq "${base}00" "${base}52"); do
            if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
        done
        echo "${base}00"
        return
    done
    return 1
}
