#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "streamhost/abi/config.h"
#include "streamhost/abi/status.h"
#include "streamhost/bytes.hpp"

namespace streamhost::testing {

// Values of a plugin's section by path. Objects and arrays exist through the paths below them.
class FakeConfig {
public:
    using Value = std::variant<std::string, std::int64_t, double, bool>;

    FakeConfig() {
        table_.struct_size = sizeof(table_);
        table_.self = this;
        table_.get_string = [](const sh_config* config, const char* path, sh_bytes* out) {
            return of(config).get<std::string>(path, [&](const std::string& value) { *out = bytes(value); });
        };
        table_.get_integer = [](const sh_config* config, const char* path, std::int64_t* out) {
            return of(config).get<std::int64_t>(path, [&](std::int64_t value) { *out = value; });
        };
        table_.get_number = [](const sh_config* config, const char* path, double* out) {
            return of(config).get<double>(path, [&](double value) { *out = value; });
        };
        table_.get_boolean = [](const sh_config* config, const char* path, std::uint8_t* out) {
            return of(config).get<bool>(path, [&](bool value) { *out = value ? 1 : 0; });
        };
        table_.get_size = [](const sh_config* config, const char* path, std::uint64_t* out) -> sh_status {
            *out = of(config).children(path).size();
            return *out == 0 ? SH_NOT_FOUND : SH_OK;
        };
        table_.get_key = [](const sh_config* config, const char* path, std::uint64_t index, sh_bytes* out) {
            const auto& names = of(config).children(path);
            if (index >= names.size()) return static_cast<sh_status>(SH_NOT_FOUND);
            *out = bytes(names[static_cast<std::size_t>(index)]);
            return static_cast<sh_status>(SH_OK);
        };
    }
    FakeConfig(const FakeConfig&) = delete;
    FakeConfig& operator=(const FakeConfig&) = delete;

    FakeConfig& set(const std::string& path, Value value) {
        values_[path] = std::move(value);
        return *this;
    }
    [[nodiscard]] const sh_config* table() const noexcept { return &table_; }

private:
    static const FakeConfig& of(const sh_config* config) {
        return *static_cast<const FakeConfig*>(config->self);
    }

    template <typename Type, typename Take>
    sh_status get(const char* path, Take take) const {
        const auto found = values_.find(path);
        if (found == values_.end()) return SH_NOT_FOUND;
        const auto* value = std::get_if<Type>(&found->second);
        if (value == nullptr) return SH_INVALID;
        take(*value);
        return SH_OK;
    }
    // Names right below `path`, kept so that the views handed out stay valid.
    const std::vector<std::string>& children(const std::string& path) const {
        auto& names = children_[path];
        names.clear();
        const std::string prefix = path.empty() ? "" : path + ".";
        for (const auto& [key, value] : values_) {
            if (key.rfind(prefix, 0) != 0) continue;
            std::string name =
                key.substr(prefix.size(), key.find_first_of(".[", prefix.size()) - prefix.size());
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
        }
        return names;
    }

    std::map<std::string, Value> values_;
    mutable std::map<std::string, std::vector<std::string>> children_;
    sh_config table_{};
};

}  // namespace streamhost::testing
