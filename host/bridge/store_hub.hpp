#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "streamhost/abi/ext/store.h"

#include "bridge/house.hpp"
#include "store/store.hpp"
#include "store/store_loop.hpp"

namespace streamhost::bridge {

/// The store as plugins share it: answers find the plugin that asked, live records the plugins that
/// subscribed. Everything [store] unless tagged.
class StoreHub final : public store::LiveSink, public store::StoreLoop {
public:
    explicit StoreHub(House& house);
    ~StoreHub() override;
    StoreHub(const StoreHub&) = delete;
    StoreHub& operator=(const StoreHub&) = delete;

    /// [control] Before the first plugin.
    void use(std::unique_ptr<store::Store> store, std::string kind);
    [[nodiscard]] store::Store& store() noexcept { return *store_; }
    [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
    /// As the driver said last; down before it first said so. [any]
    [[nodiscard]] bool is_up() const noexcept { return is_up_.load(std::memory_order_relaxed); }
    void set_events(control::Instance& by, const sh_store_events& events);  ///< [control]

    /// A completion that carries `result` to complete(token), unless the instance is gone by then.
    template <typename Translate>
    auto answer(const sh_host* host, std::uint64_t token, Translate translate) {
        return [instance = control::Instance::of(host).shared_from_this(), token,
                translate](const auto& result) {
            sh_result out{};
            out.struct_size = sizeof(out);
            translate(result, out);
            deliver(*instance, token, out);
        };
    }

    /// Several plugins may subscribe to one channel; the store hears of the first and of the last.
    void add_subscriber(const sh_host* host, std::string_view channel);
    /// True: nobody is left, the store is to be told.
    [[nodiscard]] bool drop_subscriber(const sh_host* host, std::string_view channel);

    // store::LiveSink
    void on_records(std::string_view stream, std::span<const store::Record> records) override;
    void on_topic(std::string_view pattern, std::string_view topic, const store::Buffer& payload) override;
    void on_link(store::Link link, std::uint64_t epoch) override;

    // store::StoreLoop
    [[nodiscard]] std::int64_t now_ms() const override;
    void post(std::function<void()> task) override;
    void post_at(std::int64_t at_ms, std::function<void()> task) override;

private:
    struct Listener {
        std::shared_ptr<control::Instance> instance;
        sh_store_events events{};
    };
    class Alarm;
    static void deliver(control::Instance& instance, std::uint64_t token, sh_result& result);
    template <typename Call>
    void tell(std::string_view channel, Call call);

    House& house_;
    std::int64_t wall_at_start_ms_;
    std::uint64_t monotonic_at_start_ms_;
    std::string kind_;
    std::atomic<bool> is_up_{false};
    std::unordered_map<std::uint64_t, Listener> listeners_;                           // by instance
    std::unordered_map<std::string, std::unordered_set<std::uint64_t>> subscribers_;  // by channel
    std::list<Alarm> alarms_;                                                         // armed ones
    std::unique_ptr<store::Store> store_;
};

}  // namespace streamhost::bridge
