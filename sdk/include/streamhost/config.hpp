// The plugin's section of the configuration as typed values. It was validated against the schema, so a
// missing key means "optional".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/config.h"
#include "streamhost/bytes.hpp"
#include "streamhost/status.hpp"

namespace streamhost {

// Valid for the length of configure(); copy what you keep. Throws Failure(SH_INVALID) when a value has
// another type than the schema said.
class Config {
public:
    explicit Config(const sh_config* table) : table_(table) {}

    [[nodiscard]] std::optional<std::string> find_string(const std::string& path) const {
        sh_bytes out{};
        if (!check(table_->get_string(table_, path.c_str(), &out), path)) return std::nullopt;
        return std::string(view(out));
    }
    [[nodiscard]] std::optional<std::int64_t> find_integer(const std::string& path) const {
        std::int64_t out = 0;
        if (!check(table_->get_integer(table_, path.c_str(), &out), path)) return std::nullopt;
        return out;
    }
    [[nodiscard]] std::optional<double> find_number(const std::string& path) const {
        double out = 0;
        if (!check(table_->get_number(table_, path.c_str(), &out), path)) return std::nullopt;
        return out;
    }
    [[nodiscard]] std::optional<bool> find_boolean(const std::string& path) const {
        std::uint8_t out = 0;
        if (!check(table_->get_boolean(table_, path.c_str(), &out), path)) return std::nullopt;
        return out != 0;
    }
    [[nodiscard]] std::string string(const std::string& path, std::string_view otherwise = "") const {
        return find_string(path).value_or(std::string(otherwise));
    }
    [[nodiscard]] std::int64_t integer(const std::string& path, std::int64_t otherwise = 0) const {
        return find_integer(path).value_or(otherwise);
    }
    [[nodiscard]] double number(const std::string& path, double otherwise = 0) const {
        return find_number(path).value_or(otherwise);
    }
    [[nodiscard]] bool boolean(const std::string& path, bool otherwise = false) const {
        return find_boolean(path).value_or(otherwise);
    }
    // Names of an object's members, in file order; empty when there is no such object.
    [[nodiscard]] std::vector<std::string> keys(const std::string& path) const {
        std::vector<std::string> names(static_cast<std::size_t>(size(path)));
        for (std::size_t index = 0; index < names.size(); ++index) {
            sh_bytes out{};
            if (check(table_->get_key(table_, path.c_str(), index, &out), path)) names[index] = view(out);
        }
        return names;
    }
    // Elements of an array or members of an object.
    [[nodiscard]] std::uint64_t size(const std::string& path) const {
        std::uint64_t out = 0;
        return check(table_->get_size(table_, path.c_str(), &out), path) ? out : 0;
    }

private:
    static bool check(sh_status status, const std::string& path) {
        if (status == SH_OK) return true;
        if (status == SH_NOT_FOUND) return false;
        throw Failure(status, "configuration value '" + path + "' has another type than its schema says");
    }
    const sh_config* table_;
};

}  // namespace streamhost
