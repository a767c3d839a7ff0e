// Server-sent events as they arrive, cut anywhere (WHATWG HTML, 9.2.6 "Interpreting an event stream"): lines
// end with CR, LF or CR LF, a leading byte order mark and comments are dropped, the data lines of an event
// are joined with LF, an empty line dispatches, an event without its empty line is never dispatched.
//
// Pure, incremental, bounded. [worker]
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

struct SseEvent {
    std::string name;  // empty: "message"
    std::string data;
    bool operator==(const SseEvent&) const = default;
};

class SseParser {
public:
    explicit SseParser(std::size_t max_event_bytes = 1u << 20) : max_event_bytes_(max_event_bytes) {}

    // Adds the events that these bytes complete. False: an event is over the bound; nothing more is taken.
    [[nodiscard]] bool feed(std::string_view bytes, std::vector<SseEvent>& events);

private:
    void end_line(std::vector<SseEvent>& events);
    void take_field(std::string_view name, std::string_view value);

    std::size_t max_event_bytes_;
    std::string line_;
    SseEvent event_;
    bool has_data_ = false;
    bool after_cr_ = false;
    bool is_first_line_ = true;
    bool is_over_ = false;
};

}  // namespace chat
