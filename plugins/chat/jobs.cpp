// The job that is kept with a run (texts.hpp), written and read.
#include <simdjson.h>

#include "streamhost/json.hpp"
#include "streamhost/status.hpp"

#include "texts.hpp"

namespace chat {

using simdjson::SUCCESS;
using simdjson::dom::element;
using streamhost::Failure;
using streamhost::json_string;

namespace {

element parse(simdjson::dom::parser& parser, std::string_view json, const char* what) {
    element root;
    if (parser.parse(json.data(), json.size()).get(root) != SUCCESS)
        throw Failure(SH_INVALID, std::string(what) + " is no JSON text");
    return root;
}

std::string terms_text(const RemoteTerms& terms) {
    std::string text = R"({"queue":)" + json_string(terms.queue) + R"(,"policy":)" +
                       json_string(policy_name(terms.policy)) + R"(,"max_deliveries":)" +
                       std::to_string(terms.max_deliveries) + R"(,"wait_ms":)" +
                       std::to_string(terms.wait_ms);
    if (!terms.origin.empty())
        text +=
            R"(,"origin":)" + json_string(terms.origin) + R"(,"earlier":)" + std::to_string(terms.earlier);
    return text + "}";
}

std::string text_member(const element& object, const char* name) {
    std::string_view text;
    if (object[name].get(text) != SUCCESS) return {};
    return std::string(text);
}

std::uint64_t number_member(const element& object, const char* name, std::uint64_t otherwise) {
    std::uint64_t number = 0;
    return object[name].get(number) == SUCCESS ? number : otherwise;
}

RemoteTerms terms_of(const element& object) {
    RemoteTerms terms;
    terms.queue = text_member(object, "queue");
    terms.policy = policy_of(text_member(object, "policy"));
    terms.max_deliveries =
        static_cast<std::uint32_t>(number_member(object, "max_deliveries", terms.max_deliveries));
    terms.wait_ms = static_cast<std::uint32_t>(number_member(object, "wait_ms", terms.wait_ms));
    terms.origin = text_member(object, "origin");
    terms.earlier = number_member(object, "earlier", 0);
    return terms;
}

}  // namespace

std::string job_text(const Job& job) {
    std::string text = R"({"provider":)" + json_string(job.provider) + "," + job.content.member();
    if (!job.options.empty()) text += R"(,"options":)" + job.options;
    if (job.remote) text += R"(,"remote":)" + terms_text(*job.remote);
    if (job.trace) text += R"(,"traceparent":)" + json_string(job.trace->parent_text());
    if (job.trace && !job.trace->state.empty()) text += R"(,"tracestate":)" + json_string(job.trace->state);
    return text + "}";
}

Job job_of(std::string_view text) {
    simdjson::dom::parser parser;
    const element root = parse(parser, text, "the job");
    Job job;
    element member;
    job.content.is_data = root["content"].get(member) != SUCCESS;
    if (job.content.is_data && root["data"].get(member) != SUCCESS)
        throw Failure(SH_INVALID, "the job has no content");
    job.content.json = simdjson::minify(member);
    job.provider = text_member(root, "provider");
    if (root["options"].get(member) == SUCCESS) job.options = simdjson::minify(member);
    if (root["remote"].get(member) == SUCCESS) job.remote = terms_of(member);
    job.trace = streamhost::read_trace(text_member(root, "traceparent"), text_member(root, "tracestate"));
    return job;
}

Prompt prompt_of(const Job& job) {
    Prompt prompt{.is_data = job.content.is_data, .options = job.options};
    if (job.content.is_data) {
        prompt.content = job.content.json;
        return prompt;
    }
    simdjson::dom::parser parser;
    std::string_view text;
    if (parse(parser, job.content.json, "the content").get(text) != SUCCESS)
        throw Failure(SH_INVALID, "the content is no string");
    prompt.content = text;
    return prompt;
}

}  // namespace chat
