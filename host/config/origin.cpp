#include "config/origin.hpp"

#include <tuple>

namespace streamhost::config {

namespace {

std::string name_of(const Origin& origin) { return origin.name ? *origin.name : std::string(); }

}  // namespace

std::string Origin::text() const {
    switch (kind) {
    case SourceKind::schema_default: return name ? *name : "default";
    case SourceKind::environment: return "environment " + name_of(*this);
    case SourceKind::command_line: return "--set " + name_of(*this);
    case SourceKind::file: break;
    }
    if (line == 0) return name_of(*this);
    return name_of(*this) + ':' + std::to_string(line) + ':' + std::to_string(column);
}

bool shown_before(const Origin& left, const Origin& right) {
    const auto rank = [](const Origin& origin) {
        return std::make_tuple(origin.kind, name_of(origin), origin.line, origin.column);
    };
    return rank(left) < rank(right);
}

}  // namespace streamhost::config
