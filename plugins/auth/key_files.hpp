// The problem: keys change under a running node: an operator adds the next one and takes the old one away,
// a tool rewrites a file while it is being read, somebody makes a mistake. Tokens go on being judged by the
// last keys that were good.
//
// The files are looked at each second by what is in them, so neither a clock nor a copied time stamp matters.
// A change counts when two looks in a row agree: half of a secret is a secret, too. Reading is the caller's
// function; no clock. One thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "key.hpp"

namespace auth {

inline constexpr std::size_t kMaxKeyFileBytes = std::size_t{1} << 20;

struct KeySource {
    std::string id;
    Algorithm algorithm = Algorithm::kHs256;
    std::string file;
    bool operator==(const KeySource&) const = default;
};
struct KeyPlan {
    std::vector<KeySource> keys;
    std::string jwks_file;  // or empty
    bool operator==(const KeyPlan&) const = default;
};

// The whole file, at most kMaxKeyFileBytes; throws Failure(SH_INVALID) with the system's words.
[[nodiscard]] std::string read_file(const std::string& path);

class KeyFiles {
public:
    using Reader = std::function<std::string(const std::string& path)>;

    // One look: what every file of the plan holds, or why it could not be read.
    struct Look {
        std::vector<std::string> contents;  // in the order of the plan, the set last
        std::string trouble;
        Digest digest{};
    };
    [[nodiscard]] static Look look(const KeyPlan& plan, const Reader& read);
    // The keys of a look. Throws Failure(SH_INVALID) with the file and what is wrong with it.
    [[nodiscard]] static std::vector<KeyPtr> keys_of(const KeyPlan& plan, const Look& look);

    // This look was taken, whatever it held.
    void taken(const Look& look) { taken_ = seen_ = look.digest; }
    // Whether the files hold something else than what was taken, and did so at the last look already.
    [[nodiscard]] bool has_changed(const Look& look);

private:
    Digest taken_{};
    Digest seen_{};
};

}  // namespace auth
