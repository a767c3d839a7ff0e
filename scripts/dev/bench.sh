# The load generator and micro benchmarks, built optimised: tests/bench/.
# shellcheck shell=bash

dev_bench() {
    [[ -x tests/bench/run ]] || die "no benchmark in this tree (tests/bench/run)"
    local groups=(run bench)
    if [[ "$*" =~ peers ]]; then groups+=(peers); fi
    packages_need "${groups[@]}"
    mkdir -p build
    build_preset bench
    if [[ "$*" =~ slow-upstreams|redis|reference|peers ]]; then
        PATH=$(node_need):$PATH
        npm_install tests/integration
    fi
    if [[ "$*" =~ peers ]]; then npm_install tests/bench/peers; fi
    exec tests/bench/run "$@"
}
