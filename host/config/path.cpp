#include "config/path.hpp"

#include <algorithm>
#include <charconv>

namespace streamhost::config {

namespace {

constexpr std::size_t kMaxNameBytes = 256;

const Value* step(const Value& from, std::string_view name) {
    const Value::Array* items = from.array();
    if (items == nullptr) return from.find(name);
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc() || end != name.data() + name.size() || index >= items->size()) return nullptr;
    return &(*items)[index];
}

}  // namespace

bool is_key_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxNameBytes) return false;
    return std::none_of(name.begin(), name.end(),
                        [](unsigned char byte) { return byte < 0x20 || byte == 0x7f || byte == '"'; });
}

std::optional<std::string_view> PathReader::fail() {
    ill_formed_ = true;
    more_ = false;
    return std::nullopt;
}

std::optional<std::string_view> PathReader::take(std::size_t begin, std::size_t end, std::size_t after) {
    const std::string_view name = rest_.substr(begin, end - begin);
    if (!is_key_name(name)) return fail();
    more_ = after < rest_.size();
    if (more_ && rest_[after] != '.') return fail();
    rest_ = more_ ? rest_.substr(after + 1) : std::string_view();
    return name;
}

std::optional<std::string_view> PathReader::next() {
    if (!more_) return std::nullopt;
    if (!rest_.empty() && rest_.front() == '"') {
        const std::size_t quote = rest_.find('"', 1);
        return quote == std::string_view::npos ? fail() : take(1, quote, quote + 1);
    }
    const std::size_t dot = std::min(rest_.find('.'), rest_.size());
    return take(0, dot, dot);
}

std::optional<std::vector<std::string>> split_path(std::string_view path) {
    std::vector<std::string> names;
    PathReader reader(path);
    while (const auto name = reader.next()) {
        names.emplace_back(*name);
    }
    if (reader.ill_formed()) return std::nullopt;
    return names;
}

std::string join_path(std::string_view parent, std::string_view name) {
    std::string path(parent);
    if (!path.empty()) path += '.';
    if (name.find('.') == std::string_view::npos) return path.append(name);
    return path.append("\"").append(name).append("\"");
}

Found find_path(const Value& root, std::string_view path) {
    PathReader reader(path);
    const Value* at = &root;
    while (const auto name = reader.next()) {
        if (at != nullptr) at = step(*at, *name);
    }
    if (reader.ill_formed()) return {nullptr, true};
    return {at, false};
}

}  // namespace streamhost::config
