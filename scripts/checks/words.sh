#!/usr/bin/env bash
# Words that mean unfinished work, and sleeping as synchronization. A line that truly has to pause says why: "pause: <reason>" on it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bad=0
# report <title> <pattern> <exception> <pathspec...>
report() {
    local title=$1 pattern=$2 exception=$3 found
    shift 3
    found=$(git grep -nE --untracked "$pattern" -- "$@" ':!scripts/checks/words.sh' ':!LICENSE' | grep -vE "$exception" || true)
    if [[ -n $found ]]; then
        printf '%s\n%s\n' "$title" "$found"
        bad=1
    fi
}

report "unfinished work without an owner (write TODO(name), or better, do it)" \
    '\b(TODO|FIXME|XXX|HACK)\b' '\bTODO\([a-z0-9-]+\)' '*.c' '*.h' '*.cpp' '*.hpp' '*.cmake' '*CMakeLists.txt' '*.sh' '*.js' '*.mjs' '*.md'
report "sleeping in a test: wait for the event, with a deadline" \
    '\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep)\b|\bsleep\(|timers/promises|^[[:space:]]*sleep [0-9]' 'pause: [a-z]' \
    'tests/' '*/test/*.cpp' '*/test/*.hpp' '*_test.cpp' '*.test.js' '*.test.mjs'
exit $bad
