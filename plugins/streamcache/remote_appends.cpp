#include "remote_appends.hpp"

#include <memory>
#include <utility>

#include "items.hpp"

namespace streamcache {

using streamhost::bytes;
using streamhost::Host;

namespace {

constexpr std::uint32_t kDefaultLeaseMs = 6'000;
constexpr std::int64_t kForgetMs = 60'000;

}  // namespace

void RemoteAppends::claimed(const std::string& stream, const sh_result& claim, std::uint32_t lease_ms) {
    lines_[stream].claimed({claim.last, claim.check}, lease_ms, host_.monotonic_ms());
}

void RemoteAppends::append(const std::string& stream, RemoteAppend append) {
    const sh_ticket ticket = append.ticket;
    if (!lines_[stream].add(std::move(append), host_.monotonic_ms()))
        return host_.complete(ticket, SH_BUSY, "too many appends to this stream wait; repeat this one later");
    pump(stream);
}

void RemoteAppends::pump(const std::string& stream) {
    AppendLine& line = lines_[stream];
    auto next = line.next();
    if (!next) return;
    const auto check = line.check_before(next->seq);
    auto append = std::make_shared<RemoteAppend>(std::move(*next));
    check ? write(stream, append, *check) : read_before(stream, append);
}

void RemoteAppends::read_before(const std::string& stream, std::shared_ptr<RemoteAppend> append) {
    host_.command(
        [&](std::uint64_t token) {
            return store_->read(host_.raw(), bytes(stream), append->seq, 1, 1, token);
        },
        [this, stream, append](const sh_result& before) {
            sh_result answer = before;
            if (before.status == SH_OK && append->seq > before.last + 1) {
                answer = Host::make_result(SH_GAP);
                answer.first = before.last + 1;
            } else if (before.status == SH_OK && append->seq < before.first) {
                answer = Host::make_result(SH_EXPIRED);
                streamhost::copy_text(answer.detail, "these entries were trimmed");
            }
            if (answer.status != SH_OK) return done(stream, append->ticket, answer, false);
            write(stream, append, before.fence);
        });
}

void RemoteAppends::write(const std::string& stream, std::shared_ptr<RemoteAppend> append,
                          std::uint64_t check) {
    sh_position at{append->seq - 1, check};
    for (streamhost::OwnedRecord& item : append->items) {
        item.head.seq = at.seq + 1;
        item.head.prev = at.check;
        item.head.fence = append->fence;
        item.head.check = store_->chain(at.check, item.head.type, bytes(item.data));
        at = {item.head.seq, item.head.check};
    }
    const std::vector<sh_record> records = views(append->items);
    const sh_store_append request{.struct_size = sizeof(request),
                                  .count = static_cast<std::uint32_t>(records.size()),
                                  .stream = bytes(stream),
                                  .records = records.data(),
                                  .fence = append->fence,
                                  .end_state = append->end_state,
                                  .lease_ms = lease_of(stream)};
    host_.command([&](std::uint64_t token) { return store_->append(host_.raw(), &request, token); },
                  [this, stream, at, first = append->seq, ticket = append->ticket](const sh_result& result) {
                      counts_.count(result);
                      sh_result answer = result;
                      if (result.status == SH_GAP) answer.first = result.last + 1;
                      if (result.status == SH_OK) {
                          answer.first = first;
                          answer.last = at.seq;
                          answer.check = at.check;
                      }
                      done(stream, ticket, answer, result.status == SH_OK);
                  });
}

void RemoteAppends::done(const std::string& stream, sh_ticket ticket, const sh_result& answer, bool reached) {
    lines_[stream].done(reached ? std::optional(sh_position{answer.last, answer.check}) : std::nullopt);
    host_.complete(ticket, answer);
    pump(stream);
}

void RemoteAppends::renew(const std::string& stream, std::uint64_t fence, sh_ticket ticket) {
    if (const auto found = lines_.find(stream); found != lines_.end())
        found->second.touch(host_.monotonic_ms());
    host_.command(
        [&](std::uint64_t token) {
            return store_->renew(host_.raw(), bytes(stream), fence, 0, lease_of(stream), token);
        },
        [this, ticket](const sh_result& result) { host_.complete(ticket, result); });
}

// A claim that another node took is not known here: its producer hears at the next claim how long it has, and
// until then this node's appends and renewals are good for the default, which never shortens what is left.
std::uint32_t RemoteAppends::lease_of(const std::string& stream) const {
    const auto found = lines_.find(stream);
    const std::uint32_t lease_ms = found == lines_.end() ? 0 : found->second.lease_ms();
    return lease_ms == 0 ? kDefaultLeaseMs : lease_ms;
}

void RemoteAppends::tick() {
    const std::int64_t now_ms = host_.monotonic_ms();
    std::erase_if(lines_, [now_ms](const auto& entry) {
        // While a claim may still live its lease is worth keeping.
        const std::int64_t keep_ms = kForgetMs + entry.second.lease_ms();
        return entry.second.is_idle() && now_ms - entry.second.used_ms() > keep_ms;
    });
}

}  // namespace streamcache
