#!/usr/bin/env bash
# Fails on an include, or a FLOORS line, that climbs. The compiler sees most of this too (a room's include roots are those of its floors);
# what it cannot see is a CMake line that names a higher room, a "../" path, or a plugin that includes a library of the host's.
# The plan of the house is in floors.txt beside this file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly plan=scripts/checks/floors.txt

# The FLOORS of every room as "room floor" lines.
declared_floors() {
    local file
    for file in host/*/CMakeLists.txt; do
        [[ -f $file ]] || continue
        sed 's/#.*//' "$file" | tr '()\n' '   ' | awk '{
            for (i = 1; i <= NF; i++) {
                if ($i == "streamhost_room") { room = $(++i); list = ""; continue }
                if ($i ~ /^[A-Z_]+$/) { list = $i; continue }
                if (room != "" && list == "FLOORS") print room, $i
            }
        }'
    done
}

# Every include as "file:line kind header", kind being quote or angle.
includes() {
    git ls-files -z --cached --others --exclude-standard --deduplicate -- \
        '*.c' '*.h' '*.cpp' '*.hpp' |
        xargs -0 -r grep -HnE '^[[:space:]]*#[[:space:]]*include' |
        sed -nE 's/^([^:]+:[0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]+)".*/\1 quote \2/p
                 s/^([^:]+:[0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*<([^>]+)>.*/\1 angle \2/p'
}

awk -v plan="$plan" '
    function complain(text) { print text; bad = 1 }
    function libc(h) {
        return h ~ /^[a-z_0-9]+$/ || h ~ /^(sys|netinet|arpa|net|linux)\// ||
            h ~ /^(assert|ctype|cpuid|errno|fcntl|float|inttypes|limits|math|netdb|poll|pthread|sched|setjmp|signal|stdarg|stddef|stdint|stdio|stdlib|string|time|unistd|dlfcn)\.h$/
    }
    # The SDK is installed as one tree and its headers name each other relatively: "../host.h" in abi/ext/log.h is streamhost/abi/host.h.
    function from_root(where, kind, header,   path) {
        if (kind == "angle" || header ~ /^streamhost\//) return header
        path = substr(where, length("sdk/include/") + 1)
        sub(/[^\/]*$/, "", path)
        for (path = path header; path ~ /[^\/.]+\/\.\.\//;) sub(/[^\/.]+\/\.\.\//, "", path)
        return path
    }
    # A room sees what it names and what those see.
    function sees(room, other,   key, part) {
        if (room == other || (room, other) in names) return 1
        if ((room, other) in memo) return memo[room, other]
        memo[room, other] = 0
        for (key in names) {
            split(key, part, SUBSEP)
            if (part[1] == room && sees(part[2], other)) { memo[room, other] = 1; break }
        }
        return memo[room, other]
    }
    FILENAME == plan {
        sub(/#.*/, "")
        if ($1 == "floor") { height++; for (i = 2; i <= NF; i++) level[$i] = height }
        if ($1 == "apart") apart[$2, $3] = apart[$3, $2] = 1
        if ($1 == "plugin") for (i = 3; i <= NF; i++) private[$2] = private[$2] " " $i
        next
    }
    NF == 2 {
        if (!($1 in level)) complain("host/" $1 ": a room that " plan " does not have")
        else if (!($2 in level)) complain("host/" $1 "/CMakeLists.txt names " $2 ", which " plan " does not have")
        else if (level[$2] >= level[$1]) complain("host/" $1 "/CMakeLists.txt: " $1 " may not see " $2 " (floors point down only)")
        names[$1, $2] = 1
        next
    }
    {
        split($1, at, "/"); kind = $2; header = $3; split(header, part, "/")
        if (at[1] == "sdk" && at[2] == "include") header = from_root($1, kind, header)
        if (header ~ /(^|\/)\.\.?\//) { complain($1 ": \"" header "\" climbs; write the path from its root"); next }
        sdk = header ~ /^streamhost\//
        if (at[1] == "host") {
            room = at[2]
            if (room ~ /:/) next  # main.cpp
            if (kind == "angle") {
                if (part[1] in level && index(header, ".")) complain($1 ": <" header "> is a room; include it as \"" header "\"")
            } else if (sdk || ($1 ~ /\/test\// && (part[1] == "support" || !index(header, "/")))) {
            } else if (!(part[1] in level)) complain($1 ": \"" header "\" is neither room/file nor streamhost/file")
            else if ((room, part[1]) in apart || !sees(room, part[1])) complain($1 ": " room " may not include \"" header "\"")
        } else if (at[1] == "sdk" && at[2] == "include") {
            if (kind == "quote" ? !sdk : !(sdk || libc(header))) complain($1 ": the SDK may not include " header)
            if ($1 ~ /\/abi\// && sdk && header !~ /^streamhost\/abi\//) complain($1 ": the C headers may not include " header)
            if ($1 ~ /\/abi\// && kind == "angle" && !sdk && header !~ /\.h$/) complain($1 ": " header " is not C")
        } else if (at[1] == "plugins" || at[1] == "examples") {
            own = kind == "quote" && (!index(header, "/") || part[1] == at[2] || part[1] == "test")
            test = $1 ~ /\/test\//
            allowed = sdk || own || libc(header) || (test && (header ~ /^g(test|mock)\// || part[1] == "support"))
            count = split(private[at[2]], library, " ")
            for (i = 1; i <= count; i++) if (index(header, library[i]) == 1) allowed = 1
            if (!allowed) complain($1 ": plugin " at[2] " may not include " header)
        }
    }
    END {
        for (key in apart) {
            split(key, part, SUBSEP)
            if ((part[1], part[2]) in names) complain("host/" part[1] "/CMakeLists.txt: " part[1] " and " part[2] " stay apart")
        }
        exit bad
    }' "$plan" <(declared_floors) <(includes)
