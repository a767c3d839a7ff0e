# The load generator and micro benchmarks, built optimised: tests/bench/.
# shellcheck shell=bash

dev_bench() {
    [[ -x tests/bench/run ]] || die "no benchmark in this tree (tests/bench/run)"
    packages_need run bench
    mkdir -p build
    build_preset bench
    if [[ "$*" =~ slow-upstreams|redis|reference ]]; then
        PATH=$(node_need):$PATH
        npm_install tests/integration
    fi
    exec tests/bench/run "$@"
}
