// The problem: a subscription stands for as long as its connection, and the grants that it was let in by do
// not: a `refresh` may bring fewer. Then somebody has to know what stands.
//
// Streams outside of the connection's session, as they were asked for; what ended on its own is not heard of
// here. So there may be more of them than a connection reads, up to a limit, beyond which the list is known
// not to be whole. Touched by one loop.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace gateway {

class ForeignStreams {
public:
    explicit ForeignStreams(std::size_t most) : most_(most) {}

    void add(std::string_view stream) {
        if (streams_.size() < most_)
            streams_.emplace(stream);
        else if (!streams_.contains(stream))
            is_whole_ = false;
    }
    void remove(std::string_view stream) {
        if (const auto found = streams_.find(stream); found != streams_.end()) streams_.erase(found);
    }
    void clear() {
        streams_.clear();
        is_whole_ = true;
    }
    [[nodiscard]] const std::set<std::string, std::less<>>& all() const noexcept { return streams_; }
    [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }

private:
    const std::size_t most_;
    std::set<std::string, std::less<>> streams_;
    bool is_whole_ = true;
};

}  // namespace gateway
