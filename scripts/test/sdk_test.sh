#!/usr/bin/env bash
# The way of an author outside of this tree: install the SDK, let the host write a plugin, build and test it against what was installed,
# check it, load it into the real host and use it. A plugin that the host would refuse has to be named with its mistake.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
host=$(realpath "${1:?usage: sdk_test.sh <streamhost program>}")
scratch=$(mktemp -d)
host_pid=''
finish() {
    if [[ -n $host_pid ]]; then kill "$host_pid" 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap finish EXIT

say() { printf '%s\n' "$*"; }
die() {
    printf 'FAIL  %s\n' "$*" >&2
    exit 1
}

say "install the SDK, which compiles nothing"
cmake -S "$repository/sdk" -B "$scratch/sdk" >"$scratch/log" 2>&1 || { cat "$scratch/log" && die "configuring the SDK"; }
cmake --install "$scratch/sdk" --prefix "$scratch/prefix" >/dev/null
# Moved after it was installed: nothing in it may name the place.
mv "$scratch/prefix" "$scratch/elsewhere"
if grep -rqF "$repository" "$scratch/elsewhere"; then die "the installed SDK names the source tree"; fi
if grep -rqF "$scratch/prefix" "$scratch/elsewhere"; then die "the installed SDK names its prefix"; fi

say "streamhost plugin new"
cd "$scratch"
"$host" plugin new acme-greeter >/dev/null
if "$host" plugin new acme-greeter >/dev/null 2>&1; then die "plugin new wrote over a plugin"; fi

say "build and test it"
cmake -S acme-greeter -B build -G Ninja -DCMAKE_PREFIX_PATH="$scratch/elsewhere" >"$scratch/log" 2>&1 ||
    { cat "$scratch/log" && die "configuring the plugin"; }
cmake --build build -- --quiet
ctest --test-dir build --output-on-failure --no-tests=error >"$scratch/log" 2>&1 || { cat "$scratch/log" && die "its unit test"; }

say "check it"
plugins=$scratch/build/lib/streamhost/plugins
"$repository/scripts/checks/plugins.sh" "$plugins" | grep -qx '1 plugins'
[[ $("$host" plugin check "$plugins/acme-greeter.so") == "acme-greeter 0.1.0: Greets over HTTP" ]] || die "plugin check"
mkdir renamed
cp "$plugins/acme-greeter.so" renamed/other.so
if "$host" plugin check renamed/other.so 2>"$scratch/log"; then die "a file of another name was accepted"; fi
grep -qF 'acme-greeter.so' "$scratch/log" || die "plugin check does not say how the file is to be called"

say "load and use it"
settings=(--set "plugins.directory=$plugins" --set listeners.public.address=127.0.0.1:0 --set listeners.admin.address=127.0.0.1:0
    --set plugins.acme-greeter.enabled=true --set "plugins.acme-greeter.greeting=Xin chào")
"$host" config show "${settings[@]}" | grep -qF 'Xin chào' || die "its section is not configuration"
if "$host" config show "${settings[@]}" --set plugins.acme-greeter.greting=x >/dev/null 2>&1; then die "an unknown key was accepted"; fi
mkfifo said
"$host" "${settings[@]}" >said 2>&1 &
host_pid=$!
exec 3<said
address=''
while IFS= read -r -t 20 line <&3; do
    printf '%s\n' "$line" >>"$scratch/host.log"
    if [[ $line =~ ready:\ http://([0-9.]+):([0-9]+)/ ]]; then
        address=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]}
        break
    fi
done
[[ -n $address ]] || { cat "$scratch/host.log" && die "the host was not ready"; }
exec 4<>"/dev/tcp/$address/$port"
printf 'GET /acme-greeter HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$address:$port" >&4
answer=$(timeout 10 cat <&4)
exec 4<&-
[[ $answer == "HTTP/1.1 200 "* && $answer == *$'\r\n\r\n{"greeting":"Xin chào"}' ]] || die "it answered: $answer"
kill "$host_pid"
status=0
wait "$host_pid" || status=$?
host_pid=''
[[ $status == 0 ]] || { cat <&3 && die "the host ended with $status"; }
say "mistakes are told"
sed -i 's/"maxLength"/"maxLenght"/' acme-greeter/acme_greeter.cpp
cmake --build build --target acme-greeter -- --quiet
if "$host" plugin check "$plugins/acme-greeter.so" 2>"$scratch/log"; then die "a schema with an unknown keyword was accepted"; fi
grep -qF 'maxLenght' "$scratch/log" || { cat "$scratch/log" && die "plugin check does not name the keyword"; }
if "$host" plugin check "$host" 2>/dev/null; then die "a program was taken for a plugin"; fi
say "ok"
