# libFuzzer targets: tests/fuzz/<name>_fuzz.cpp registered with streamhost_fuzzer(), seeds in tests/fuzz/corpus/<name>_fuzz/.
# shellcheck shell=bash

dev_fuzz() {
    local minutes=5
    if [[ ${1:-} == --minutes ]]; then
        minutes=${2:-}
        [[ $minutes =~ ^[1-9][0-9]{0,3}$ ]] || die "--minutes wants a whole number from 1 to 9999"
        shift 2
    fi
    [[ ${1:-} != -* ]] || die "unknown option: $1 (./dev fuzz [--minutes N] [target...])"
    packages_need run fuzz
    mkdir -p build/test
    STREAMHOST_TALLY=$(mktemp)
    export STREAMHOST_TALLY
    trap 'rm -f "$STREAMHOST_TALLY"' EXIT
    fuzz_all "$((minutes * 60))" 0 "$@"
    local failed
    failed=$(awk '{f += $2} END {print f + 0}' "$STREAMHOST_TALLY")
    ((failed == 0))
}

# fuzz_all <seconds per target> <seed, 0 for another one each time> [target...]
fuzz_all() {
    local seconds=$1 seed=$2 known targets target
    shift 2
    mkdir -p build
    configure_preset fuzz
    cmake --build build/fuzz --target fuzz_targets -- -k 0 --quiet || tally 0 1
    mapfile -t known < <(find build/fuzz/bin -maxdepth 1 -type f -name '*_fuzz' -printf '%f\n' 2>/dev/null | sort)
    targets=("$@")
    if (($# == 0)); then targets=("${known[@]}"); fi
    for target in "${targets[@]}"; do
        [[ " ${known[*]} " == *" $target "* ]] || die "no fuzz target $target; there are: ${known[*]}"
    done
    ((${#targets[@]} > 0)) || {
        echo "no fuzz targets in this tree"
        return 0
    }
    # One keeps a core busy.
    for target in "${targets[@]}"; do
        while (($(jobs -pr | wc -l) >= $(nproc))); do wait -n || true; done
        check "$target, $seconds s" fuzz_one "$target" "$seconds" "$seed" &
    done
    wait
}

# The corpus grows under build/ only; a find worth keeping is copied to tests/fuzz/corpus by hand. With a seed the run begins with the kept
# corpus alone: what `./dev test` finds in a tree it finds in each clone of it.
fuzz_one() {
    local target=$1 seconds=$2 seed=$3 work=build/fuzz/corpus/$1 log=build/test/$1.log folders
    if ((seed != 0)); then
        work=build/fuzz/corpus-of-tests/$target
        rm -rf "$work"
    fi
    mkdir -p "$work" build/fuzz/findings build/test
    folders=("$work")
    if [[ -d tests/fuzz/corpus/$target ]]; then folders+=("tests/fuzz/corpus/$target"); fi
    "build/fuzz/bin/$target" -max_total_time="$seconds" -seed="$seed" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/findings/$target-" "${folders[@]}" >"$log" 2>&1 && return
    grep -vE '^#[0-9]|NEW_FUNC' "$log" | tail -n 60 | cut -c 1-300
    echo "all of it: $log; the input: build/fuzz/findings/$target-*"
    return 1
}
