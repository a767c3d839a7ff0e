#include "completion_request.hpp"

#include <array>

#include <simdjson.h>

#include "streamhost/json.hpp"
#include "streamhost/status.hpp"

namespace chat {

using streamhost::Failure;
using streamhost::json_string;

namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

struct Allowed {
    const char* name;
    double minimum;
    double maximum;
    bool whole;
};

constexpr std::array kAllowed = {
    Allowed{"max_tokens", 1, 1'000'000, true},
    Allowed{"temperature", 0, 2, false},
    Allowed{"top_p", 0, 1, false},
    Allowed{"seed", -2147483648.0, 2147483647.0, true},
    Allowed{"presence_penalty", -2, 2, false},
    Allowed{"frequency_penalty", -2, 2, false},
};

void append_number(std::string& body, const element& options, const Allowed& allowed) {
    element value;
    if (options[allowed.name].get(value) != SUCCESS) return;
    double number = 0;
    const bool fits = value.get(number) == SUCCESS && number >= allowed.minimum &&
                      number <= allowed.maximum && (!allowed.whole || value.is_int64());
    if (!fits) throw Failure(SH_INVALID, std::string("options.") + allowed.name + " is out of range");
    body += std::string(",\"") + allowed.name + "\":" + simdjson::minify(value);
}

void append_stop(std::string& body, const element& options) {
    element value;
    if (options["stop"].get(value) != SUCCESS) return;
    bool fits = value.is_string();
    simdjson::dom::array list;
    if (value.get(list) == SUCCESS) {
        fits = list.size() <= 4;
        for (const element each : list)
            fits = fits && each.is_string();
    }
    if (!fits) throw Failure(SH_INVALID, "options.stop is a string or up to four");
    body += ",\"stop\":" + simdjson::minify(value);
}

void append_message(std::string& body, std::string_view role, std::string_view content) {
    if (body.back() != '[') body += ',';
    body += "{\"role\":" + json_string(role) + ",\"content\":" + json_string(content) + "}";
}

}  // namespace

std::string completion_request(const RequestOptions& options, const Prompt& prompt) {
    std::string body = "{\"model\":" + json_string(options.model) +
                       ",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[";
    if (!options.system_prompt.empty()) append_message(body, "system", options.system_prompt);
    for (const PromptMessage& message : prompt.context)
        append_message(body, message.role, message.content);
    append_message(body, "user", prompt.content);
    if (!prompt.prefix.empty()) append_message(body, "assistant", prompt.prefix);
    body += ']';
    if (!prompt.options.empty()) {
        simdjson::dom::parser parser;
        element root;
        if (parser.parse(prompt.options).get(root) != SUCCESS)
            throw Failure(SH_INVALID, "options are no JSON object");
        for (const Allowed& allowed : kAllowed)
            append_number(body, root, allowed);
        append_stop(body, root);
    }
    return body + "}";
}

}  // namespace chat
