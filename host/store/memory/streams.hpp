#pragma once
// The stream commands of the memory driver: streams_owned.cpp, streams_shared.cpp, streams_read.cpp.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/memory/channels.hpp"
#include "store/memory/core.hpp"
#include "store/memory/stream_table.hpp"
#include "store/streams.hpp"

namespace streamhost::store::memory {

// Answers own what their results show, until the completion has run.
struct StreamAnswer {
    StreamResult result;
    std::string user;
    std::string job;
    const StreamResult& view();
};

struct PublishAnswer {
    PublishResult result;
    std::string user;
    std::string answer;
    const PublishResult& view();
};

struct ReadAnswer {
    ReadResult result;
    std::string user;
    std::vector<Record> records;
    const ReadResult& view();
};

struct StreamListAnswer {
    struct Kept {
        std::string id;
        std::string user;
        std::string job;
    };
    StreamListResult result;
    std::vector<StreamItem> items;
    std::vector<Kept> kept;  // of items, same order
    const StreamListResult& view();
};

/// [store]
class MemoryStreams final : public StreamCommands {
public:
    MemoryStreams(Core& core, MemoryChannels& channels) : core_(core), channels_(channels), table_(core) {}

    Submit claim(const ClaimRequest& request, StreamDone done) override;
    Submit append(const AppendRequest& request, StreamDone done) override;
    Submit renew(const RenewRequest& request, StreamDone done) override;
    Submit publish(const PublishRequest& request, PublishDone done) override;
    Submit send(const SendRequest& request, PublishDone done) override;
    Submit finish(const FinishRequest& request, StreamDone done) override;
    Submit read(const ReadRequest& request, ReadDone done) override;
    Submit tail(const TailRequest& request, StreamListDone done) override;
    Submit runs(const RunsRequest& request, StreamListDone done) override;

    void sweep(std::size_t items) { table_.sweep(items); }
    [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }

private:
    StreamAnswer claim_now(const ClaimRequest& request);
    StreamAnswer append_now(const AppendRequest& request);
    StreamAnswer renew_now(const RenewRequest& request);
    StreamAnswer finish_now(const FinishRequest& request);
    PublishAnswer publish_now(const PublishRequest& request);
    PublishAnswer send_now(const SendRequest& request);
    ReadAnswer read_now(const ReadRequest& request);

    [[nodiscard]] Status judge_append(const Stream& stream, const AppendRequest& request) const;
    [[nodiscard]] Status judge_claim(const Stream& stream, const ClaimRequest& request) const;
    [[nodiscard]] Status judge_shared(const Stream* stream, std::string_view user, Access access,
                                      std::span<const Entry> entries) const;
    [[nodiscard]] bool is_full(const Stream& stream, std::span<const Record> fresh) const;
    void write_owned(Stream& stream, std::span<const Record> fresh, State end_state);
    void write_shared(Stream& stream, std::span<const Entry> entries, PublishAnswer& answer);
    void trim(Stream& stream) const;
    [[nodiscard]] StreamAnswer answer(Status status, const Stream& stream, Position last = {}) const;
    void add_item(StreamListAnswer& list, std::string_view id, const Stream* stream) const;

    Core& core_;
    MemoryChannels& channels_;
    StreamTable table_;
};

}  // namespace streamhost::store::memory
