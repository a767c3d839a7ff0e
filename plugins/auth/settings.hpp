// The section plugins.auth as values. [control]
#pragma once

#include <cstdint>
#include <string>

#include "streamhost/config.hpp"

#include "claims.hpp"
#include "key_files.hpp"

namespace auth {

inline constexpr const char* kDevelopmentKey = "dev";

// What needs another instance when it changes.
struct FixedSettings {
    bool has_dev_tokens = false;
    std::string dev_secret_file;  // empty: a secret of this process
    std::size_t cache_entries = 10'000;
    std::uint32_t queue = 1'024;
    bool operator==(const FixedSettings&) const = default;
};

struct Settings {
    KeyPlan keys;  // with that of development tokens, if it is a file
    ClaimRules rules;
    std::int64_t keep_ms = 0;  // how long a revocation is remembered, with the leeway in it
    bool is_revocation_required = false;
    FixedSettings fixed;
};

// Throws Failure(SH_INVALID) with the key and what to change.
[[nodiscard]] Settings read_settings(const streamhost::Config& config);

}  // namespace auth
