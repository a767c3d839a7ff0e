#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/diff.hpp"
#include "config/in_force.hpp"

namespace streamhost::app {

/// How the last attempt to change the configuration went.
struct ConfigEvent {
    std::string state = "started";  ///< "applied", "applying", "unchanged", "refused", "rolled_back"
    std::string by = "start";       ///< "SIGHUP", "the admin API"; with a user where one is known
    std::string reason = {};        ///< of a refusal, and of going back
    std::int64_t at_ms = 0;         ///< wall clock
};

/// The problem: "the configuration" of a running node is three things: what was accepted last, what of it is
/// in force, and what was good before. Whoever looks, changes or goes back must not take one for another.
///
/// Keeps them, in memory: the files are the truth for the next start. [control] changes, [any] reads.
class ConfigBook {
public:
    using Ptr = std::shared_ptr<const config::Configuration>;
    /// What there is to see at one moment.
    struct Page {
        std::uint64_t generation =
            1;  ///< 1 at the start, one more for each that was accepted, going back too
        Ptr accepted;
        Ptr running;                          ///< in force (config/in_force.hpp)
        std::vector<config::Change> waiting;  ///< from running to accepted
        bool can_roll_back = false;
        bool matches_files = true;  ///< accepted is what the files said when they were read last
        ConfigEvent last;
    };
    static constexpr std::size_t kKept = 8;  ///< to go back to

    explicit ConfigBook(Ptr first);

    [[nodiscard]] std::shared_ptr<const Page> page() const;  ///< never null
    void accept(Ptr next);
    [[nodiscard]] Ptr previous() const;    ///< what roll_back() returns to; null: nothing
    void roll_back();                      ///< previous() is accepted
    void took(const std::string& plugin);  ///< its running instance has the accepted section
    void left(const std::string& plugin);  ///< no instance of it runs
    /// Whether its running instance has the section that `of` has for it; no for one that does not run.
    [[nodiscard]] bool has_section(const std::string& plugin, const config::Configuration& of) const;
    void note(ConfigEvent event, bool matches_files);

private:
    void write(const std::lock_guard<std::mutex>& held);

    const Ptr started_;
    mutable std::mutex mutex_;  // guards the rest
    std::deque<Ptr> former_;
    config::Sections sections_;
    std::shared_ptr<const Page> page_;
};

}  // namespace streamhost::app
