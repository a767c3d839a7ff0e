#include "net/ws_extension.hpp"

#include <array>
#include <optional>

#include "net/http_text.hpp"

namespace streamhost::net {
namespace {

constexpr std::string_view kDeflate = "permessage-deflate";
constexpr std::array<std::string_view, 4> kParameters = {"server_no_context_takeover",
                                                         "client_no_context_takeover",
                                                         "server_max_window_bits", "client_max_window_bits"};
enum Parameter : std::size_t { kServerAlone, kClientAlone, kServerWindow, kClientWindow };

// Takes the words of RFC 6455 9.1 off the front of a field.
class Words {
public:
    explicit Words(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] bool take(char wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        skip_blanks();
        return true;
    }
    // Empty: there is none.
    [[nodiscard]] std::string_view token() {
        std::size_t size = 0;
        while (size < rest_.size() && is_char(rest_[size], kTokenChar))
            ++size;
        const std::string_view word = rest_.substr(0, size);
        rest_.remove_prefix(size);
        skip_blanks();
        return word;
    }
    // A token, quoted or not: what is between the quotes has to be one as well.
    [[nodiscard]] std::optional<std::string> value() {
        std::string word;
        if (!rest_.starts_with('"')) {
            word = token();
        } else if (!unquote(word)) {
            return std::nullopt;
        }
        return is_token(word) ? std::optional(std::move(word)) : std::nullopt;
    }
    void skip_blanks() {
        while (rest_.starts_with(' ') || rest_.starts_with('\t'))
            rest_.remove_prefix(1);
    }

private:
    bool unquote(std::string& word) {
        for (std::size_t at = 1; at < rest_.size(); ++at) {
            if (rest_[at] == '"') {
                rest_.remove_prefix(at + 1);
                skip_blanks();
                return true;
            }
            if (rest_[at] == '\\' && ++at == rest_.size()) return false;
            word += rest_[at];
        }
        return false;
    }

    std::string_view rest_;
};

// RFC 7692 7.1.2: 8 to 15, without leading zeros. Zero: it is not that.
unsigned window_bits(std::string_view value) {
    if (value.size() == 1) return value == "8" || value == "9" ? static_cast<unsigned>(value[0] - '0') : 0;
    const bool is_teen = value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5';
    return is_teen ? 10U + static_cast<unsigned>(value[1] - '0') : 0;
}

// One offer of the list. Parameters are judged as they come; the grammar goes on behind a bad one.
class Offer {
public:
    explicit Offer(std::string_view extension) : is_kept_(extension == kDeflate) {}

    void add(std::string_view name, const std::optional<std::string>& value) {
        std::size_t index = 0;
        while (index < kParameters.size() && kParameters[index] != name)
            ++index;
        is_kept_ = is_kept_ && index < kParameters.size() && !has_[index] && is_sound(index, value);
        if (index < kParameters.size()) has_[index] = true;
    }
    [[nodiscard]] WsDeflateTerms terms() const {
        if (!is_kept_) return {};
        return {has_[kServerAlone] ? WsCompression::kEach : WsCompression::kRuns, has_[kServerWindow]};
    }

private:
    static bool is_sound(std::size_t index, const std::optional<std::string>& value) {
        if (index == kServerAlone || index == kClientAlone) return !value;
        if (index == kServerWindow) return value && window_bits(*value) == 15;
        return !value || window_bits(*value) != 0;
    }

    bool is_kept_;
    std::array<bool, kParameters.size()> has_{};
};

bool read_parameters(Words& words, Offer& offer) {
    while (words.take(';')) {
        const std::string_view name = words.token();
        if (name.empty()) return false;
        std::optional<std::string> value;
        if (words.take('=') && !(value = words.value())) return false;
        offer.add(name, value);
    }
    return words.at_end() || words.take(',');
}

}  // namespace

bool choose_deflate(std::string_view field, WsDeflateTerms& terms) {
    Words words(field);
    words.skip_blanks();
    while (!words.at_end()) {
        if (words.take(',')) continue;  // empty elements are allowed by RFC 9110 5.6.1.2
        const std::string_view extension = words.token();
        if (extension.empty()) return false;
        Offer offer(extension);
        if (!read_parameters(words, offer)) return false;
        if (terms.compression == WsCompression::kNone) terms = offer.terms();
    }
    return true;
}

void append_deflate(std::string& out, const WsDeflateTerms& terms) {
    if (terms.compression == WsCompression::kNone) return;
    out.append("Sec-WebSocket-Extensions: ").append(kDeflate);
    out.append("; ").append(kParameters[kClientAlone]);
    if (terms.compression == WsCompression::kEach) out.append("; ").append(kParameters[kServerAlone]);
    if (terms.names_window) out.append("; ").append(kParameters[kServerWindow]).append("=15");
    out.append("\r\n");
}

}  // namespace streamhost::net
