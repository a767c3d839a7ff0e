// Input: one byte that chooses the cuts, the rest is an event stream. The events must not depend on the cuts,
// and no event may be larger than the bound or hold a line end that belongs to the framing.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "check.hpp"
#include "completion_stream.hpp"
#include "sse_parser.hpp"

namespace {

constexpr std::size_t kBound = 4'096;

bool parse(std::string_view bytes, std::size_t step, std::vector<chat::SseEvent>& events) {
    chat::SseParser parser(kBound);
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        if (!parser.feed(bytes.substr(at, step), events)) return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::vector<chat::SseEvent> whole;
    std::vector<chat::SseEvent> in_steps;
    const bool fits = parse(bytes, bytes.size(), whole);
    FUZZ_CHECK(parse(bytes, data[0] % 16 + 1U, in_steps) == fits);
    FUZZ_CHECK(in_steps == whole);

    chat::CompletionStream completion;
    std::string text;
    for (const chat::SseEvent& event : whole) {
        FUZZ_CHECK(event.data.size() <= kBound && event.data.find('\r') == std::string::npos);
        FUZZ_CHECK(event.name.find_first_of("\r\n") == std::string::npos);
        (void)completion.take(event.data, text);
    }
    (void)completion.verdict();
    return 0;
}
