# The commands from nothing, in a minimal Debian 12.
# shellcheck shell=bash

dev_bare() { die "not here yet"; }
