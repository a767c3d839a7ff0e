// Validators of RFC 9110, 8.8.3 and 13.1.2: a browser that has the bytes already is told so in a head.
#pragma once

#include <string>
#include <string_view>

namespace console {

// A strong entity tag, in its quotes: size and FNV-1a of the bytes. It tells versions of one file apart and
// protects nothing, so a cryptographic hash would buy nothing.
[[nodiscard]] std::string entity_tag_of(std::string_view bytes);

// Whether `field`, the value of If-None-Match, names `tag`: `*`, or a list whose members are compared weakly.
// What is no list of tags names none.
[[nodiscard]] bool names_tag(std::string_view field, std::string_view tag) noexcept;

}  // namespace console
