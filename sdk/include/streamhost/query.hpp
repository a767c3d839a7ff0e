// The problem: an admin route that passes over a parameter it does not know answers a typing error with
// something else than was asked for.
//
// The parameters of a request: known names, each at most once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/percent.hpp"
#include "streamhost/status.hpp"
#include "streamhost/whole_number.hpp"

namespace streamhost {

class Query {
public:
    // Throws Failure(SH_INVALID), with the names that may be given.
    Query(std::string_view query, std::initializer_list<std::string_view> names) {
        for (const std::string_view name : names)
            values_.emplace(name, std::nullopt);
        while (!query.empty()) {
            const std::string_view part = query.substr(0, query.find('&'));
            query.remove_prefix(part.size() == query.size() ? part.size() : part.size() + 1);
            take(part);
        }
    }

    // Empty when it was not given.
    [[nodiscard]] std::string text(std::string_view name) const { return value_of(name).value_or(""); }
    // Throws Failure(SH_INVALID) for what is no number from 1 to `most`.
    [[nodiscard]] std::uint32_t number(std::string_view name, std::uint32_t otherwise,
                                       std::uint32_t most) const {
        const auto value = value_of(name);
        if (!value) return otherwise;
        const auto number = whole_number<std::uint32_t>(*value);
        if (!number || *number == 0 || *number > most)
            throw Failure(SH_INVALID, std::string(name) + " is a number from 1 to " + std::to_string(most));
        return *number;
    }

private:
    using Value = std::optional<std::string>;

    [[nodiscard]] Value value_of(std::string_view name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? std::nullopt : found->second;
    }
    void take(std::string_view part) {
        const std::size_t sign = part.find('=');
        const auto found = values_.find(part.substr(0, sign));
        if (sign == std::string_view::npos || found == values_.end() || found->second)
            throw Failure(SH_INVALID, "parameters are " + names() + ", each once");
        found->second = percent_decoded(part.substr(sign + 1), Plus::kIsASpace);
        if (!found->second) throw Failure(SH_INVALID, "the query has a % without two hexadecimal digits");
    }
    [[nodiscard]] std::string names() const {
        std::string out;
        for (const auto& [name, value] : values_)
            out += (out.empty() ? "" : ", ") + name + "=";
        return out;
    }

    std::map<std::string, Value, std::less<>> values_;
};

}  // namespace streamhost
