// Of all nodes one does the work, and another one when that node is gone: a lock that is held for as long as
// the node lives. Here the work is to count, in a value that all nodes share.
//
// The lock alone would not be enough: a node that was paused behind its last look at the lock writes late. So
// each write carries the token of its grant and replaces only what was read, and one that finds a higher
// token is over.
#include <cstdint>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "streamhost/http.hpp"
#include "streamhost/json_object.hpp"
#include "streamhost/lock.hpp"
#include "streamhost/plugin.hpp"
#include "streamhost/store.hpp"

namespace {

using streamhost::bytes;
using streamhost::Config;
using streamhost::Lock;
using streamhost::Store;

constexpr const char* kName = "leader";  // of the lock and of the value
constexpr std::uint64_t kWorkMs = 50;
constexpr std::int64_t kAgainMs = 200;  // a store that refuses is asked again
constexpr std::int64_t kValueMs = 3'600'000;

struct Work {
    std::uint64_t token = 0;
    std::uint64_t count = 0;

    static Work read(const sh_result& result) {
        Work work;
        if (result.body == nullptr) return work;
        std::istringstream(std::string(result.body->data, result.body->size)) >> work.token >> work.count;
        return work;
    }
    [[nodiscard]] std::string text() const { return std::to_string(token) + ' ' + std::to_string(count); }
};

class Leader : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const Config& config) override {
        lease_ms_ = static_cast<std::uint32_t>(config.integer("lease_ms"));
    }

    void start() override {
        store_ = std::make_unique<Store>(host());
        // Waits in the store's line, which hands it on the moment that it is free.
        lock_ = std::make_unique<Lock>(
            host(), streamhost::LockOptions{.name = kName, .lease_ms = lease_ms_, .wait_ms = 30'000});
        routes_.add(host(), {.listeners = SH_LISTENER_PUBLIC, .method = "GET", .path = "/leader"},
                    [this](const streamhost::HttpRequest&) { return report(); });
        must(host().every(SH_ON_STORE, kWorkMs, [this] { work(); }));
    }

    // Others need not wait for a lease to lapse.
    streamhost::DrainReport drain(std::uint32_t) override {
        static_cast<void>(host().post(SH_ON_STORE, [this] {
            is_leaving_ = true;
            lock_->release([](sh_status) {});
        }));
        return {};
    }

private:
    static void must(sh_status status) {
        if (status != SH_OK) throw streamhost::Failure(status, "the store loop's queue is full");
    }

    // A candidate until it is elected. [store]
    void stand() {
        is_asked_or_held_ = true;
        const auto done = [this](sh_status status, std::int64_t) {
            if (status != SH_OK) return over();
            const std::lock_guard guard(mutex_);
            tokens_.push_back(lock_->fence());
        };
        lock_->acquire(done, [this](sh_status) { over(); });
    }

    void over() {
        is_asked_or_held_ = false;
        stand_at_ms_ = host().monotonic_ms() + kAgainMs;
    }

    void work() {
        const bool leads = lock_->is_held();
        {
            const std::lock_guard guard(mutex_);
            leads_ = leads;
        }
        const bool may_stand = !is_asked_or_held_ && !is_leaving_;
        if (may_stand && host().monotonic_ms() >= stand_at_ms_) return stand();
        if (!leads || is_working_) return;
        is_working_ = true;
        store_->run(
            &sh_store_ext::key_get, [this](const sh_result& found) { go_on(found); }, bytes(kName));
    }

    void go_on(const sh_result& found) {
        const Work before = Work::read(found);
        const bool is_new = found.status == SH_NOT_FOUND;
        if (found.status != SH_OK && !is_new) return done(found.status);
        if (before.token > lock_->fence()) return done(SH_FENCED);
        const std::string expected = before.text();
        const std::string next = Work{lock_->fence(), before.count + 1}.text();
        store_->run(
            &sh_store_ext::key_set, [this](const sh_result& set) { done(set.status); }, bytes(kName),
            bytes(next), kValueMs, static_cast<std::uint32_t>(is_new ? SH_KEY_IF_MISSING : SH_KEY_IF_EQUALS),
            bytes(expected));
    }

    void done(sh_status status) {
        is_working_ = false;
        const std::lock_guard guard(mutex_);
        ++(status == SH_OK ? written_ : refused_);
    }

    streamhost::HttpResponse report() {
        const std::lock_guard guard(mutex_);
        std::string tokens;
        for (const std::uint64_t token : tokens_)
            tokens += (tokens.empty() ? "" : ",") + std::to_string(token);
        return streamhost::HttpResponse::json(200, streamhost::JsonObject()
                                                       .text("node", host().node_id())
                                                       .boolean("leads", leads_)
                                                       .json("tokens", "[" + tokens + "]")
                                                       .number("written", written_)
                                                       .number("refused", refused_)
                                                       .done());
    }

    std::uint32_t lease_ms_ = 0;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Lock> lock_;  // [store], as the four below
    bool is_asked_or_held_ = false;
    std::int64_t stand_at_ms_ = 0;
    bool is_working_ = false;
    bool is_leaving_ = false;
    std::mutex mutex_;  // guards what is reported
    bool leads_ = false;
    std::vector<std::uint64_t> tokens_;  // of the grants of this node
    std::uint64_t written_ = 0;
    std::uint64_t refused_ = 0;
    streamhost::HttpRoutes routes_;
};

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "lease_ms": {"type": "integer", "default": 3000, "minimum": 500, "maximum": 3600000, "x-unit": "ms",
      "description": "How long the others wait for a leader that is gone"}
  }
})";

}  // namespace

STREAMHOST_PLUGIN(Leader, {.name = "leader",
                           .version = "1.0.0",
                           .summary = "One node of all does the work",
                           .schema = kSchema})
