# Build the host and start it in the foreground.
# shellcheck shell=bash

dev_run() {
    packages_need run
    mkdir -p build
    build_preset release

    local arguments=(-c "$ROOT/config/streamhost.yaml") argument
    for argument in "$@"; do
        case $argument in -c | --config | --config=* | -c?*) arguments=() ;; esac
    done
    say "starting; it prints its address when it is ready (Ctrl-C stops it)"
    exec build/release/bin/streamhost "${arguments[@]}" "$@"
}
