# libFuzzer targets: tests/fuzz/<name>_fuzz.cpp registered with streamhost_fuzzer(), seeds in tests/fuzz/corpus/<name>_fuzz/.
# shellcheck shell=bash

dev_fuzz() {
    local seconds=300
    if [[ ${1:-} =~ ^[0-9]+$ ]]; then
        seconds=$1
        shift
    fi
    packages_need run fuzz
    mkdir -p build/test
    STREAMHOST_TALLY=$(mktemp)
    export STREAMHOST_TALLY
    fuzz_all "$seconds" "$@"
    local failed
    failed=$(awk '{f += $2} END {print f + 0}' "$STREAMHOST_TALLY")
    rm -f "$STREAMHOST_TALLY"
    ((failed == 0))
}

# fuzz_all <seconds per target> [target...]
fuzz_all() {
    local seconds=$1 targets target
    shift
    mkdir -p build
    configure_preset fuzz
    cmake --build build/fuzz --target fuzz_targets -- -k 0 --quiet || tally 0 1
    targets=("$@")
    if (($# == 0)); then
        mapfile -t targets < <(find build/fuzz/bin -maxdepth 1 -type f -name '*_fuzz' -printf '%f\n' 2>/dev/null | sort)
    fi
    ((${#targets[@]} > 0)) || {
        echo "no fuzz targets in this tree"
        return 0
    }
    for target in "${targets[@]}"; do
        check "$target, $seconds s" fuzz_one "$target" "$seconds"
    done
}

# The corpus grows under build/ only; a find worth keeping is copied to tests/fuzz/corpus by hand.
fuzz_one() {
    local work=build/fuzz/corpus/$1 seeds=tests/fuzz/corpus/$1 folders
    mkdir -p "$work" build/fuzz/findings
    folders=("$work")
    if [[ -d $seeds ]]; then folders+=("$seeds"); fi
    "build/fuzz/bin/$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/findings/$1-" "${folders[@]}"
}
