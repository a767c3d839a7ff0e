#pragma once
// Keys with expiry, shared rates and the last messages of homes, in the memory driver.

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "store/keys.hpp"
#include "store/memory/core.hpp"
#include "store/memory/swept_map.hpp"

namespace streamhost::store::memory {

struct KeyAnswer {
    KeyResult result;
    const KeyResult& view() const noexcept { return result; }
};

struct RateAnswer {
    RateResult result;
    const RateResult& view() const noexcept { return result; }
};

struct HistoryAnswer {
    struct Kept {
        std::string id;
        Buffer data;
    };
    HistoryResult result;
    std::vector<Kept> kept;
    std::vector<HistoryItem> items;
    const HistoryResult& view();
};

/// [store]
class MemoryKeys final : public KeyCommands {
public:
    explicit MemoryKeys(Core& core) : core_(core) {}

    Submit key_get(const KeyGetRequest& request, KeyDone done) override;
    Submit key_set(const KeySetRequest& request, KeyDone done) override;
    Submit key_remove(const KeyRemoveRequest& request, KeyDone done) override;
    Submit rate_take(const RateTakeRequest& request, RateDone done) override;

    Submit history_push(const HistoryPushRequest& request, HistoryDone done) override;
    Submit history_list(const HistoryListRequest& request, HistoryDone done) override;
    Submit history_clear(const HistoryClearRequest& request, HistoryDone done) override;

    void sweep(std::size_t items);

private:
    struct Key {
        Buffer value;
        std::int64_t end_ms = 0;
    };
    struct Rate {
        std::int64_t full_ns = 0;  ///< When it will be full, in store time.
    };
    struct History {
        std::deque<HistoryAnswer::Kept> items;  ///< oldest first
        std::int64_t end_ms = 0;
    };

    Key* live_key(std::string_view name);
    History* live_history(std::string_view home);
    void drop_key(std::string_view name);
    void drop_history(std::string_view home);
    [[nodiscard]] KeyAnswer shown(Status status, const Key& key) const;
    KeyAnswer set_now(const KeySetRequest& request);
    KeyAnswer remove_now(const KeyRemoveRequest& request);
    RateAnswer take_now(const RateTakeRequest& request);
    void drop_rate(std::string_view name);
    HistoryAnswer push_now(const HistoryPushRequest& request);
    HistoryAnswer list_now(const HistoryListRequest& request);

    Core& core_;
    SweptMap<Key> keys_;
    SweptMap<Rate> rates_;
    SweptMap<History> histories_;
};

}  // namespace streamhost::store::memory
