// What a look at a token comes to: one word for metrics, one sentence for whoever brought it. The sentence
// says what is wrong with the token and never what stands in it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace auth {

enum class Verdict : std::uint8_t {
    kOk = 0,
    kCached,     // good, and known to be
    kMalformed,  // no token, or one that says a thing twice
    kAlgorithm,  // none of ours, or not its key's
    kKey,        // nobody knows its key
    kSignature,
    kExpired,
    kNotYet,
    kIssuer,
    kAudience,
    kClaims,  // what must stand in it is not there, or is no such thing
    kRevoked,
    kUnavailable,  // whether it was revoked is not known yet
    kBusy,
};

inline constexpr std::array kVerdicts = {
    Verdict::kOk,        Verdict::kCached,  Verdict::kMalformed,   Verdict::kAlgorithm, Verdict::kKey,
    Verdict::kSignature, Verdict::kExpired, Verdict::kNotYet,      Verdict::kIssuer,    Verdict::kAudience,
    Verdict::kClaims,    Verdict::kRevoked, Verdict::kUnavailable, Verdict::kBusy};

constexpr bool is_good(Verdict verdict) noexcept {
    return verdict == Verdict::kOk || verdict == Verdict::kCached;
}

constexpr std::string_view label_of(Verdict verdict) noexcept {
    constexpr std::array<std::string_view, kVerdicts.size()> kLabels = {
        "ok",      "cached", "malformed", "algorithm", "key",     "signature",   "expired",
        "not_yet", "issuer", "audience",  "claims",    "revoked", "unavailable", "busy"};
    return kLabels[static_cast<std::size_t>(verdict)];
}

constexpr std::string_view sentence_of(Verdict verdict) noexcept {
    constexpr std::array<std::string_view, kVerdicts.size()> kSentences = {
        "",
        "",
        "this is no token that can be read",
        "the token's algorithm is not accepted, or is not that of its key",
        "the token's key is not known here",
        "the token's signature is wrong",
        "the token has expired",
        "the token is not valid yet",
        "the token is of another issuer",
        "the token is for another audience",
        "the token lacks a claim that is needed, or has one that cannot be",
        "the token was revoked",
        "whether the token was revoked cannot be told yet",
        "too many tokens wait to be looked at"};
    return kSentences[static_cast<std::size_t>(verdict)];
}

}  // namespace auth
