# Formatting, shellcheck, clang-tidy.
# shellcheck shell=bash

format_check() { cxx_sources | xargs -0 -r clang-format-14 --dry-run --Werror; }

dev_format() {
    packages_need lint
    cxx_sources | xargs -0 -r clang-format-14 -i
}

shell_check() {
    sources '*.sh' dev .ci/run | xargs -0 -r shellcheck --external-sources --source-path="$ROOT"
}

dev_lint() {
    packages_need run test lint
    mkdir -p build
    format_check
    shell_check
    configure_preset dev
    scripts/checks/tidy.py build/dev "$@"
}
