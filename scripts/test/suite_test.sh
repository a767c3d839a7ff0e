#!/usr/bin/env bash
# The frame of ./dev test: it counts, goes on after a failure, ends a stage at its limit with everything that the stage started, and the
# installer puts the machine's service policy back whatever happens.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# expect <title> <command...>
expect() {
    local title=$1
    shift
    if "$@"; then
        echo "ok    $title"
    else
        echo "FAIL  $title"
        failures=$((failures + 1))
    fi
}

# ended <pid>: within 5 s it is gone, or dead and only waiting for its parent to notice.
# shellcheck disable=SC2317  # called through expect
ended() {
    local try
    for try in {1..100}; do
        grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status" 2>/dev/null || return 0
        read -r -t 0.05 _ <>"$scratch/silence" || true
    done
    echo "process $1 still runs after $try looks"
    return 1
}
mkfifo "$scratch/silence"

# A ./dev of four stages around the real frame.
mkdir -p "$scratch/tree/scripts/dev"
cp "$repository"/scripts/dev/{common,suite}.sh "$scratch/tree/scripts/dev/"
cat >"$scratch/tree/dev" <<'TEXT'
#!/usr/bin/env bash
set -euo pipefail
ROOT=$(cd "$(dirname "$0")" && pwd)
source "$ROOT/scripts/dev/common.sh"
source "$ROOT/scripts/dev/suite.sh"
stage_good() { tally 3 0; check "true" true; }
stage_bad() { check "false" false; tally 2 1; }
stage_crash() { tally 1 0; false; }
stage_hang() { mkfifo "$ROOT/never"; cat "$ROOT/never" & echo $! >"$ROOT/child"; wait; }
case $1 in
    stage) suite_run_stage_here "$2" ;;
    all) suite_run good:10 bad:10 crash:10 hang:1 good:10 ;;
    some) suite_run good:10 ;;
    stuck) suite_run hang:60 ;;
esac
TEXT
chmod +x "$scratch/tree/dev"

status=0
output=$("$scratch/tree/dev" all 2>&1) || status=$?
expect "a failure is the exit status" test "$status" -eq 1
expect "the last line sums up" test "$(tail -n 1 <<<"$output")" = "11 passed, 4 failed"
expect "the limit is named" grep -q 'hang: stopped at its limit of 1 s' <<<"$output"
expect "what a stopped stage had started is gone" ended "$(cat "$scratch/tree/child")"
status=0
output=$("$scratch/tree/dev" some 2>&1) || status=$?
expect "all green is status 0" test "$status" -eq 0
expect "all green sums up" test "$(tail -n 1 <<<"$output")" = "4 passed, 0 failed"

# Ending the whole run ends the stage that is running. The stage says through a pipe that it has begun.
mkfifo "$scratch/begun"
rm -f "$scratch/tree/never"
sed -i "s#stage_hang() {#stage_hang() { echo \$BASHPID >'$scratch/begun'; #" "$scratch/tree/dev"
setsid "$scratch/tree/dev" stuck >/dev/null 2>&1 &
run=$!
read -r -t 30 stage <"$scratch/begun"
kill -TERM "$run"
status=0
wait "$run" || status=$?
expect "a signal ends the run" test "$status" -eq 130
expect "and the stage that was running" ended "$stage"

# The installer with an apt-get that looks at the policy, and an id that says root.
mkdir -p "$scratch/bin"
cat >"$scratch/bin/apt-get" <<'TEXT'
#!/bin/sh
echo "$*" >>"$APT_LOG"
test -x "$STREAMHOST_POLICY_RC_D" && "$STREAMHOST_POLICY_RC_D" redis-server start
[ $? -eq 101 ] || exit 9
case "$*" in *install*) exit "${APT_STATUS:-0}" ;; esac
TEXT
printf '#!/bin/sh\necho 0\n' >"$scratch/bin/id"
chmod +x "$scratch"/bin/*
# shellcheck disable=SC2317  # called through expect
install() { # <status of apt-get install>
    APT_LOG=$scratch/apt.log APT_STATUS=$1 STREAMHOST_POLICY_RC_D=$scratch/policy-rc.d PATH=$scratch/bin:$PATH \
        "$repository/scripts/install-packages.sh" run
}
expect "install succeeds while services are forbidden" install 0
expect "no policy is left behind" test ! -e "$scratch/policy-rc.d"
expect "one update, one install" test "$(wc -l <"$scratch/apt.log")" -eq 2
expect "no recommended packages, nothing removed" grep -q -- '--no-install-recommends --no-remove install' "$scratch/apt.log"
echo 'theirs' >"$scratch/policy-rc.d"
expect "a failing apt is a failure" bash -c "! $(declare -f install); scratch=$scratch repository=$repository; ! install 100"
expect "the machine's own policy is back" grep -q theirs "$scratch/policy-rc.d"

# Which packages are missing, by a dpkg-query that knows two of them.
cat >"$scratch/bin/dpkg-query" <<'TEXT'
#!/bin/sh
printf 'ii  cmake\nrc  ccache\n'
TEXT
chmod +x "$scratch/bin/dpkg-query"
missing() {
    cd "$repository"
    # shellcheck source=/dev/null
    source scripts/dev/common.sh
    # shellcheck source=/dev/null
    source scripts/dev/packages.sh
    printf 'ccache\ncmake\nninja-build\n' | PATH=$scratch/bin:$PATH packages_missing | tr '\n' ' '
}
expect "missing: removed ones and unknown ones" test "$(missing)" = "ccache ninja-build "

exit $((failures > 0))
