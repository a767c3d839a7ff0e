#!/usr/bin/env bash
# deploy/deploy.sh and deploy/verify.sh against ./dev cluster, for real: all is well, then a worker is missing and is named. Needs a built host
# (STREAMHOST_BINARY, else build/release) and Node 22 on the PATH.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$repository"
scratch=$(mktemp -d)
export STREAMHOST_CLUSTER=$scratch/cluster STREAMHOST_BINARY=${STREAMHOST_BINARY:-$repository/build/release/bin/streamhost}
trap './dev cluster stop 2>/dev/null || true; rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
# shellcheck source=scripts/test/ports.sh
source scripts/test/ports.sh

fail() {
    echo "FAIL  $1"
    cat "$scratch"/said*
    exit 1
}

deploy/deploy.sh cluster --port "$(free_base)" >"$scratch/said-deploy" 2>&1 || fail "it starts"
grep -q '^The chat page: http://127.0.0.1:' "$scratch/said-deploy" || fail "it says where"

deploy/verify.sh cluster >"$scratch/said-verify" 2>&1 || fail "all is well"
grep -qx '19 passed, 0 failed' "$scratch/said-verify" || fail "all was tried"

./dev cluster kill ai-2 >/dev/null
if deploy/verify.sh cluster --keep >"$scratch/said-verify" 2>&1; then fail "a missing worker is seen"; fi
grep -qx 'FAIL  ai-2 is ready' "$scratch/said-verify" || fail "and named"
grep -qx '15 passed, 1 failed' "$scratch/said-verify" || fail "and nothing else is wrong"

deploy/deploy.sh cluster down >"$scratch/said-down" 2>&1 || fail "it stops"
if deploy/verify.sh cluster >"$scratch/said-verify" 2>&1; then fail "nobody there is seen"; fi
if deploy/deploy.sh nowhere >"$scratch/said-deploy" 2>&1; then fail "an unknown target is refused"; fi
echo "ok"
