// Producers of this process: what they write is batched, their leases are renewed until the end.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/plugin.hpp"
#include "streamhost/store.hpp"

#include "append_counts.hpp"
#include "producer.hpp"

namespace streamcache {

// write() answers at once and comes from any thread, so what is held is behind a mutex; everything else is
// [store].
class LocalProducers {
public:
    LocalProducers(streamhost::Host& host, const streamhost::Store& store, const AppendCounts& counts,
                   const ProducerOptions& options)
        : host_(host), store_(store), counts_(counts), options_(options) {}

    // `producer` is the number that the claim was made with.
    void claimed(const std::string& stream, const sh_result& claim, std::uint32_t lease_ms,
                 std::uint64_t producer);
    // [any] `end` instead of items: the data of the end record.
    [[nodiscard]] sh_status write(std::string_view stream, std::uint64_t fence, const sh_item* items,
                                  std::uint32_t count, const sh_bytes* end, sh_ticket ticket);
    // Takes nothing more, and gives the lease back when the store has what was written. False: it has no
    // producer with that fence.
    [[nodiscard]] bool release(const std::string& stream, std::uint64_t fence, sh_ticket ticket);
    void set_options(const ProducerOptions& options) { options_ = options; }  // of later claims
    void tick();
    // What was written and the store has not taken yet. [control]
    [[nodiscard]] streamhost::DrainReport left() const;
    void fail_all(sh_status why);  // [control], when nothing else runs

private:
    struct Held {
        explicit Held(Producer made) : producer(std::move(made)) {}
        Producer producer;
        std::uint64_t pid = 0;
        bool is_live = false;  // policy live
        // Of one that the store refused: whoever writes hears why until then, and not that nobody knows it.
        std::optional<std::int64_t> kept_until_ms;
    };
    using Ref = std::shared_ptr<Held>;

    void pump(const std::string& stream);
    void appended(const std::string& stream, const Ref& held, const sh_result& result);
    void preview(const std::string& stream, const Ref& held);
    void renew(const std::string& stream, const Ref& held);
    void give_back(const std::string& stream, const Held& held, sh_ticket ticket);
    void drop_if_over(const std::string& stream, const Ref& held, sh_status why);  // under the mutex
    void answer(const std::vector<Answer>& answers) const;

    streamhost::Host& host_;
    streamhost::Store store_;
    const AppendCounts& counts_;
    ProducerOptions options_;
    mutable std::mutex
        mutex_;  // guards producers_ and what is in them; held for a look-up and a queue operation
    std::map<std::string, Ref, std::less<>> producers_;
};

}  // namespace streamcache
