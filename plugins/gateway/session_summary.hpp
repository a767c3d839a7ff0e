// What GET of a session tells: how far its stream and those of its runs are, and how many are there. Pure:
// the caller brings what the services answered. Source: docs/protocol.md, "HTTP and server-sent events".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/async.h"

namespace gateway {

class SessionSummary {
public:
    // Each costs the store a question; older runs stand in the session's stream.
    static constexpr std::size_t kMaxRuns = 50;

    explicit SessionSummary(std::string_view session) : session_(session) {}

    // The session's stream, folded: each run once (sh_streamcache.snapshot).
    void take(const sh_result& folded);
    // Those to be asked for, by place.
    [[nodiscard]] std::size_t runs() const noexcept { return runs_.size(); }
    [[nodiscard]] const std::string& run(std::size_t place) const { return runs_[place].id; }
    // How far that run is (sh_streamcache.tail).
    void stands(std::size_t place, const sh_result& tail);
    void connected(std::uint64_t connections) { connections_ = connections; }

    // Whether anybody wrote to it or is there.
    [[nodiscard]] bool is_known() const noexcept { return last_ > 0 || connections_.value_or(0) > 0; }
    [[nodiscard]] std::string json() const;

private:
    struct Run {
        std::string id;
        std::string state;
        std::string outcome;
        std::string position;  // empty: its stream is not kept
    };
    [[nodiscard]] static std::string shown(const Run& run);

    std::string session_;
    std::uint64_t first_ = 0;
    std::uint64_t last_ = 0;
    std::string position_ = "0";
    std::vector<Run> runs_;
    std::optional<std::uint64_t> connections_;
};

}  // namespace gateway
