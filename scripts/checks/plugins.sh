#!/usr/bin/env bash
# Every plugin in a folder exports exactly one symbol, streamhost_plugin_entry, and has no unique (u) symbol: the loader would share such
# a symbol between plugins and generations, and never unmap the library that came first.
set -euo pipefail
folder=${1:?usage: plugins.sh <folder with .so files>}

status=0 count=0
for plugin in "$folder"/*.so; do
    [[ -e $plugin ]] || continue
    count=$((count + 1))
    exported=$(nm -D --defined-only --format=posix "$plugin" | awk '{print $1}')
    if [[ $exported != streamhost_plugin_entry ]]; then
        printf '%s exports:\n%s\n' "$plugin" "${exported:-nothing}"
        status=1
    fi
    unique=$(nm --format=posix "$plugin" 2>/dev/null | awk '$2 == "u" {print $1}')
    if [[ -n $unique ]]; then
        printf '%s has unique symbols:\n%s\n' "$plugin" "$unique"
        status=1
    fi
done
echo "$count plugins"
exit $status
