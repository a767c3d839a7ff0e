# Configure and build one preset.
# shellcheck shell=bash

# build_preset <preset> [target...]
build_preset() {
    local preset=$1
    shift
    configure_preset "$preset"
    cmake --build "build/$preset" --target "${@:-all}"
}

configure_preset() {
    cmake --preset "$1" >"build/$1.configure.log" 2>&1 || {
        cat "build/$1.configure.log" >&2
        return 1
    }
}

build_groups() {
    case $1 in
        release) echo run ;;
        fuzz) echo run fuzz ;;
        bench) echo run bench ;;
        dev | asan | tsan) echo run test ;;
        *) die "unknown preset: $1 (dev, release, asan, tsan, fuzz, bench)" ;;
    esac
}

dev_build() {
    local preset=${1:-dev} groups
    groups=$(build_groups "$preset")
    # shellcheck disable=SC2086  # a list of words
    packages_need $groups
    mkdir -p build
    build_preset "$preset"
}

# The schema that editors read and the page of all keys, from the host's own keys and those of the plugins in this tree.
dev_schema() {
    packages_need run
    mkdir -p build
    build_preset release
    build/release/bin/streamhost config schema >build/schema.json
    build/release/bin/streamhost config reference >build/reference.md
    mkdir -p docs/reference
    mv build/schema.json config/streamhost.schema.json
    mv build/reference.md docs/reference/configuration.md
}
