# The stages of `./dev test`. Order: what is quick and what everything else needs comes first.
# shellcheck shell=bash

# name:limit in seconds. The limits are for a cold run on two cores, with room; a stage that reaches its limit has failed.
readonly TEST_STAGES=(setup:900 checks:300 unit:2400 threads:1500 release:1500 simulation:900 plugins:300 client:300 integration:1200 browser:600 fuzz:1500)

dev_test() {
    local stages=() entry name
    case ${1:-} in
        --list)
            printf '%s\n' "${TEST_STAGES[@]%:*}"
            return
            ;;
    esac
    for entry in "${TEST_STAGES[@]}"; do
        if (($# == 0)); then stages+=("$entry"); fi
        for name in "$@"; do
            if [[ ${entry%:*} == "$name" ]]; then stages+=("$entry"); fi
        done
    done
    ((${#stages[@]} >= ($# > 0 ? $# : 1))) || die "unknown stage in: $* (./dev test --list)"
    suite_run "${stages[@]}"
}

# Everything from the network happens here, so that a red network is not mistaken for a red test.
stage_setup() {
    packages_need run test fuzz cluster
    have kubectl || packages_need kubectl
    local folder
    node_need >/dev/null
    for folder in clients/js tests/integration tests/browser; do
        npm_install "$folder"
    done
}

stage_checks() {
    mkdir -p build
    check "formatting (./dev format mends it)" format_check
    check "shellcheck" shell_check
    check "the checks can fail" scripts/test/checks_test.sh
    check "the frame of this run counts and stops" scripts/test/suite_test.sh
    check "includes stay on their floor" scripts/checks/floors.sh
    check "words that do not belong here" scripts/checks/words.sh
    check "docs/redis.md grants what the scripts of the store use" scripts/checks/redis_rights.sh
    check "public headers compile alone" scripts/checks/headers.sh
}

# ctest_preset <preset> [ctest arguments...]: runs what was built and counts it.
ctest_preset() {
    local preset=$1 report=$ROOT/build/test/$1.xml
    shift
    rm -f "$report"
    ctest --test-dir "build/$preset" --parallel "$(nproc)" --output-on-failure --progress --no-tests=error \
        --output-junit "$report" "$@" || true
    [[ -s $report ]] || return 1
    local total failed skipped
    total=$(junit_count tests "$report")
    failed=$(junit_count failures "$report")
    skipped=$(($(junit_count skipped "$report") + $(junit_count disabled "$report")))
    tally $((total - failed - skipped)) "$failed"
    ((total > 0)) || return 1
}

# The counts stand in the head of ctest's report, one attribute a line.
junit_count() { sed -n -E "1,15s/.*[[:space:]]$1=\"([0-9]+)\".*/\1/p" "$2" | head -n 1; }

stage_unit() {
    configure_preset asan
    # -k 0: one room that does not compile must not hide what the others' tests say.
    check "everything compiles with warnings as errors (asan)" cmake --build build/asan -- -k 0 --quiet
    ctest_preset asan
}

stage_threads() {
    configure_preset tsan
    check "thread sanitizer builds" cmake --build build/tsan --target tsan_tests -- -k 0 --quiet
    ctest_preset tsan --label-regex '^tsan$'
}

stage_release() {
    configure_preset release
    check "release builds" cmake --build build/release -- -k 0 --quiet
}

# What the simulator says is worth reading also when it holds.
stage_simulation() {
    build_preset release simulator
    if build/release/bin/simulator 100000; then tally 1 0; else tally 0 1; fi
    local said
    said=$(build/release/bin/simulator mutations) || said+=$'\nFAIL  the mutations'
    echo "$said"
    tally "$(grep -c '^ok ' <<<"$said")" "$(grep -c '^FAIL ' <<<"$said")"
}

stage_plugins() {
    local preset
    for preset in release asan; do
        check "plugins export one symbol and share none ($preset)" scripts/checks/plugins.sh "build/$preset/lib/streamhost/plugins"
    done
    check "a plugin written, built and tested outside of this tree loads and works" scripts/test/sdk_test.sh build/release/bin/streamhost
    check "config/streamhost.schema.json is what the host says (./dev schema mends it)" schema_check
    check "docs/reference/configuration.md is what the host says (./dev schema mends it)" reference_check
}

# The committed schema serves editors; the plugins of this tree and the host's own keys decide what is in it.
schema_check() { diff -u config/streamhost.schema.json <(build/release/bin/streamhost config schema); }
reference_check() { diff -u docs/reference/configuration.md <(build/release/bin/streamhost config reference); }

# node_tests <title> <how many at a time> <file...>: node:test programs, counted from the TAP summary.
node_tests() {
    local title=$1 at_once=$2 report=$ROOT/build/test/$1.tap passed failed bin
    shift 2
    (($# > 0)) || {
        echo "no $title tests in this tree"
        return 0
    }
    bin=$(node_need)
    PATH=$bin:$PATH node --test --test-concurrency="$at_once" --test-timeout=300000 \
        --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=tap --test-reporter-destination="$report" "$@" || true
    passed=$(awk '$1 == "#" && $2 == "pass" {print $3}' "$report")
    failed=$(awk '$1 == "#" && ($2 == "fail" || $2 == "cancelled") {n += $3} END {print n + 0}' "$report")
    [[ -n $passed ]] || return 1
    tally "$passed" "$failed"
}

stage_client() {
    local tests config
    mapfile -d '' tests < <(sources 'tests/bench/*.test.mjs')
    node_tests bench 1 "${tests[@]}"
    for config in clients/js/tsconfig*.json; do
        if [[ -f $config ]]; then check "JSDoc types hold ($config)" typecheck "$config"; fi
    done
    mapfile -d '' tests < <(sources 'clients/js/test/*.test.js' 'clients/js/test/*.test.mjs')
    node_tests client 1 "${tests[@]}"
}

typecheck() { PATH=$(node_need):$PATH node clients/js/node_modules/typescript/bin/tsc --noEmit -p "$1"; }

# Integration and browser tests start build/release/bin/streamhost themselves, each on a port of its own.
# Both speak the client protocol, so they need the plugins that answer it. A tree that cannot build one of them says so here instead of
# failing each test for the same reason.
has_protocol() {
    local plugin missing=()
    for plugin in session health gateway console; do
        if [[ ! -d plugins/$plugin || ! -f plugins/$plugin/CMakeLists.txt ]]; then missing+=("$plugin"); fi
    done
    ((${#missing[@]} == 0)) || {
        echo "not run: this tree has no plugin ${missing[*]} yet, and these tests talk to it"
        return 1
    }
}

stage_integration() {
    has_protocol || return 0
    local tests timed alone
    build_preset release replacements  # small plugins that stand in for shipped ones
    mapfile -d '' tests < <(sources 'tests/integration/*.test.mjs' | xargs -0 grep -LZ support/machine.mjs)
    mapfile -d '' timed < <(sources 'tests/integration/*.test.mjs' | xargs -0 grep -lZ support/machine.mjs | xargs -0 grep -LZ support/well_behaved.mjs)
    mapfile -d '' alone < <(sources 'tests/integration/*.test.mjs' | xargs -0 grep -lZ support/well_behaved.mjs)
    node_tests integration 2 "${tests[@]}"
    node_tests timed 2 "${timed[@]}"  # they wait for seconds, and hold their bounds where the other one leaves them the machine
    node_tests alone 1 "${alone[@]}"  # they compare milliseconds, which mean nothing beside others
    check "./dev cluster starts, loses a node, moves its master, and ends" cluster_check
    check "deploy/deploy.sh starts a cluster, deploy/verify.sh tries it and sees what is missing" deploy_check
}

deploy_check() { PATH=$(node_need):$PATH scripts/test/deploy_test.sh; }

cluster_check() { PATH=$(node_need):$PATH scripts/test/cluster_test.sh; }

stage_browser() {
    has_protocol || return 0
    local tests
    mapfile -d '' tests < <(sources 'tests/browser/*.test.mjs')
    node_tests browser 2 "${tests[@]}"
}

stage_fuzz() { fuzz_all 15 1; }
