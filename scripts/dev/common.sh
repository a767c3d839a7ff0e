# Shared by every part of ./dev: messages and small helpers.
# shellcheck shell=bash

say() {
    if [[ -t 2 ]]; then
        printf '\033[1m==> %s\033[0m\n' "$*" >&2
    else
        printf '==> %s\n' "$*" >&2
    fi
}
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# 75 -> "1:15"
minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# Files of the checkout that match the given pathspecs, tracked or new, NUL-separated, never build output.
sources() { git ls-files -z --cached --others --exclude-standard --deduplicate -- "$@" 2>/dev/null; }
cxx_sources() { sources '*.c' '*.h' '*.cpp' '*.hpp'; }
