// The answer to a request for one file of the page.
#pragma once

#include <string_view>

#include "streamhost/http.hpp"

#include "asset.hpp"

namespace console {

// What index.html says in its own head, and `frame-ancestors`, which only a header can say: nothing from
// elsewhere runs or is loaded, and no other page may put this one into a frame.
inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// 304 without content when `if_none_match` names the file as it is, else 200. [any]
[[nodiscard]] streamhost::HttpResponse answer(const Asset& asset, std::string_view if_none_match);

}  // namespace console
