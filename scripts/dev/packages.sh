# Installs what scripts/packages.txt lists, once, and only what is missing.
# shellcheck shell=bash

# packages_of <group...>
packages_of() {
    awk -v groups=" $* " '{sub(/#.*/, "")} NF == 2 && index(groups, " " $1 " ") {print $2}' scripts/packages.txt | sort -u
}

# Names on standard input that dpkg does not have installed, on standard output.
packages_missing() {
    local wanted installed
    wanted=$(cat)
    # shellcheck disable=SC2086  # one argument per package
    installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | awk '$1 == "ii" {print $2}' | sort -u)
    comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$installed")
}

# packages_need <group...>: returns with all of them installed, or ends the script with the command that does it.
packages_need() {
    local missing
    if ! have dpkg-query || ! have apt-get; then
        die "this needs Debian 12 (dpkg, apt); the packages are listed in scripts/packages.txt"
    fi
    missing=$(packages_of "$@" | packages_missing)
    [[ -n $missing ]] || return 0

    say "installing: ${missing//$'\n'/ }"
    local installer=("$ROOT/scripts/install-packages.sh" "$@")
    if [[ $(id -u) -eq 0 ]]; then
        "${installer[@]}" </dev/null || die "apt failed, see above"
    elif have sudo; then
        sudo "${installer[@]}" || die "apt failed, see above"
    else
        printf 'These packages are missing, and installing them takes root. Paste this, then try again:\n\n' >&2
        printf "    su -c '%s'\n\n" "${installer[*]}" >&2
        exit 1
    fi
}
