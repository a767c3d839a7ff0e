#!/usr/bin/env bash
# Does a deployment do what it should? Tried from outside, through its proxy: health, a conversation, distribution, stickiness, Redis, and
# the loss of a node under an answer. Ends with "N passed, N failed".
#
#   deploy/verify.sh compose              what deploy/deploy.sh started
#   deploy/verify.sh cluster              what ./dev cluster started
#   deploy/verify.sh compose --keep       without killing anything
#   deploy/verify.sh nodes                any others, without killing anything; STREAMHOST_URL is needed, and
#                                         STREAMHOST_GATEWAYS='gw-1=http://gw-1:8091 ...', STREAMHOST_WORKERS='ai-1=http://ai-1:8091 ...':
#                                         their ids and admin listeners
#
# Needs curl, Node 22 and for `nodes` the program streamhost. STREAMHOST_URL: where the proxy is. Where tokens are asked for:
# STREAMHOST_TOKEN, with the grants read and send, and STREAMHOST_ADMIN_TOKEN, with admin:view; or STREAMHOST_KEY_FILE, the HS256 key to
# make them with (compose: deploy/secrets/jwt-key).
# Tokens come by the environment and go on by standard input: an argument could be read by every user of the machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
readonly SESSIONS=60 READY_S=60
passed=0
failed=0

# expect <title> <command...>
expect() {
    local title=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok    $title"
        passed=$((passed + 1))
    else
        echo "FAIL  $title"
        printf '%s\n' "$said" | tail -n 12 | sed 's/^/      /'
        failed=$((failed + 1))
    fi
}

# --- the kinds of deployment: who is there, how a node is asked, ended and started ---

compose() { (cd "$here/compose" && docker compose --env-file "$here/.env" "$@"); }
compose_url() { echo "http://127.0.0.1:${HTTP_PORT:-80}"; }
compose_gateways() { compose config --services | grep '^gateway-' | sort; }
compose_workers() { compose config --services | grep '^worker-' | sort; }
compose_asks() { compose exec -T "$1" streamhost healthcheck --url "http://$1-admin:8091$2"; }
compose_ends() { compose kill "$1"; }
compose_starts() { compose up --detach --no-deps --wait "$1"; }
compose_streamhost() { compose exec -T "$1" streamhost "${@:2}" --url "http://$1-admin:8091"; }

cluster() { (cd "$root" && ./dev cluster "$@"); }
cluster_table() { printf '%s\n' "$table"; }
cluster_port() { cluster_table | awk -v name="$1" '$1 == name {split($2, a, ":"); print a[2]}'; }
cluster_url() { echo "http://127.0.0.1:$(cluster_port nginx)"; }
cluster_gateways() { cluster_table | awk '/^node-/ {print $1}'; }
cluster_workers() { cluster_table | awk '/^ai-/ {print $1}'; }
cluster_asks() { curl --silent --show-error --fail --max-time 3 "http://127.0.0.1:$(($(cluster_port "$1") + 10))$2"; }
cluster_ends() { cluster kill "$1"; }
cluster_starts() { cluster start "$1"; }
cluster_streamhost() {
    "${STREAMHOST_BINARY:-$root/build/release/bin/streamhost}" "${@:2}" --url "http://127.0.0.1:$(($(cluster_port "$1") + 10))"
}

nodes_url() { echo "STREAMHOST_URL is missing: where clients connect, such as https://chat.example.com" >&2 && exit 1; }
nodes_names() { tr -s ' ' '\n' <<<"$1" | sed -n 's/=.*//p'; }
nodes_gateways() { nodes_names "${STREAMHOST_GATEWAYS:-}"; }
nodes_workers() { nodes_names "${STREAMHOST_WORKERS:-}"; }
nodes_admin() { tr -s ' ' '\n' <<<"${STREAMHOST_GATEWAYS:-} ${STREAMHOST_WORKERS:-}" | sed -n "s/^$1=//p"; }
nodes_asks() { curl --silent --show-error --fail --max-time 3 "$(nodes_admin "$1")$2"; }
nodes_streamhost() { "${STREAMHOST_BINARY:-streamhost}" "${@:2}" --url "$(nodes_admin "$1")"; }

# --- the checks ---

talk() { node "$here/talk.mjs" "$@"; }
status_of() { curl --silent --insecure --location --max-time 5 --output /dev/null --write-out '%{http_code}' "$url$1"; }
answers() { [[ $(status_of "$1") == "$2" ]] || { echo "$url$1 answers $(status_of "$1"), not $2" && return 1; }; }

