// What operators see of the streams that this node follows: those that have said nothing for longest, first.
#include <algorithm>
#include <tuple>

#include "streamhost/ids.hpp"
#include "streamhost/json_object.hpp"

#include "streams.hpp"

namespace pubsub {

using streamhost::bytes;

namespace {

std::string_view name_of(std::uint32_t state) {
    switch (state) {
    case SH_STREAM_OPEN: return "open";
    case SH_STREAM_COMPLETE: return "complete";
    case SH_STREAM_CANCELLED: return "cancelled";
    case SH_STREAM_ERROR: return "error";
    case SH_STREAM_LOST: return "lost";
    default: return "unknown";
    }
}

}  // namespace

// Somebody waits for what an open run says next; of all others silence is no news.
std::string Streams::list(std::string_view home, std::size_t limit) const {
    const auto rank = [](const Stream* one) {
        return std::tuple(!is_open_run(*one), one->alive_ms, std::string_view(one->id));
    };
    std::vector<const Stream*> found;
    for (const auto& [id, stream] : streams_)
        if (home.empty() || streamhost::home_of(id) == home) found.push_back(&stream);
    const std::size_t shown = std::min(limit, found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(shown), found.end(),
                      [&](const Stream* left, const Stream* right) { return rank(left) < rank(right); });
    std::string out = "{\"total\":" + std::to_string(found.size()) + ",\"streams\":[";
    for (std::size_t index = 0; index < shown; ++index)
        out += (index == 0 ? "" : ",") + show(*found[index]);
    return out + "]}";
}

std::string Streams::show(const Stream& stream) const {
    const std::int64_t silent_ms = host_.monotonic_ms() - stream.alive_ms;
    return streamhost::JsonObject()
        .text("stream", stream.id)
        .text("state", name_of(stream.state))
        .boolean("owned", stream.owned)
        .number("last", stream.follower.position().seq)
        .number("readers", delivery_->readers(host_.raw(), bytes(stream.id)))
        .number("silent_ms", silent_ms)
        .boolean("stalled", is_open_run(stream) && silent_ms > options_.stalled_ms)
        .done();
}

}  // namespace pubsub
