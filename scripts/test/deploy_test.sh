#!/usr/bin/env bash
# deploy/deploy.sh and deploy/verify.sh against ./dev cluster, for real: all is well, then a worker is missing and is named, then everybody
# needs a token. Needs a built host (STREAMHOST_BINARY, else build/release) and Node 22 on the PATH.
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
grep -qx '22 passed, 0 failed' "$scratch/said-verify" || fail "all was tried"

# The same nodes as somebody else's, by their ids and addresses.
port_of() { ./dev cluster status 2>/dev/null | awk -v name="$1" '$1 == name {split($2, address, ":"); print address[2]}'; }
named() { for name in "$@"; do printf '%s=http://127.0.0.1:%d ' "$name" $(($(port_of "$name") + 10)); done; }
STREAMHOST_URL=http://127.0.0.1:$(port_of nginx) STREAMHOST_GATEWAYS=$(named node-1 node-2 node-3) STREAMHOST_WORKERS=$(named ai-1 ai-2) \
    deploy/verify.sh nodes >"$scratch/said-verify" 2>&1 || fail "all is well with nodes that are named"
grep -qx '19 passed, 0 failed' "$scratch/said-verify" || fail "all but the loss of a node was tried"

./dev cluster kill ai-2 >/dev/null
if deploy/verify.sh cluster --keep >"$scratch/said-verify" 2>&1; then fail "a missing worker is seen"; fi
grep -qx 'FAIL  ai-2 is ready' "$scratch/said-verify" || fail "and named"
grep -qx '18 passed, 1 failed' "$scratch/said-verify" || fail "and nothing else is wrong"

deploy/deploy.sh cluster down >"$scratch/said-down" 2>&1 || fail "it stops"
if deploy/verify.sh cluster >"$scratch/said-verify" 2>&1; then fail "nobody there is seen"; fi

# As deploy/config/ has it: tokens for clients and operators, signed with a key in a file.
head -c 32 /dev/urandom | base64 >"$scratch/key"
(
    export STREAMHOST_LISTENERS__ADMIN__AUTHENTICATION=required STREAMHOST_PLUGINS__GATEWAY__AUTHENTICATION=required
    export STREAMHOST_PLUGINS__AUTH__ENABLED=true STREAMHOST_PLUGINS__AUTH__ISSUER=https://login.example.com
    export STREAMHOST_PLUGINS__AUTH__AUDIENCES='[streamhost]'
    export STREAMHOST_PLUGINS__AUTH__KEYS="[{id: current, algorithm: HS256, secret_file: $scratch/key}]"
    deploy/deploy.sh cluster --port "$(free_base)" >"$scratch/said-deploy" 2>&1
) || fail "it starts with tokens"
STREAMHOST_KEY_FILE=$scratch/key deploy/verify.sh cluster --keep >"$scratch/said-verify" 2>&1 || fail "all is well with tokens"
grep -qx '22 passed, 0 failed' "$scratch/said-verify" || fail "strangers were tried, too"
if deploy/verify.sh cluster --keep >"$scratch/said-verify" 2>&1; then fail "without a token nothing is well"; fi
grep -q 'give STREAMHOST_ADMIN_TOKEN' "$scratch/said-verify" || fail "and it says what to do"
STREAMHOST_TOKEN=$(deploy/token.mjs "$scratch/key" ann 'read:@own send:@own') \
STREAMHOST_ADMIN_TOKEN=$(deploy/token.mjs "$scratch/key" ann 'admin:change') \
    deploy/verify.sh cluster --keep >"$scratch/said-verify" 2>&1 && fail "a token that may not look is refused"
grep -q '403: The token does not grant admin:view' "$scratch/said-verify" || fail "and it says why"
deploy/deploy.sh cluster down >"$scratch/said-down" 2>&1 || fail "it stops again"
if deploy/deploy.sh nowhere >"$scratch/said-deploy" 2>&1; then fail "an unknown target is refused"; fi
echo "ok"
