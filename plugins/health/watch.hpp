// What the probes are answered from: the host's report, the canary's rounds, the session service's counts.
// Rounds run on the store loop, pictures are made on workers; what both see is behind a mutex.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "streamhost/abi/svc/chat.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/abi/svc/session.h"
#include "streamhost/store.hpp"

#include "bodies.hpp"
#include "stream_probe.hpp"

namespace health {

struct WatchOptions {
    JudgeOptions judge;
    std::uint32_t canary_interval_ms = 1'500;
};

class Watch {
public:
    // A probe that comes more often is answered with the last picture, so that nobody can keep the workers
    // busy with it from outside.
    static constexpr std::int64_t kFreshMs = 100;

    Watch(streamhost::Host& host, WatchOptions options, const sh_lease* topic_events);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // One round of the canary, and the sessions counted anew. [store]
    void beat();
    void heard(std::string_view payload);  // [store]
    // [worker]
    [[nodiscard]] std::shared_ptr<const Picture> picture();
    // Answers that are being produced here; nothing when nobody tells.
    [[nodiscard]] std::optional<std::uint64_t> active_streams() const;
    // Before they are read: what was true at some timer's last turn would be a second old.
    void show_metrics();

private:
    void write(std::uint64_t round);
    void say(std::uint64_t round);
    void count_sessions();
    void came_back(Probe probe, std::uint64_t round);
    void missed(Probe probe, std::uint64_t round);
    void count_failures();  // with mutex_
    void tell(const std::vector<Canary::News>& news) const;
    [[nodiscard]] std::shared_ptr<const Picture> draw() const;

    streamhost::Host& host_;
    WatchOptions options_;
    streamhost::Store store_;
    const sh_lease* topic_events_;
    streamhost::Lease<sh_pubsub> pubsub_;
    streamhost::Lease<sh_session> session_;
    streamhost::Lease<sh_chat> chat_;
    std::string name_;  // of the canary's key and topic
    StreamProbe stream_;

    mutable std::mutex mutex_;
    Canary canary_;                                 // guarded by mutex_
    std::array<std::uint64_t, kProbes> counted_{};  // failures in the metrics; guarded by mutex_
    std::optional<SessionCounts> sessions_;         // guarded by mutex_

    std::mutex picture_mutex_;
    std::shared_ptr<const Picture> picture_;  // guarded by picture_mutex_
    std::int64_t drawn_ms_ = 0;               // guarded by picture_mutex_

    streamhost::Metric seconds_[kProbes];
    streamhost::Metric failures_[kProbes];
    streamhost::Metric failing_[kProbes];
    streamhost::Metric ready_;
    streamhost::Metric degraded_;
};

}  // namespace health
