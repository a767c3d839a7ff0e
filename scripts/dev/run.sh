# Build the host and start it in the foreground.
# shellcheck shell=bash

# Text of a scalar at a dotted path of a YAML file in block style: yaml_value config/streamhost.yaml listeners.public.address
yaml_value() {
    awk -v want="$2" '
        /^[[:space:]]*(#|$)/ { next }
        {
            match($0, /^ */); depth = RLENGTH
            line = substr($0, depth + 1)
            if (!match(line, /^[A-Za-z0-9_.-]+:/)) next
            key = substr(line, 1, RLENGTH - 1)
            value = substr(line, RLENGTH + 1)
            while (top > 0 && indent[top] >= depth) top--
            top++; indent[top] = depth; path[top] = (top > 1 ? path[top - 1] "." : "") key
            if (path[top] == want) {
                sub(/[[:space:]]#.*/, "", value); gsub(/^[[:space:]"\x27]+|[[:space:]"\x27]+$/, "", value)
                print value; exit
            }
        }' "$1"
}

# The public address as the host will see it: command line, then environment, then file, then default.
run_address() {
    local config=$1 address='' previous='' argument
    shift
    for argument in "$@"; do
        argument=${argument#--set=}
        [[ $argument != listeners.public.address=* ]] || address=${argument#*=}
        case $previous in -c | --config) config=$argument ;; esac
        previous=$argument
    done
    [[ -n $address ]] || address=${STREAMHOST_LISTENERS__PUBLIC__ADDRESS:-}
    [[ -n $address || ! -r $config ]] || address=$(yaml_value "$config" listeners.public.address)
    echo "${address:-127.0.0.1:8080}"
}

dev_run() {
    packages_need run
    mkdir -p build
    build_preset release

    local config=config/streamhost.yaml arguments=(-c "$ROOT/config/streamhost.yaml") argument
    for argument in "$@"; do
        case $argument in -c | --config | --config=* | -c?*) arguments=() ;; esac
    done
    say "http://$(run_address "$config" "$@")/ (Ctrl-C stops it)"
    exec build/release/bin/streamhost "${arguments[@]}" "$@"
}
