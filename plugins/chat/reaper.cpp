#include "reaper.hpp"

#include <optional>
#include <vector>

#include "streamhost/ids.hpp"

#include "run_machine.hpp"
#include "texts.hpp"

namespace chat {

using streamhost::is_transient;

namespace {

// A JSON array of run ids, written by the store: ids need no unescaping.
std::vector<std::string> ids_of(std::string_view list) {
    std::vector<std::string> ids;
    while (true) {
        const std::size_t open = list.find('"');
        if (open == std::string_view::npos) return ids;
        const std::size_t close = list.find('"', open + 1);
        if (close == std::string_view::npos) return ids;
        ids.emplace_back(list.substr(open + 1, close - open - 1));
        list.remove_prefix(close + 1);
    }
}

}  // namespace

void StoreWatch::answered(sh_status status, std::int64_t now_ms) {
    if (is_transient(status)) {
        healthy_since_ms_.reset();
    } else if (!healthy_since_ms_) {
        healthy_since_ms_ = now_ms;
    }
}

bool StoreWatch::trusts_lapses(std::int64_t now_ms) const noexcept {
    return healthy_since_ms_ && now_ms - *healthy_since_ms_ >= kLeaseMs;
}

void Reaper::tick() {
    if (is_taking_) return;
    is_taking_ = true;
    constexpr std::uint32_t kAtOnce = 64;
    open_.take(kAtOnce, kTakenAgainMs, [this](const sh_result& result) {
        is_taking_ = false;
        watch_.answered(result.status, host_.monotonic_ms());
        if (result.status != SH_OK) return;
        for (const std::string& run : ids_of(streamhost::body_of(result)))
            if (!is_local_(run)) look_at(run);
    });
}

void Reaper::look_at(const std::string& run) {
    open_.tail(run, [this, run](const sh_result& result) {
        const auto infos = streamhost::infos_of(result);
        if (infos.size() != 1 || is_local_(run)) return;
        const sh_stream_info& info = infos.front();
        if (info.state != SH_STREAM_OPEN) {
            // Ended, and its node went away before the session heard of it; or never made.
            return concluder_.conclude(run, [](const Concluded&) {});
        }
        if (info.lease_ms > 0 && info.lease_ms < kTakenAgainMs) {
            // Over before the list would show it again: what waits for a new producer waits no longer.
            const auto rest_ms = static_cast<std::uint64_t>(info.lease_ms) + 10;
            (void)host_.after(SH_ON_STORE, rest_ms, [this, run] { look_at(run); });
        }
        if (info.lease_ms == 0) judge(run);
    });
}

void Reaper::judge(const std::string& run) {
    open_.runs(streamhost::home_of(run), [this, run](const sh_result& result) {
        if (is_local_(run)) return;
        for (const sh_stream_info& info : streamhost::infos_of(result)) {
            if (streamhost::view(info.stream) != run) continue;
            if (info.state != SH_STREAM_OPEN || info.lease_ms > 0) return;
            std::optional<RemoteTerms> terms;
            // A job that cannot be read has no terms: its run is lost like any other.
            (void)streamhost::guard(nullptr, [&] { terms = job_of(streamhost::view(info.job)).remote; });
            // Nobody ever produced it, so there is nothing that could not be renewed.
            if (terms && info.claims == 0) return events_.waits(run, *terms, 0);
            if (!watch_.trusts_lapses(host_.monotonic_ms())) return;
            if (!terms) return end(run, info.fence, lost_end(), events_.lost);
            switch (decide(*terms, {.claims = info.claims + 1, .entries = info.head.seq})) {
            case Takeover::lost: return end(run, info.fence, lost_end(), events_.lost);
            case Takeover::give_up: return end(run, info.fence, given_up_end(), events_.given_up);
            default: return events_.waits(run, *terms, info.claims);
            }
        }
    });
}

void Reaper::end(const std::string& run, std::uint64_t fence, const std::string& end, const OnLost& tell) {
    cache_.finish(run, end, fence, [this, run, tell](const sh_result& result) {
        // Fenced: it has a new producer. Anything else comes up again when the list is taken next.
        if (result.status != SH_OK) return;
        host_.warn("run is lost: nobody produces it any more", {{"run", run}});
        tell(run);
        concluder_.conclude(run, [](const Concluded&) {});
    });
}

}  // namespace chat
