#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "redis/client/options.hpp"

namespace streamhost::redis {

// The problem: what is wrong for an hour is tried a thousand times, and must be said once. A cause is told
// when it appears, and again only after it was forgotten because things went well in between. [store]
class Reporter {
public:
    Reporter(std::string role, Report report) : role_(std::move(role)), report_(std::move(report)) {}

    void tell(ReportLevel level, std::string_view cause, std::string_view text) {
        if (told_.emplace(cause).second) say(level, text);
    }
    // Always told.
    void say(ReportLevel level, std::string_view text) {
        if (report_) report_(level, "redis " + role_ + ": " + std::string(text));
    }
    // All causes that begin so. Was there one?
    bool forget(std::string_view prefix) {
        return std::erase_if(told_,
                             [prefix](const std::string& cause) { return cause.starts_with(prefix); }) != 0;
    }

private:
    std::string role_;
    Report report_;
    std::set<std::string, std::less<>> told_;
};

}  // namespace streamhost::redis
