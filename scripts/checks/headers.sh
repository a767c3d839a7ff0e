#!/usr/bin/env bash
# Every public header compiles alone, on both compilers: sdk/include/streamhost/abi as C11, C17, C++17 and C++20, the C++ layer as C++20.
# A file of one line per header: an author may include any of them first. Warnings are errors, since they would be the author's.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
readonly warnings=(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion)

# compile <compiler> <language> <standard> <header>
compile() {
    "$1" -x "$2" "-std=$3" "${warnings[@]}" -Isdk/include -fsyntax-only - <<<"#include \"$4\""$'\n''typedef int not_empty;' || {
        echo "FAIL: $4 as $3 with $1"
        return 1
    }
}

# One line per compilation.
variants() {
    local file header
    while IFS= read -r -d '' file; do
        header=${file#sdk/include/}
        printf '%s c++ c++20 %s\n' g++ "$header" clang++-14 "$header"
        if [[ $header == streamhost/abi/*.h ]]; then
            printf '%s c++ c++17 %s\n' g++ "$header" clang++-14 "$header"
            printf '%s c c11 %s\n' gcc "$header" clang-14 "$header"
            printf '%s c c17 %s\n' gcc "$header" clang-14 "$header"
        fi
    done < <(git ls-files -z --cached --others --exclude-standard --deduplicate -- 'sdk/include/*.h' 'sdk/include/*.hpp')
}

if (($# > 0)); then
    compile "$@"
else
    variants | xargs -r -L 1 -P "$(nproc)" scripts/checks/headers.sh
fi
