// The JSON that chat writes: records of a session's stream, ends of runs, jobs. Pure. [any]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/trace_context.hpp"

#include "provider.hpp"
#include "remote_terms.hpp"

namespace chat {

constexpr std::size_t kMaxEntryBytes = 256u << 10;
constexpr std::size_t kEnvelopeBytes = 1'024;  // what a message record has around its content, generously

// What a client sent, checked: one JSON value without white space between its tokens.
struct Content {
    std::string json;
    bool is_data = false;  // no string: given as `data`

    [[nodiscard]] std::string member() const { return (is_data ? R"("data":)" : R"("content":)") + json; }
};
// Throws Failure(SH_INVALID) or Failure(SH_TOO_LARGE).
[[nodiscard]] Content check_content(std::string_view json);
// Throws Failure(SH_INVALID) unless empty or a JSON object.
[[nodiscard]] std::string check_options(std::string_view json);
// Member `provider` of options, or empty.
[[nodiscard]] std::string wanted_provider(const std::string& options);

[[nodiscard]] std::string user_message(std::string_view id, const Content& content, std::string_view run,
                                       std::int64_t ts_ms);
// `escaped` is the content of a JSON string, as in text entries; cut to what fits an entry.
[[nodiscard]] std::string assistant_message(std::string_view id, std::string_view escaped,
                                            std::string_view run, std::string_view outcome,
                                            std::int64_t ts_ms);
[[nodiscard]] std::string run_state(std::string_view run, std::string_view state,
                                    std::string_view outcome = "");
// The first of them. Those who deliver the run find the `trace` in it, where it is sampled.
[[nodiscard]] std::string run_pending(std::string_view run, const streamhost::TraceContext* trace);
// `run` answers the message that `lost` was to answer.
[[nodiscard]] std::string run_again(std::string_view run, std::string_view lost);
[[nodiscard]] std::string accepted(std::string_view message, std::string_view run);

// Members of an end record, without braces.
[[nodiscard]] std::string end_of(const Verdict& verdict);
[[nodiscard]] std::string cancelled_end(std::string_view reason);
[[nodiscard]] std::string lost_end();
[[nodiscard]] std::string given_up_end();
[[nodiscard]] std::string no_worker_end();

struct Job {
    std::string provider;
    Content content;
    std::string options;
    std::optional<RemoteTerms> remote;              // produced by whoever works for its queue
    std::optional<streamhost::TraceContext> trace;  // of the message that it answers
};
[[nodiscard]] std::string job_text(const Job& job);
// Throws Failure(SH_INVALID) for what job_text() did not write.
[[nodiscard]] Job job_of(std::string_view text);
// The prompt without context. Throws Failure(SH_INVALID) for what job_text() did not write.
[[nodiscard]] Prompt prompt_of(const Job& job);

// A message record of a session's stream as part of a prompt; nothing for what is no message of text.
[[nodiscard]] std::optional<PromptMessage> context_message(std::string_view record);

// The run that a message record names, or empty.
[[nodiscard]] std::string run_of_message(std::string_view record);
// The text of what stands between the quotes of a JSON string. Throws Failure(SH_INVALID).
[[nodiscard]] std::string unescaped(std::string_view escaped);

// Cuts the content of a JSON string where neither an escape nor a code point is torn.
[[nodiscard]] std::string_view cut_escaped(std::string_view escaped, std::size_t max_bytes) noexcept;

}  // namespace chat
