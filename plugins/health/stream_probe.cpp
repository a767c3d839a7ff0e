#include "stream_probe.hpp"

#include <utility>

#include "streamhost/ids.hpp"
#include "streamhost/random.hpp"
#include "streamhost/service/streamcache_requests.hpp"
#include "streamhost/whole_number.hpp"

namespace health {

using streamhost::bytes;
using streamhost::view;

namespace {

constexpr std::uint32_t kLeaseMs = 60'000;
constexpr std::string_view kEnd = R"("outcome":"complete")";

}  // namespace

StreamProbe::StreamProbe(streamhost::Host& host, Ports ports)
    : host_(host),
      store_(host),
      ports_(std::move(ports)),
      home_("canary-" + streamhost::random_id()),
      producer_(streamhost::random_number() | 1u) {
    sh_store_events events{};
    events.struct_size = sizeof(events);
    events.self = this;
    events.records = [](void* self, sh_bytes stream, const sh_record* records, std::uint32_t count) {
        streamhost::guard(nullptr,
                          [&] { static_cast<StreamProbe*>(self)->heard(view(stream), records, count); });
    };
    if (const sh_status status = store_->set_events(host_.raw(), &events); status != SH_OK)
        throw streamhost::Failure(status, "the host refused to tell of records");
}

void StreamProbe::write(std::uint64_t round) {
    if (is_owed_) stream_.clear();
    is_owed_ = false;
    if (!is_listening_) return listen(round);
    if (stream_.empty()) return claim(round);
    append(round);
}

void StreamProbe::leave(std::uint64_t round) {
    is_owed_ = false;
    stream_.clear();
    ports_.failed(round);
}

void StreamProbe::listen(std::uint64_t round) {
    const auto answer = [this, round](const sh_result& result) {
        if (result.status != SH_OK) return ports_.failed(round);
        if (!std::exchange(is_listening_, true)) claim(round);
    };
    store_.run(&sh_store_ext::subscribe, answer, bytes(home_));
}

void StreamProbe::claim(std::uint64_t round) {
    stream_ = home_ + "." + std::to_string(++streams_);
    is_owed_ = true;
    sh_store_claim request{};
    request.struct_size = sizeof(request);
    request.flags = SH_STORE_NO_RIVALS;
    request.stream = bytes(stream_);
    request.producer = producer_;
    request.lease_ms = kLeaseMs;
    const auto answer = [this, round, stream = stream_](const sh_result& result) {
        if (stream != stream_) return;
        if (result.status != SH_OK) return leave(round);
        fence_ = result.fence;
        at_ = {result.last, result.check};
        append(round);
    };
    store_.run(&sh_store_ext::claim, answer, static_cast<const sh_store_claim*>(&request));
}

void StreamProbe::append(std::uint64_t round) {
    const bool is_last = at_.seq + 2 >= kEntries;
    streamhost::StreamAppend entry;
    entry.stream = stream_;
    entry.fence = fence_;
    entry.items.emplace_back().head.type = SH_RECORD_TEXT;
    entry.items.back().data = std::to_string(round);
    if (is_last) entry.add_end(kEnd);
    const sh_position next = streamhost::chain(store_, entry, at_);
    is_owed_ = true;
    const auto answer = [this, round, is_last, next, stream = stream_](const sh_result& result) {
        if (stream != stream_) return;
        if (result.status != SH_OK) return leave(round);
        is_owed_ = false;
        at_ = next;
        if (is_last) stream_.clear();
    };
    streamhost::run_append(store_, entry, producer_, kLeaseMs, answer);
}

void StreamProbe::heard(std::string_view stream, const sh_record* records, std::uint32_t count) {
    if (home_ != streamhost::home_of(stream)) return;
    for (std::uint32_t index = 0; index < count; ++index) {
        if (records[index].type != SH_RECORD_TEXT) continue;
        const auto round = streamhost::whole_number<std::uint64_t>(view(records[index].data));
        if (round) ports_.came_back(*round);
    }
}

}  // namespace health