upgrades() {
    local said
    # The connection stays open, so the time ends it.
    said=$(curl --silent --insecure --http1.1 --max-time 2 --include --output - -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
        -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' -H 'Sec-WebSocket-Protocol: streamhost.v1.json' \
        "$url/v1/ws" | head -n 1 | tr -d '\0') || true
    [[ $said == *' 101 '* ]] || { echo "$said" && return 1; }
}

# The admin listener answers an operator, and nothing was changed at this node or in its files alone.
runs_its_files() {
    local said words=(config diff)
    if [[ -n $admin_token ]]; then words+=(--token-file -); fi
    said=$("${kind}_streamhost" "$1" "${words[@]}" 2>&1 <<<"$admin_token") || {
        echo "$said"
        [[ $said != *': 401: '* ]] || echo "give STREAMHOST_ADMIN_TOKEN, or STREAMHOST_KEY_FILE"
        return 1
    }
    [[ $said == *'nothing changes'* ]] || { echo "$said" && return 1; }
}

refuses_strangers() {
    local said
    said=$("${kind}_streamhost" "$1" config diff 2>&1 </dev/null) && { echo "whoever reaches it may do everything" && return 1; }
    [[ $said == *': 401: '* ]] || { echo "$said" && return 1; }
}

# Every gateway has sessions, none more than twice its share.
is_spread() {
    local said name share
    said=$(talk nodes "$socket" "$SESSIONS") || { echo "$said" && return 1; }
    share=$((SESSIONS / $(wc -l <<<"$gateways")))
    for name in $gateways; do
        local count
        count=$(grep -cx "$name" <<<"$said" || true)
        echo "$name: $count of $SESSIONS"
        ((count > 0 && count <= 2 * share)) || return 1
    done
}

sticks() {
    local said
    said=$(talk node "$socket" verify-sticky 10) || { echo "$said" && return 1; }
    [[ $(sort -u <<<"$said" | wc -l) == 1 ]] || { sort <<<"$said" | uniq -c && return 1; }
}

# An answer of some seconds; the node that its reader is connected to is killed in the middle of it.
survives() {
    local text line victim='' status=0
    text=$(seq -s ' ' 1 250)
    coproc talking { talk survive "$socket" "verify-$$" "$text" 2>&1; }
    # shellcheck disable=SC2154  # coproc sets it
    local pid=$talking_PID
    while IFS= read -r -t 30 line <&"${talking[0]}"; do
        echo "$line"
        if [[ $line == 'node '* ]]; then
            victim=${line#node }
            "${kind}_ends" "$victim"
            echo "$victim" >"$scratch/victim"
        fi
    done
    wait "$pid" || status=$?
    [[ -n $victim ]] || { echo "the answer never began" && return 1; }
    return "$status"
}

comes_back() {
    local victim end=$((SECONDS + READY_S))
    victim=$(<"$scratch/victim") || return 1
    "${kind}_starts" "$victim"
    until "${kind}_asks" "$victim" /health/ready; do
        ((SECONDS < end)) || return 1
        sleep 0.5
    done
}

kind=${1:-}
case "$kind ${2:-}" in
    'compose ' | 'cluster ' | 'nodes ' | 'compose --keep' | 'cluster --keep' | 'nodes --keep') ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2 && exit 1 ;;
esac
for tool in node curl; do
    command -v "$tool" >/dev/null || { echo "this needs curl and Node 22" >&2 && exit 1; }
done
if [[ $kind == compose && -f $here/.env ]]; then
    set -a
    # shellcheck source=/dev/null
    source "$here/.env"
    set +a
fi
key=${STREAMHOST_KEY_FILE:-}
if [[ $kind == compose && -z $key && -s $here/secrets/jwt-key ]]; then key=$here/secrets/jwt-key; fi
if [[ -n $key ]]; then
    : "${STREAMHOST_TOKEN:=$(node "$here/token.mjs" "$key" verify 'read:@own send:@own')}"
    : "${STREAMHOST_ADMIN_TOKEN:=$(node "$here/token.mjs" "$key" verify admin:view)}"
fi
export STREAMHOST_TOKEN=${STREAMHOST_TOKEN:-}
admin_token=${STREAMHOST_ADMIN_TOKEN:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [[ $kind == cluster ]]; then table=$(cluster status 2>/dev/null || true); fi
if [[ $kind == compose ]] && ! docker compose version >/dev/null 2>&1; then
    echo "docker compose (version 2) is missing; a deployment without it: deploy/verify.sh nodes" >&2 && exit 1
fi
url=${STREAMHOST_URL:-$("${kind}_url")}
socket=ws${url#http}/v1/ws
gateways=$("${kind}_gateways")
[[ -n $gateways ]] || { echo "no node is there: is it started, or for \`nodes\` named in STREAMHOST_GATEWAYS?" >&2 && exit 1; }

for name in $gateways $("${kind}_workers"); do expect "$name is ready" "${kind}_asks" "$name" /health/ready; done
for name in $gateways; do expect "$name reaches Redis, and its probes come back" "${kind}_asks" "$name" /health/distributed; done
for name in $gateways; do
    expect "$name answers operators, and runs what its files say" runs_its_files "$name"
    if [[ -n $admin_token ]]; then expect "$name refuses operators without a token" refuses_strangers "$name"; fi
done
expect "the page answers through the proxy" answers / 200
for path in /metrics /admin/v1/node /health/distributed; do expect "$path stays inside" answers "$path" 404; done
expect "WebSockets pass" upgrades
expect "a question gets its whole answer" talk say "$socket" "verify-talk-$$" "Hà Nội in one line"
expect "$SESSIONS sessions reach all nodes, none more than twice its share" is_spread
expect "ten connections of a session reach one node" sticks
if [[ $kind == nodes || ${2:-} == --keep ]]; then
    echo "not tried: the loss of a node"
elif [[ $(wc -l <<<"$gateways") == 1 ]]; then
    echo "not tried: the loss of a node, as there is no other one"
else
    expect "an answer survives the loss of its reader's node" survives
    expect "the node comes back" comes_back
    expect "and the next question is answered" talk say "$socket" "verify-again-$$" "Huế in one line"
fi
echo "$passed passed, $failed failed"
((failed == 0))
