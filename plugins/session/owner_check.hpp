// The problem: two users name the same home at the same moment, answers of the store get lost, and the
// owner's key may lapse between two commands. Who owns must come out the same whatever the order.
//
// One question about one home: what to ask the store next, and in the end the answer. No I/O and no clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "streamhost/abi/status.h"

namespace session {

// Without an authenticator everybody is this user; it owns nothing.
inline constexpr std::string_view kAnonymous = "anonymous";

// Of an owner's key, counted from the last join or write; the longest that the store allows.
inline constexpr std::int64_t kOwnerMs = std::int64_t{30} * 24 * 3600 * 1000;

class OwnerCheck {
public:
    enum class Step {
        kGet = 1,  // read the owner's key
        kClaim,    // set it to the user if it is missing
        kRefresh,  // set it to the user if that is its value: its life starts anew
        kDone      // result()
    };
    // Commands of one question, repeats after lost answers included: all of them can be repeated.
    static constexpr std::uint32_t kMaxSteps = 5;

    // kLook: what is nobody's stays so.
    enum class Wish { kOwn = 1, kLook };
    explicit OwnerCheck(std::string user, Wish wish = Wish::kOwn) : user_(std::move(user)), wish_(wish) {}

    [[nodiscard]] Step step() const noexcept { return step_; }
    // The store's answer to step(). `owner` is the key's value with SH_OK of a get and with SH_CONFLICT.
    void answered(sh_status status, std::string_view owner, std::int64_t rest_ms);
    // SH_OK: the user owns the home or nobody does; SH_FORBIDDEN; or why it cannot be told.
    [[nodiscard]] sh_status result() const noexcept { return result_; }
    [[nodiscard]] const std::string& user() const noexcept { return user_; }
    // Whether it is the user's own, as far as the store said.
    [[nodiscard]] bool is_owner() const noexcept { return is_known_owner_; }

private:
    void finish(sh_status result) noexcept;
    void take(sh_status status, std::string_view owner, std::int64_t rest_ms);
    void judge(std::string_view owner, std::int64_t rest_ms);

    std::string user_;
    Wish wish_ = Wish::kOwn;
    Step step_ = Step::kGet;
    sh_status result_ = SH_UNAVAILABLE;
    std::uint32_t steps_ = 0;
    bool is_known_owner_ = false;  // a refresh that fails changes nothing about that
};

}  // namespace session
