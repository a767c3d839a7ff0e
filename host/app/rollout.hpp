#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace streamhost::app {

/// The problem: a changed configuration may switch plugins on and off and give others a section that they
/// only take as a new instance. Each is a walk of its own, the supervisor does one at a time, and when the
/// third fails somebody has to know that the change as a whole has failed.
///
/// Does the steps one after the other: first what stops, then what starts, then what is restarted beside
/// itself. One that is refused because it needs another one of the list is tried again behind that. Knows no
/// plugin and no time: advance() is called whenever the supervisor may have come further. [control]
class Rollout {
public:
    struct Steps {
        std::vector<std::string> stops;
        std::vector<std::string> starts;
        std::vector<std::string> restarts;
        [[nodiscard]] bool none() const { return stops.empty() && starts.empty() && restarts.empty(); }
    };
    struct Ports {
        std::function<bool()> is_busy;  ///< a step is under way, whoever began it
        std::function<std::string(const std::string& plugin, bool enable)> toggle;  ///< "" or why not
        std::function<std::string(const std::string& plugin)> restart;              ///< likewise
        std::function<bool(const std::string& plugin)> runs;
        std::function<bool(const std::string& plugin)> has_section;  ///< it runs with the accepted one
    };
    enum class State : std::uint8_t { kUnderWay = 1, kDone, kFailed };

    Rollout(const Steps& steps, Ports ports);

    [[nodiscard]] State advance();
    /// A walk of this plugin failed: what reason() will say if that was one of the steps.
    void note(const std::string& plugin, const std::string& reason);
    [[nodiscard]] const std::string& reason() const { return reason_; }  ///< with kFailed

private:
    enum class Kind : std::uint8_t { stop = 1, start, restart };
    struct Step {
        Kind kind;
        std::string plugin;
    };
    [[nodiscard]] bool is_done(const Step& step) const;
    [[nodiscard]] std::string begin(const Step& step) const;
    [[nodiscard]] State fail(const Step& step, const std::string& reason);

    const Ports ports_;
    std::deque<Step> steps_;
    std::optional<Step> begun_;
    std::size_t put_off_ = 0;  // in a row
    std::string noted_;
    std::string reason_;
};

}  // namespace streamhost::app
