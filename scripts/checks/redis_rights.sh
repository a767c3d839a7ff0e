#!/usr/bin/env bash
# The rights of a node in docs/redis.md: each command that a script of the store calls is among them, and none that nobody calls. The
# same ones are what `config check --connect` asks for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Commands that the client sends itself: host/redis/link.cpp, host/redis/client, host/redis/driver.
client='client|kill eval evalsha info ping psubscribe publish punsubscribe role script|load select subscribe unsubscribe'
granted=$(grep -m 1 '^user streamhost on ' docs/redis.md | grep -oE '\+[a-z|]+' | tr -d + | sort -u)
called=$(grep -rhoE "redis\.p?call\('[A-Z]+'(, *'(CREATE|DELCONSUMER)')?" host/redis/driver/lua |
    sed -E "s/.*call\('([A-Z]+)'(, *'([A-Z]+)')?/\1|\3/; s/\|\$//" | tr '[:upper:]' '[:lower:]')
wanted=$(tr ' ' '\n' <<<"$client $(paste -s -d ' ' <<<"$called")" | sort -u)
diff <(echo "$wanted") <(echo "$granted") || { echo "used on the left, granted in docs/redis.md on the right" && exit 1; }
asked=$(sed -n '/^local commands = /,/^local missing/p' host/redis/driver/lua/rights.lua | grep -oE "'[a-z| ]+'" | tr -d "'" | tr ' ' '\n' | grep . | sort -u)
diff <(echo "$asked") <(echo "$granted") || { echo "asked for by rights.lua on the left, granted in docs/redis.md on the right" && exit 1; }
