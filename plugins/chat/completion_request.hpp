// The body of POST {base_url}/chat/completions. Pure. [worker]
#pragma once

#include <string>

#include "provider.hpp"

namespace chat {

struct RequestOptions {
    std::string model;
    std::string system_prompt;  // empty: none
};

// Of the client's options only max_tokens, temperature, top_p, seed, presence_penalty, frequency_penalty and
// stop go out, with the types and ranges the API names. Throws Failure(SH_INVALID) naming the option.
[[nodiscard]] std::string completion_request(const RequestOptions& options, const Prompt& prompt);

}  // namespace chat
