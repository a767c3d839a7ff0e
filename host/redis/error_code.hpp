#pragma once

#include <string_view>

namespace streamhost::redis {

// The problem: what an error of the server means hangs on its first word (OOM, READONLY, WRONGTYPE, ...), and
// where a script met it servers before 7.0 put words of their own in front:
//
//   7.0  OOM command not allowed when used memory > 'maxmemory'. script: <hash>, on @user_script:7.
//   6.2  ERR Error running script (call to f_<hash>): @user_script:7: @user_script: 7: -OOM command not ...
//
// So do all of them where a script says error('FOREIGN ...'), as luaL_where() has it:
//
//   7.0  ERR user_script:7: FOREIGN ... script: <hash>, on @user_script:7.
//   6.2  ERR Error running script (call to f_<hash>): @user_script:7: user_script:7: FOREIGN ...
//
// Only these places are looked at: what is further behind may be anybody's, such as the name of a key.
//
// The word, as a part of `error`. [any]
[[nodiscard]] std::string_view error_code(std::string_view error) noexcept;

}  // namespace streamhost::redis
