// The problem: a token says what its holder may do, and every part that lets somebody in must read that
// alike.
//
// A grant is "verb:pattern". The verbs are read, send, produce, admin, and * for the first three; the pattern
// is a home, the beginning of homes followed by *, or @own: the homes that nobody or the user owns, as the
// session registry says. "read:@own send:@own produce:jobs-*" is a chat user who also feeds some streams.
// What cannot be read grants nothing.
//
// Immutable once made; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamhost {

enum class Verb : std::uint8_t { kRead = 1, kSend, kProduce, kAdmin };

inline constexpr std::string_view kOwnHomes = "@own";

class GrantList {
public:
    // Whether it was understood.
    bool add(std::string_view grant) {
        const std::size_t colon = grant.find(':');
        if (colon == std::string_view::npos) return false;
        const std::uint8_t verbs = verbs_of(grant.substr(0, colon));
        const std::string_view pattern = grant.substr(colon + 1);
        if (verbs == 0 || pattern.empty()) return false;
        if (pattern.substr(0, pattern.size() - 1).find('*') != std::string_view::npos) return false;
        if (pattern.front() == '@' && pattern != kOwnHomes) return false;
        if (verbs == bit(Verb::kAdmin) && pattern == kOwnHomes) return false;
        grants_.push_back({verbs, std::string(pattern)});
        return true;
    }

    // In this home, whoever owns it.
    [[nodiscard]] bool allows(Verb verb, std::string_view home) const {
        for (const Grant& grant : grants_)
            if (grant.has(verb) && grant.pattern != kOwnHomes && matches(grant.pattern, home)) return true;
        return false;
    }
    // In homes of one's own; is that one is asked elsewhere.
    [[nodiscard]] bool allows_own(Verb verb) const {
        for (const Grant& grant : grants_)
            if (grant.has(verb) && grant.pattern == kOwnHomes) return true;
        return false;
    }

    bool operator==(const GrantList&) const = default;

private:
    struct Grant {
        std::uint8_t verbs;  // bits
        std::string pattern;
        bool operator==(const Grant&) const = default;
        [[nodiscard]] bool has(Verb verb) const noexcept { return (verbs & bit(verb)) != 0; }
    };
    static constexpr std::uint8_t bit(Verb verb) noexcept {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(verb));
    }
    static std::uint8_t verbs_of(std::string_view name) {
        constexpr std::pair<std::string_view, Verb> kVerbs[] = {{"read", Verb::kRead},
                                                                {"send", Verb::kSend},
                                                                {"produce", Verb::kProduce},
                                                                {"admin", Verb::kAdmin}};
        std::uint8_t all = 0;
        for (const auto& [known, verb] : kVerbs) {
            if (known == name) return bit(verb);
            if (verb != Verb::kAdmin) all |= bit(verb);
        }
        return name == "*" ? all : std::uint8_t{0};
    }
    static bool matches(std::string_view pattern, std::string_view home) {
        if (!pattern.ends_with('*')) return pattern == home;
        return home.starts_with(pattern.substr(0, pattern.size() - 1));
    }

    std::vector<Grant> grants_;
};

}  // namespace streamhost
