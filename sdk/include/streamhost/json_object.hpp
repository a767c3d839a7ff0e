// A JSON object in the making, as text: members in the order of the calls, done() closes it.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "streamhost/json.hpp"

namespace streamhost {

// Names are the program's own: of letters, digits and _, so that they need no escaping. One thread at a time.
class JsonObject {
public:
    // `value` is JSON already.
    JsonObject& json(std::string_view name, std::string_view value) {
        out_ += out_.size() > 1 ? ",\"" : "\"";
        out_ += name;
        out_ += "\":";
        out_ += value;
        return *this;
    }
    // Left out when empty.
    JsonObject& json_if(std::string_view name, std::string_view value) {
        return value.empty() ? *this : json(name, value);
    }
    // `value` is valid UTF-8.
    JsonObject& text(std::string_view name, std::string_view value) { return json(name, json_string(value)); }
    JsonObject& text_if(std::string_view name, std::string_view value) {
        return value.empty() ? *this : text(name, value);
    }
    template <std::integral Number>
    JsonObject& number(std::string_view name, Number value) {
        return json(name, std::to_string(value));
    }
    JsonObject& boolean(std::string_view name, bool value) { return json(name, value ? "true" : "false"); }

    [[nodiscard]] std::string done() {
        out_ += '}';
        return std::move(out_);
    }

private:
    std::string out_ = "{";
};

}  // namespace streamhost
