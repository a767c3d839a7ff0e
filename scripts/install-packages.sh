#!/usr/bin/env bash
# Installs the named groups of scripts/packages.txt (Debian 12, as root): scripts/install-packages.sh run test
#
# Packages such as databases start a service when they are installed. That is not what someone who wants to run tests asked for, so
# starting is refused while apt runs (policy-rc.d), and what a package enabled for the next boot is disabled again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
policy=${STREAMHOST_POLICY_RC_D:-/usr/sbin/policy-rc.d}
saved=$policy.before-streamhost

forbid_services() {
    # An earlier run that was killed outright left its own policy in place; the saved one is the machine's.
    if [[ -e $policy && ! -e $saved ]]; then mv "$policy" "$saved"; fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

restore_services() {
    rm -f "$policy"
    if [[ -e $saved ]]; then mv "$saved" "$policy"; fi
}

enabled_units() {
    if [[ -d /run/systemd/system ]]; then
        systemctl list-unit-files --state=enabled --type=service --no-legend --plain | awk '{print $1}' | sort
    fi
}

install_groups() {
    local packages units_before unit
    mapfile -t packages < <(awk -v groups=" $* " '{sub(/#.*/, "")} NF == 2 && index(groups, " " $1 " ") {print $2}' \
        "$here/packages.txt" | sort -u)
    ((${#packages[@]} > 0)) || { echo "no such group: $*" >&2; return 1; }

    units_before=$(enabled_units)
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o DPkg::Lock::Timeout=300 update
    # --no-remove: a conflicting package of the user's (libboost-dev, say) is a question for them, not a casualty.
    apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends --no-remove install "${packages[@]}"

    while read -r unit; do
        if [[ -n $unit ]]; then systemctl disable --quiet "$unit"; fi
    done < <(comm -13 <(printf '%s\n' "$units_before") <(enabled_units))
}

[[ $(id -u) -eq 0 ]] || { echo "run this as root" >&2; exit 1; }
(($# > 0)) || { echo "usage: $0 <group>..." >&2; exit 1; }
trap restore_services EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
forbid_services
install_groups "$@"
