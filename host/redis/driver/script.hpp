#pragma once

#include <string_view>

namespace streamhost::redis {

// A Lua script as the server knows it. There is one per file of driver/lua/; the build makes a constant of
// each (driver/lua_scripts.hpp), its hash included.
struct Script {
    std::string_view name;
    std::string_view text;
    std::string_view sha1;  // 40 lower-case hex digits
};

}  // namespace streamhost::redis
