#!/usr/bin/env bash
# Every public header compiles alone, on both compilers: sdk/include/streamhost/abi as C11, C17, C++17 and C++20, the C++ layer as C++20.
# A file of one line per header: an author may include any of them first. Warnings are errors, since they would be the author's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly warnings=(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion)

# compile <compiler> <language> <standard> <header>
compile() {
    "$1" -x "$2" "-std=$3" "${warnings[@]}" -Isdk/include -fsyntax-only - \
        <<<"#include \"$4\"" || { echo "FAIL: $4 as $3 with $1"; return 1; }
}

status=0 count=0
while IFS= read -r -d '' file; do
    header=${file#sdk/include/}
    case $header in
        streamhost/abi/*.h) variants=(c:c11 c:c17 c++:c++17 c++:c++20) ;;
        *) variants=(c++:c++20) ;;
    esac
    for variant in "${variants[@]}"; do
        language=${variant%:*}
        if [[ $language == c ]]; then compilers=(gcc clang-14); else compilers=(g++ clang++-14); fi
        for compiler in "${compilers[@]}"; do
            compile "$compiler" "$language" "${variant#*:}" "$header" || status=1
            count=$((count + 1))
        done
    done
done < <(git ls-files -z --cached --others --exclude-standard --deduplicate -- 'sdk/include/*.h' 'sdk/include/*.hpp')
echo "$count compilations"
exit $status
