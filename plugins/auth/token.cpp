#include "token.hpp"

#include <array>
#include <utility>

#include "base64url.hpp"
#include "json_members.hpp"

namespace auth {

namespace {

constexpr std::array<std::pair<std::string_view, Algorithm>, 3> kAlgorithms = {
    {{"HS256", Algorithm::kHs256}, {"RS256", Algorithm::kRs256}, {"ES256", Algorithm::kEs256}}};

Verdict read_header(std::string_view text, Token& out) {
    std::string algorithm;
    const bool is_read = each_member(text, [&](std::string_view name, const simdjson::dom::element& value) {
        if (name == "alg") return read_text(value, algorithm);
        if (name == "kid") {
            out.key_id.emplace();
            return read_text(value, *out.key_id) && out.key_id->size() <= kMaxKeyIdBytes;
        }
        return name != "crit" && name != "b64";
    });
    if (!is_read) return Verdict::kMalformed;
    const auto known = algorithm_of(algorithm);
    if (!known) return Verdict::kAlgorithm;
    out.algorithm = *known;
    return Verdict::kOk;
}

}  // namespace

std::optional<Algorithm> algorithm_of(std::string_view name) noexcept {
    for (const auto& [known, algorithm] : kAlgorithms)
        if (known == name) return algorithm;
    return std::nullopt;
}

std::string_view name_of(Algorithm algorithm) noexcept {
    return kAlgorithms[static_cast<std::size_t>(algorithm) - 1].first;
}

Verdict read_token(std::string_view text, Token& out) {
    if (text.size() > kMaxTokenBytes) return Verdict::kMalformed;
    const std::size_t first = text.find('.');
    if (first == std::string_view::npos) return Verdict::kMalformed;
    const std::size_t second = text.find('.', first + 1);
    if (second == std::string_view::npos) return Verdict::kMalformed;
    // A third dot is no letter of base64url.
    const auto header = decode_base64url(text.substr(0, first));
    auto payload = decode_base64url(text.substr(first + 1, second - first - 1));
    const auto signature = decode_base64url(text.substr(second + 1));
    if (!header || !payload || !signature) return Verdict::kMalformed;
    out.key_id.reset();
    out.payload = std::move(*payload);
    out.signature_bytes = signature->size();
    return read_header(*header, out);
}

}  // namespace auth
