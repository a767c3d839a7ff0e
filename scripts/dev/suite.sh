# The frame of `./dev test`: stages with a time limit each, every one of them run, one line at the end.
# shellcheck shell=bash
#
# A stage is a function stage_<name>. It runs in a process of its own, so that its limit ends whatever it started, and reports what it
# counted with `tally`. A stage that fails without having counted a failure counts as one.

suite_folder() { echo "$ROOT/build/test"; }

# tally <passed> <failed>: called by a stage, any number of times.
tally() { echo "$1 $2" >>"$STREAMHOST_TALLY"; }

# check <title> <command...>: one check inside a stage; its output is shown only when it fails.
check() {
    local title=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok    $title"
        tally 1 0
    else
        echo "FAIL  $title"
        printf '%s\n' "$output" | sed 's/^/      /'
        tally 0 1
    fi
}

# What the process of one stage executes: ./dev stage <name>
suite_run_stage_here() {
    [[ -n ${STREAMHOST_TALLY:-} ]] || die "stages are started by ./dev test"
    declare -F "stage_$1" >/dev/null || die "unknown stage: $1"
    "stage_$1"
}

suite_stop() {
    trap - INT TERM
    if [[ -n ${suite_child:-} ]]; then
        kill "$suite_child" 2>/dev/null || true
        wait "$suite_child" || true
    fi
    echo "interrupted" >&2
    exit 130
}

# suite_stage <name> <limit in seconds>: leaves stage_passed, stage_failed, stage_seconds.
suite_stage() {
    local name=$1 limit=$2 started=$SECONDS status=0
    export STREAMHOST_TALLY
    STREAMHOST_TALLY=$(suite_folder)/$name.tally
    : >"$STREAMHOST_TALLY"
    say "$name"
    # timeout makes the stage a process group of its own and ends all of it; hence the background and the trap for Ctrl-C.
    # set -m, since a shell without job control starts background jobs with SIGINT ignored, and so everything they start.
    set -m
    timeout --kill-after=20 "$limit" "$ROOT/dev" stage "$name" </dev/null &
    suite_child=$!
    set +m
    wait "$suite_child" || status=$?
    suite_child=''

    read -r stage_passed stage_failed < <(awk '{p += $1; f += $2} END {print p + 0, f + 0}' "$STREAMHOST_TALLY")
    stage_seconds=$((SECONDS - started))
    case $status in
        0) ;;
        124 | 137)
            echo "FAIL  $name: stopped at its limit of $limit s"
            stage_failed=$((stage_failed + 1))
            ;;
        *) ((stage_failed > 0)) || { echo "FAIL  $name: ended with status $status" && stage_failed=1; } ;;
    esac
}

# suite_run <name:limit...>: runs them all, prints the table and the last line, fails if anything failed.
suite_run() {
    local entry passed=0 failed=0 table=''
    mkdir -p "$(suite_folder)"
    trap suite_stop INT TERM
    for entry in "$@"; do
        suite_stage "${entry%:*}" "${entry#*:}"
        passed=$((passed + stage_passed))
        failed=$((failed + stage_failed))
        table+=$(printf '%-12s %8s %8d passed %6d failed' "${entry%:*}" "$(minutes "$stage_seconds")" "$stage_passed" "$stage_failed")$'\n'
    done
    trap - INT TERM
    printf '\n%s%-12s %8s\n\n' "$table" total "$(minutes "$SECONDS")"
    echo "$passed passed, $failed failed"
    ((failed == 0))
}
