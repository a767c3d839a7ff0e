#pragma once
// Some streams are not worth a round trip to a store: typing indicators, drafts, demonstrations. This store
// keeps those in this process and leaves all else to another one, and nobody above has to know.
//
// A home goes to one of the two as a whole: its streams, its channel, its history, and its runs in the list
// of open ones (of which those in this process are taken first, however long the others are due). Sessions,
// locks, values, queues and topics are always the other store's.

#include <memory>

#include "store/policy/policies.hpp"
#include "store/store.hpp"

namespace streamhost::store {

/// `durable` tells the sink of its link; `in_process` (kMemory) was given a InProcessSink in front of the
/// same one. [store]
[[nodiscard]] std::unique_ptr<Store> make_policy_store(Policies policies, std::unique_ptr<Store> durable,
                                                       std::unique_ptr<Store> in_process);

/// Passes records on. A store in this process has no link that could be lost, so it has nothing to say of it.
class InProcessSink final : public LiveSink {
public:
    explicit InProcessSink(LiveSink& next) : next_(next) {}
    void on_records(std::string_view stream_id, std::span<const Record> records) override {
        next_.on_records(stream_id, records);
    }
    void on_topic(std::string_view, std::string_view, const Buffer&) override {}
    void on_link(Link, std::uint64_t) override {}

private:
    LiveSink& next_;
};

}  // namespace streamhost::store
