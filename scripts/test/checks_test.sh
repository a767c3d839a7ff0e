#!/usr/bin/env bash
# A check that cannot fail is no check: each rule of scripts/checks/ is broken once in a scratch checkout and must be named.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# A house in which every rule holds.
sound_house() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree"
    cd "$scratch/tree"
    git init -q .
    mkdir -p scripts host/runtime/test host/net host/control sdk/include/streamhost/abi plugins/chat plugins/auth
    cp -r "$repository/scripts/checks" scripts/
    echo 'streamhost_room(runtime SOURCES loop.cpp TESTS test/loop_test.cpp)' >host/runtime/CMakeLists.txt
    printf 'streamhost_room(net\n  SOURCES codec.cpp  # bytes\n  FLOORS runtime)\n' >host/net/CMakeLists.txt
    echo 'streamhost_room(control FLOORS runtime)' >host/control/CMakeLists.txt
    printf '#include "runtime/loop.hpp"\n#include <sys/epoll.h>\n#include <vector>\n' >host/runtime/loop.cpp
    printf '#include "runtime/loop.hpp"\n#include "streamhost/abi/entry.h"\n#include <Poco/Net/Socket.h>\n' >host/net/codec.cpp
    printf '#include "runtime/loop.hpp"\n#include "support/clock.hpp"\n#include "script.hpp"\n#include <gtest/gtest.h>\n' >host/runtime/test/loop_test.cpp
    printf '#pragma once\n#include <stdint.h>\ntypedef uint32_t sh_number;\n' >sdk/include/streamhost/abi/entry.h
    mkdir -p sdk/include/streamhost/abi/ext
    printf '#pragma once\n#include "../entry.h"\nsh_number sh_twice(sh_number value);\n' >sdk/include/streamhost/abi/ext/twice.h
    printf '#pragma once\n#include <string>\n#include "abi/entry.h"\ninline std::string text() { return "a"; }\n' \
        >sdk/include/streamhost/text.hpp
    printf '#include "run.hpp"\n#include "streamhost/text.hpp"\n#include <Poco/Net/HTTPClientSession.h>\n' >plugins/chat/chat_plugin.cpp
    printf '#include <string>\n' >plugins/auth/auth_plugin.cpp
}

# expect_pass <check>
expect_pass() {
    local output
    if output=$("scripts/checks/$1.sh" 2>&1); then
        echo "ok    $1 accepts a sound tree"
    else
        printf 'FAIL  %s refuses a sound tree:\n%s\n' "$1" "$output"
        failures=$((failures + 1))
    fi
}

# expect_complaint <check> <text that its output must contain> <file> <line to add>
expect_complaint() {
    local output
    sound_house
    mkdir -p "$(dirname "$3")"
    printf '%b\n' "$4" >>"$3"
    if output=$("scripts/checks/$1.sh" 2>&1); then
        echo "FAIL  $1 accepts: $4"
        failures=$((failures + 1))
    elif [[ $output != *"$2"* ]]; then
        printf 'FAIL  %s does not say "%s" but:\n%s\n' "$1" "$2" "$output"
        failures=$((failures + 1))
    else
        echo "ok    $1: $2"
    fi
}

sound_house
expect_pass floors
expect_pass words
expect_pass headers

expect_complaint floors 'runtime may not include "net/codec.hpp"' host/runtime/loop.cpp '#include "net/codec.hpp"'
expect_complaint floors 'net may not include "config/file.hpp"' host/net/codec.cpp '#include "config/file.hpp"'
expect_complaint floors 'control may not include "net/codec.hpp"' host/control/plan.cpp '#include "net/codec.hpp"'
expect_complaint floors 'floors point down only' host/config/CMakeLists.txt 'streamhost_room(config FLOORS runtime net)'
expect_complaint floors 'control and net stay apart' host/control/CMakeLists.txt 'streamhost_room(control FLOORS runtime net)'
expect_complaint floors 'a room that' host/attic/CMakeLists.txt 'streamhost_room(attic FLOORS runtime)'
expect_complaint floors 'climbs' host/net/codec.cpp '#include "../runtime/loop.hpp"'
expect_complaint floors 'neither room/file nor streamhost/file' host/net/codec.cpp '#include "codec.hpp"'
expect_complaint floors 'is a room' host/net/codec.cpp '#include <runtime/loop.hpp>'
expect_complaint floors '"support/clock.hpp" is neither room/file' host/runtime/loop.cpp '#include "support/clock.hpp"'
expect_complaint floors 'plugin chat may not include spdlog/spdlog.h' plugins/chat/chat_plugin.cpp '#include <spdlog/spdlog.h>'
expect_complaint floors 'plugin chat may not include runtime/loop.hpp' plugins/chat/chat_plugin.cpp '#include "runtime/loop.hpp"'
expect_complaint floors 'plugin chat may not include auth/token.hpp' plugins/chat/chat_plugin.cpp '#include "auth/token.hpp"'
expect_complaint floors 'plugin auth may not include Poco/JSON/Parser.h' plugins/auth/auth_plugin.cpp '#include <Poco/JSON/Parser.h>'
expect_complaint floors 'the SDK may not include Poco/Foundation.h' sdk/include/streamhost/text.hpp '#include <Poco/Foundation.h>'
expect_complaint floors 'the C headers may not include streamhost/text.hpp' sdk/include/streamhost/abi/entry.h '#include "streamhost/text.hpp"'
expect_complaint floors 'the C headers may not include streamhost/text.hpp' sdk/include/streamhost/abi/ext/twice.h '#include "../../text.hpp"'
expect_complaint floors 'climbs' sdk/include/streamhost/text.hpp '#include "../../../host/net/codec.hpp"'
expect_complaint floors 'string is not C' sdk/include/streamhost/abi/entry.h '#include <string>'

expect_complaint words 'without an owner' host/net/codec.cpp '// TO''DO: later'
expect_complaint words 'sleeping in a test' host/runtime/test/loop_test.cpp 'std::this_thread::sleep_''for(1ms);'
expect_complaint words 'sleeping in a test' tests/integration/run.test.mjs 'await sl''eep(100);'

expect_complaint headers 'abi/entry.h as c11 with gcc' sdk/include/streamhost/abi/entry.h 'inline bool f() { return true; }'
expect_complaint headers 'text.hpp as c++20 with clang++-14' sdk/include/streamhost/text.hpp 'inline std::vector<int> g() { return {}; }'

# plugin_check <library source>: what plugins.sh says of a library made from it.
plugin_check() {
    rm -rf "$scratch/plugins" && mkdir "$scratch/plugins"
    printf '%s\n' "$1" | g++ -std=c++20 -shared -fPIC "${@:2}" -x c++ -o "$scratch/plugins/sample.so" -
    "$repository/scripts/checks/plugins.sh" "$scratch/plugins"
}
entry='extern "C" __attribute__((visibility("default"))) const int streamhost_plugin_entry = 1;'
shared_static='template <class T> struct Holder { static inline int value = 7; }; int* use() { return &Holder<int>::value; }'
if plugin_check "$entry" -fvisibility=hidden >/dev/null; then
    echo "ok    plugins accepts one symbol"
else
    echo "FAIL  plugins refuses one symbol" && failures=$((failures + 1))
fi
for sample in "$entry int helper() { return 1; }" 'int nothing;' "$entry $shared_static"; do
    if plugin_check "$sample" >/dev/null; then
        echo "FAIL  plugins accepts: $sample" && failures=$((failures + 1))
    else
        echo "ok    plugins refuses: $sample"
    fi
done

exit $((failures > 0))
