#include "completion_stream.hpp"

#include <array>

#include <simdjson.h>

#include "streamhost/json.hpp"

namespace chat {

namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

std::string usage_members(const element& usage) {
    std::string members;
    for (const char* name : {"prompt_tokens", "completion_tokens", "total_tokens"}) {
        std::uint64_t count = 0;
        if (usage[name].get(count) != SUCCESS) continue;
        members += (members.empty() ? "\"" : ",\"") + std::string(name) + "\":" + std::to_string(count);
    }
    return members;
}

}  // namespace

CompletionStream::State CompletionStream::fail(std::string_view code, std::string_view message) {
    code_ = code;
    message_ = message;
    return state_ = State::failed;
}

CompletionStream::State CompletionStream::take(std::string_view data, std::string& text) {
    if (state_ != State::open) return state_;
    if (data == "[DONE]") {
        text += halves_.finish();
        return state_ = State::done;
    }
    simdjson::dom::parser parser;
    element root;
    if (parser.parse(halves_.mend(data)).get(root) != SUCCESS || !root.is_object())
        return fail("internal", "The provider sent something that is no answer.");
    element member;
    if (root["error"].get(member) == SUCCESS && !member.is_null())
        return fail("unavailable", "The provider gave up in the middle of its answer.");
    if (root["usage"].get(member) == SUCCESS && member.is_object()) usage_ = usage_members(member);
    simdjson::dom::array choices;
    // Some servers send objects of their own in between; without choices there is nothing for us.
    if (root["choices"].get(choices) != SUCCESS) return state_;
    for (const element choice : choices) {
        std::string_view piece;
        if (choice["delta"]["content"].get(piece) == SUCCESS) text += piece;
        if (choice["finish_reason"].get(piece) == SUCCESS) finish_reason_ = piece;
        break;  // one answer was asked for
    }
    return state_;
}

Verdict CompletionStream::verdict() const {
    Verdict verdict{.code = code_, .message = message_};
    std::string members = usage_;
    if (!finish_reason_.empty())
        members += std::string(members.empty() ? "" : ",") +
                   "\"finish_reason\":" + streamhost::json_string(finish_reason_);
    if (!members.empty()) verdict.usage = "{" + members + "}";
    if (state_ == State::open && finish_reason_.empty()) {
        verdict.code = "unavailable";
        verdict.message = "The connection to the provider broke in the middle of the answer.";
    }
    return verdict;
}

}  // namespace chat
