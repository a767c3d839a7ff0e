#include "request_members.hpp"

#include <algorithm>
#include <utility>

#include "raw_json.hpp"

namespace gateway {

namespace dom = simdjson::dom;

namespace {

std::string quoted(std::string_view name) { return "`" + std::string(name) + "`"; }

}  // namespace

void bad(std::string message) { throw Fault{"bad_request", std::move(message)}; }
void too_large(std::string message) { throw Fault{"too_large", std::move(message)}; }

Members::Members(dom::object object, std::string_view raw) {
    RawValues texts(raw);
    list_.reserve(object.size());
    for (const auto field : object) {
        const auto text = texts.next();
        if (!text) break;
        list_.push_back({field.key, field.value, text->value});
    }
}

const Member* Members::find_any(std::string_view name) const {
    const auto found = std::find_if(list_.begin(), list_.end(),
                                    [name](const Member& member) { return member.name == name; });
    return found == list_.end() ? nullptr : &*found;
}

const Member* Members::find(std::string_view name) const {
    const Member* member = find_any(name);
    return member == nullptr || member->value.is_null() ? nullptr : member;
}

const Member& Members::need(std::string_view name) const {
    const Member* member = find(name);
    if (member == nullptr) bad(quoted(name) + " is missing");
    return *member;
}

std::optional<std::string_view> Members::text(std::string_view name, std::size_t max_bytes) const {
    const Member* member = find(name);
    if (member == nullptr) return std::nullopt;
    std::string_view text;
    if (member->value.get(text) != simdjson::SUCCESS) bad(quoted(name) + " has to be a string");
    if (text.size() > max_bytes) bad(quoted(name) + " holds at most " + std::to_string(max_bytes) + " bytes");
    return text;
}

std::string_view Members::need_text(std::string_view name, std::size_t max_bytes) const {
    static_cast<void>(need(name));
    return *text(name, max_bytes);
}

std::optional<std::uint64_t> Members::number(std::string_view name, std::uint64_t low,
                                             std::uint64_t high) const {
    const Member* member = find(name);
    if (member == nullptr) return std::nullopt;
    std::uint64_t number = 0;
    if (member->value.get(number) != simdjson::SUCCESS || number < low || number > high)
        bad(quoted(name) + " has to be an integer from " + std::to_string(low) + " to " +
            std::to_string(high));
    return number;
}

std::uint64_t Members::need_number(std::string_view name, std::uint64_t low, std::uint64_t high) const {
    static_cast<void>(need(name));
    return *number(name, low, high);
}

std::string_view Members::object(std::string_view name) const {
    const Member* member = find(name);
    if (member == nullptr) return {};
    if (!member->value.is_object()) bad(quoted(name) + " has to be an object");
    return member->raw;
}

}  // namespace gateway
