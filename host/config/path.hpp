#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.hpp"

namespace streamhost::config {

// Key paths: names joined by dots, "plugins.chat.providers.echo.delay_ms". Items of a list are numbered from
// 0
// ("origins.2"). A name that itself holds a dot is quoted: labels."example.com". Names hold no quotes and no
// control characters (is_key_name), so there is nothing to escape. The empty path is the root.
[[nodiscard]] bool is_key_name(std::string_view name);

// Reads a path name by name without allocating. After the last name next() is empty; ill-formed() tells
// whether that was the end or a mistake (empty name, open quote, text after a quote).
class PathReader {
public:
    explicit PathReader(std::string_view path) : rest_(path), more_(!path.empty()) {}

    [[nodiscard]] std::optional<std::string_view> next();
    [[nodiscard]] bool ill_formed() const { return ill_formed_; }

private:
    std::optional<std::string_view> fail();
    std::optional<std::string_view> take(std::size_t begin, std::size_t end, std::size_t after);

    std::string_view rest_;
    bool more_;
    bool ill_formed_ = false;
};

// The names of a path, or nothing when it is ill-formed.
[[nodiscard]] std::optional<std::vector<std::string>> split_path(std::string_view path);

[[nodiscard]] std::string join_path(std::string_view parent, std::string_view name);

struct Found {
    const Value* value = nullptr;  // null: absent or ill-formed
    bool ill_formed = false;
};

[[nodiscard]] Found find_path(const Value& root, std::string_view path);

}  // namespace streamhost::config
