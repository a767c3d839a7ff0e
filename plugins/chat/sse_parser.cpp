#include "sse_parser.hpp"

#include <utility>

namespace chat {

bool SseParser::feed(std::string_view bytes, std::vector<SseEvent>& events) {
    while (!bytes.empty() && !is_over_) {
        if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const std::size_t end = bytes.find_first_of("\r\n");
        line_ += bytes.substr(0, end);
        if (line_.size() + event_.data.size() > max_event_bytes_) {
            is_over_ = true;
            break;
        }
        if (end == std::string_view::npos) break;
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        end_line(events);
    }
    return !is_over_;
}

void SseParser::end_line(std::vector<SseEvent>& events) {
    std::string_view line = line_;
    if (std::exchange(is_first_line_, false) && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
    if (line.empty()) {
        if (has_data_) events.push_back(std::move(event_));
        event_ = {};
        has_data_ = false;
    } else if (line.front() != ':') {
        const std::size_t colon = line.find(':');
        std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
        if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        take_field(line.substr(0, colon), value);
    }
    line_.clear();
}

void SseParser::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        if (std::exchange(has_data_, true)) event_.data += '\n';
        event_.data += value;
    } else if (name == "event") {
        event_.name = value;
    }
}

}  // namespace chat
