#include "config/issue.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <simdjson.h>

#include "config/path.hpp"

namespace streamhost::config {

namespace {

std::string escape(char byte) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    switch (byte) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
    }
    const auto code = static_cast<unsigned char>(byte);
    return std::string("\\u00") + kHex[code >> 4U] + kHex[code & 0xfU];
}

bool needs_escape(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code < 0x20 || code == 0x7f || byte == '"' || byte == '\\';
}

std::size_t cut_at_character(std::string_view text, std::size_t limit) {
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80U)
        --limit;
    return limit;
}

}  // namespace

Issue issue_at(const Value& root, std::string path, std::string problem, std::string next_step) {
    const Value* value = find_path(root, path).value;
    const Origin where = value == nullptr ? Origin() : value->origin;
    return {where, std::move(path), std::move(problem), {}, std::move(next_step)};
}

std::string quote(std::string_view text, std::size_t limit) {
    const bool cut = text.size() > limit;
    if (cut) text = text.substr(0, cut_at_character(text, limit));
    std::string out = "\"";
    for (const char byte : text) {
        if (needs_escape(byte)) {
            out += escape(byte);
        } else {
            out += byte;
        }
    }
    return out += cut ? "...\"" : "\"";
}

std::string printable(std::string_view text) {
    if (!simdjson::validate_utf8(text)) {
        std::string ascii = "\"";
        for (const char byte : text) {
            const bool high = static_cast<unsigned char>(byte) >= 0x80;
            ascii += high || needs_escape(byte) ? escape(byte) : std::string(1, byte);
        }
        return ascii + '"';
    }
    return std::none_of(text.begin(), text.end(), needs_escape) ? std::string(text) : quote(text);
}

std::string format(const Issue& issue) {
    std::string out = issue.where.text() + ": ";
    if (!issue.path.empty()) out += issue.path + ": ";
    out += issue.problem + '\n';
    if (!issue.allowed.empty()) out += "    allowed: " + issue.allowed + '\n';
    if (!issue.next_step.empty()) out += "    next: " + issue.next_step + '\n';
    return out;
}

std::string one_line(const Issue& issue) {
    return issue.path + ": " + issue.problem + (issue.next_step.empty() ? "" : "; " + issue.next_step);
}

void sort_by_place(Issues& issues) {
    std::stable_sort(issues.begin(), issues.end(), [](const Issue& left, const Issue& right) {
        return shown_before(left.where, right.where);
    });
}

std::string format(std::span<const Issue> issues, std::size_t limit) {
    Issues sorted(issues.begin(), issues.end());
    sort_by_place(sorted);
    std::string out;
    for (std::size_t index = 0; index < std::min(limit, sorted.size()); ++index) {
        out += format(sorted[index]);
    }
    if (sorted.size() > limit) out += "and " + std::to_string(sorted.size() - limit) + " more\n";
    return out;
}

}  // namespace streamhost::config
