// A JSON object in the making, as text: members in the order of the calls, done() closes it.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "streamhost/json.hpp"

namespace streamhost {

// Names are the program's own: of letters, digits and _, so that they need no escaping. One thread at a time.
class JsonObject {
public:
    JsonObject() {
        out_.reserve(kUsualBytes);
        out_ += '{';
    }

    // `value` is JSON already.
    JsonObject& json(std::string_view name, std::string_view value) {
        begin(name);
        out_ += value;
        return *this;
    }
    // Left out when empty.
    JsonObject& json_if(std::string_view name, std::string_view value) {
        return value.empty() ? *this : json(name, value);
    }
    // `value` is valid UTF-8.
    JsonObject& text(std::string_view name, std::string_view value) {
        begin(name);
        out_ += '"';
        append_escaped(out_, value);
        out_ += '"';
        return *this;
    }
    JsonObject& text_if(std::string_view name, std::string_view value) {
        return value.empty() ? *this : text(name, value);
    }
    template <std::integral Number>
    JsonObject& number(std::string_view name, Number value) {
        std::array<char, std::numeric_limits<Number>::digits10 + 2> digits{};  // and a sign
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        return json(name, {digits.data(), static_cast<std::size_t>(end - digits.data())});
    }
    JsonObject& boolean(std::string_view name, bool value) { return json(name, value ? "true" : "false"); }

    [[nodiscard]] std::string done() {
        out_ += '}';
        return std::move(out_);
    }

private:
    static constexpr std::size_t kUsualBytes = 160;  // most are not moved while they grow

    void begin(std::string_view name) {
        out_ += out_.size() > 1 ? ",\"" : "\"";
        out_ += name;
        out_ += "\":";
    }

    std::string out_;
};

}  // namespace streamhost
