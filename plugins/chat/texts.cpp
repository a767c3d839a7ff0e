#include "texts.hpp"

#include <simdjson.h>

#include "streamhost/json.hpp"
#include "streamhost/status.hpp"
#include "streamhost/utf8.hpp"

#include "utf8_carry.hpp"

namespace chat {

using streamhost::cut_utf8;
using streamhost::Failure;
using streamhost::json_string;

namespace {

// Throws Failure(SH_INVALID): simdjson's own exceptions would be ours to explain.
simdjson::dom::element parse(simdjson::dom::parser& parser, std::string_view json, const char* what) {
    simdjson::dom::element root;
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS)
        throw Failure(SH_INVALID, std::string(what) + " is no JSON text");
    return root;
}

std::string minified(std::string_view json) {
    std::string out(json.size() + simdjson::SIMDJSON_PADDING, '\0');
    std::size_t size = 0;
    if (simdjson::minify(json.data(), json.size(), out.data(), size) != simdjson::SUCCESS)
        throw Failure(SH_INVALID, "an unfinished JSON string");
    out.resize(size);
    return out;
}

}  // namespace

Content check_content(std::string_view json) {
    if (json.size() > kMaxEntryBytes - kEnvelopeBytes)
        throw Failure(SH_TOO_LARGE, "a message holds at most 255 KiB");
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parse(parser, json, "the content");
    return {minified(json), !root.is_string()};
}

std::string check_options(std::string_view json) {
    if (json.empty()) return {};
    if (json.size() > 16u << 10) throw Failure(SH_TOO_LARGE, "options hold at most 16 KiB");
    simdjson::dom::parser parser;
    if (!parse(parser, json, "options").is_object()) throw Failure(SH_INVALID, "options are a JSON object");
    return minified(json);
}

std::string wanted_provider(const std::string& options) {
    if (options.empty()) return {};
    simdjson::dom::parser parser;
    simdjson::dom::element member;
    if (parse(parser, options, "options")["provider"].get(member) != simdjson::SUCCESS) return {};
    std::string_view name;
    if (member.get(name) != simdjson::SUCCESS || name.empty())
        throw Failure(SH_INVALID, "options.provider is the name of a provider");
    return std::string(name);
}

std::string user_message(std::string_view id, const Content& content, std::string_view run,
                         std::int64_t ts_ms) {
    return R"({"kind":"message","id":)" + json_string(id) + R"(,"role":"user",)" + content.member() +
           R"(,"run":)" + json_string(run) + R"(,"ts":)" + std::to_string(ts_ms) + "}";
}

std::string assistant_message(std::string_view id, std::string_view escaped, std::string_view run,
                              std::string_view outcome, std::int64_t ts_ms) {
    std::string text = R"({"kind":"message","id":)" + json_string(id) + R"(,"role":"assistant","content":")";
    text += cut_escaped(escaped, kMaxEntryBytes - kEnvelopeBytes);
    text += R"(","run":)" + json_string(run) + R"(,"outcome":)" + json_string(outcome) + R"(,"ts":)" +
            std::to_string(ts_ms) + "}";
    return text;
}

std::string run_state(std::string_view run, std::string_view state, std::string_view outcome) {
    std::string text = R"({"kind":"run","run":)" + json_string(run) + R"(,"state":)" + json_string(state);
    if (!outcome.empty()) text += R"(,"outcome":)" + json_string(outcome);
    return text + "}";
}

std::string run_pending(std::string_view run, const streamhost::TraceContext* trace) {
    std::string text = run_state(run, "pending");
    if (trace == nullptr || !trace->is_sampled()) return text;
    text.back() = ',';
    return text + R"("traceparent":)" + json_string(trace->parent_text()) + "}";
}

std::string run_again(std::string_view run, std::string_view lost) {
    return R"({"kind":"run","run":)" + json_string(run) + R"(,"state":"pending","replaces":)" +
           json_string(lost) + "}";
}

std::string accepted(std::string_view message, std::string_view run) {
    return R"({"message":)" + json_string(message) + R"(,"run":)" + json_string(run) + R"(,"stream":)" +
           json_string(run) + "}";
}

std::string end_of(const Verdict& verdict) {
    std::string text = verdict.complete()
                           ? R"("outcome":"complete")"
                           : R"("outcome":"error","error":{"code":)" + json_string(verdict.code) +
                                 R"(,"message":)" + json_string(cut_utf8(verdict.message, 512)) + "}";
    if (!verdict.usage.empty()) text += R"(,"usage":)" + verdict.usage;
    return text;
}

std::string cancelled_end(std::string_view reason) {
    std::string text = R"("outcome":"cancelled")";
    if (reason.empty()) return text;
    Utf8Carry whole;
    std::string clean = whole.add(reason.substr(0, 256));
    clean += whole.finish();
    return text + R"(,"reason":)" + json_string(clean);
}

std::string lost_end() {
    return R"("outcome":"lost","error":{"code":"unavailable","message":"The node that produced this answer went away."})";
}

std::string given_up_end() {
    return end_of(
        {.code = "internal", .message = "The answer was given up: each worker that took it failed."});
}

std::string no_worker_end() {
    return end_of({.code = "unavailable", .message = "No worker took this message in time."});
}

std::optional<PromptMessage> context_message(std::string_view record) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view role;
    std::string_view content;
    if (parser.parse(record.data(), record.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
    if (root["role"].get(role) != simdjson::SUCCESS || root["content"].get(content) != simdjson::SUCCESS)
        return std::nullopt;
    if ((role != "user" && role != "assistant") || content.empty()) return std::nullopt;
    return PromptMessage{std::string(role), std::string(content)};
}

std::string run_of_message(std::string_view record) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view run;
    if (parser.parse(record.data(), record.size()).get(root) != simdjson::SUCCESS) return {};
    if (root["run"].get(run) != simdjson::SUCCESS) return {};
    return std::string(run);
}

std::string unescaped(std::string_view escaped) {
    simdjson::dom::parser parser;
    std::string_view text;
    const std::string quoted = '"' + std::string(escaped) + '"';
    if (parse(parser, quoted, "the text of a stream").get(text) != simdjson::SUCCESS)
        throw Failure(SH_INVALID, "the text of a stream is no string");
    return std::string(text);
}

std::string_view cut_escaped(std::string_view escaped, std::size_t max_bytes) noexcept {
    if (escaped.size() <= max_bytes) return escaped;
    const std::string_view cut = cut_utf8(escaped, max_bytes);
    // An escape is at most \uXXXX\uXXXX, a surrogate pair: look for one that begins in the last 12 bytes.
    std::size_t at = cut.size() > 12 ? cut.size() - 12 : 0;
    while (at > 0 && escaped[at - 1] == '\\')
        --at;
    while (at < cut.size()) {
        std::size_t length = 1;
        if (escaped[at] == '\\') length = at + 1 < escaped.size() && escaped[at + 1] == 'u' ? 6 : 2;
        const bool is_high = length == 6 && at + 4 <= escaped.size() &&
                             (escaped[at + 2] == 'd' || escaped[at + 2] == 'D') &&
                             std::string_view("89abAB").find(escaped[at + 3]) != std::string_view::npos;
        if (is_high) length = 12;
        if (at + length > cut.size()) break;
        at += length;
    }
    return escaped.substr(0, at < cut.size() ? at : cut.size());
}

}  // namespace chat
