#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/text_map.hpp"

#include "bridge/house.hpp"
#include "bridge/reader_table.hpp"
#include "delivery/log_set.hpp"
#include "delivery/loop_delivery.hpp"

namespace streamhost::bridge {

/// The store loop's side of delivery as plugins see it: streams by name, readers by connection. It knows
/// which reader a connection is, which subscription a stream is, and whom to tell. All of it [store] unless
/// tagged.
class DeliveryHub final : public delivery::LoopPort,
                          public delivery::StorePort,
                          public delivery::FollowerEvents,
                          public runtime::RoundHook {
public:
    DeliveryHub(House& house, const delivery::LogSetOptions& options);
    ~DeliveryHub() override;
    DeliveryHub(const DeliveryHub&) = delete;
    DeliveryHub& operator=(const DeliveryHub&) = delete;

    // From the transport: connections that can read. [loop]; carried to the store loop in order.
    void reader_opened(sh_connection connection, delivery::ReaderRef reader);
    void reader_closed(sh_connection connection);

    // For the extension.
    sh_status add_encoding(control::Instance& by, const sh_encoder& encoder, sh_handle* out);  ///< [control]
    sh_status set_events(control::Instance& by, const sh_delivery_events& events);             ///< [control]
    sh_status deliver(const control::Instance& by, std::string_view stream,
                      std::span<const sh_record> records);
    sh_status open_log(control::Instance& by, std::string_view stream, delivery::Position at);
    void reset_log(const control::Instance& by, std::string_view stream, delivery::Position at);
    void close_log(const control::Instance& by, std::string_view stream);
    sh_log_range range(std::string_view stream, sh_handle encoding) const;
    sh_status check_at(std::string_view stream, sh_handle encoding, std::uint64_t seq,
                       std::uint64_t* check) const;
    sh_status attach(control::Instance& by, sh_connection connection, std::string_view stream,
                     sh_handle encoding, delivery::Position from, std::span<const sh_plan_step> steps);
    void detach(sh_connection connection, std::string_view stream);
    std::uint64_t readers(std::string_view stream) const;

    void set_budget(std::size_t memory_bytes, std::int64_t idle_ms) {
        logs_.set_budget(memory_bytes, idle_ms);
    }
    [[nodiscard]] delivery::LogSetStats stats() const { return logs_.stats(); }
    bool on_round_end() override;

    // delivery::LoopPort [store], delivery::StorePort [loop]
    void post(std::uint32_t loop, std::unique_ptr<delivery::LoopMessage> message) override;
    void post(std::unique_ptr<delivery::LoopReport> report) override;

private:
    class EncoderOfPlugin;
    /// While a follower is replaced two instances speak of the same streams: the one that opened a log last
    /// is heard.
    struct Stream {
        delivery::Position at;
        std::uint64_t followed_by = 0;  // instance; 0: nobody
        std::uint64_t readers = 0;
    };
    using Streams = TextMap<Stream>;
    /// A connection has few: one block of memory, searched by id (they ascend) or by stream (compared by its
    /// address).
    struct Subscription {
        delivery::SubscriptionId id = 0;
        std::uint32_t ticket = 0;
        Streams::value_type* stream = nullptr;  // counts this reader, so that it stays
        std::shared_ptr<control::Instance> owner;
    };
    using Subscriptions = std::vector<Subscription>;
    using Readers = ReaderTable<Subscriptions>;
    struct Encoding {
        delivery::EncodingId id = 0;
        std::unique_ptr<EncoderOfPlugin> encoder;
    };

    // delivery::FollowerEvents
    void fell_off(const Reader& who, std::string_view stream, delivery::EncodingId encoding,
                  delivery::FallReason reason) override;
    void completed(const Reader& who) override;
    void wants_more(const Reader& who) override;
    void unused(std::string_view stream) override;

    void close_readers_of(std::uint64_t instance);
    [[nodiscard]] sh_status tie(control::Instance& follower);
    void close_logs_of(std::uint64_t instance);
    static bool is_unused(const Stream& stream) { return stream.followed_by == 0 && stream.readers == 0; }
    void forget_unused(std::string_view stream);
    void uncount_reader(Streams::value_type& stream);
    [[nodiscard]] static Subscription* find(const Readers::Entry& reader, delivery::SubscriptionId id);
    [[nodiscard]] static Subscription* find(const Readers::Entry& reader, const Streams::value_type& stream);
    void end_subscription(Readers::Entry& reader, Subscription& subscription);
    void tell(const Reader& who, std::uint32_t what);
    void tell(const std::shared_ptr<control::Instance>& owner, sh_connection connection,
              std::string_view stream, std::uint32_t what, sh_position sent);
    [[nodiscard]] const Encoding* encoding_of(sh_handle handle) const;
    [[nodiscard]] Stream* followed_by(const control::Instance& by, std::string_view stream);

    House& house_;
    delivery::LogSet logs_;
    std::vector<delivery::RecordView> views_;  // of what is being delivered
    Readers readers_;
    Streams streams_;                              // that somebody follows or reads
    std::unordered_set<std::uint64_t> followers_;  // instances whose end closes their logs
    std::unordered_map<sh_handle, Encoding> encodings_;
    std::unordered_map<std::uint64_t, sh_delivery_events> events_;  // by instance
    delivery::SubscriptionId last_subscription_ = 0;
};

}  // namespace streamhost::bridge
