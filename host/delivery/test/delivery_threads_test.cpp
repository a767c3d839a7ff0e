#include <atomic>
#include <mutex>
#include <thread>

#include "delivery/test/model.hpp"

namespace streamhost::delivery::test {
namespace {

constexpr std::uint32_t kLoops = 2;
constexpr std::size_t kClientsPerLoop = 8;
constexpr std::uint64_t kRecords = 3000;
constexpr std::uint64_t kLateStart = kRecords / 2;  // far beyond what a log may hold

/// What a loop's inbox or the store's is in the host: one lock, held for a push or a swap.
template <typename T>
class Inbox {
public:
    void push(T item) {
        const std::lock_guard lock(mutex_);
        items_.push_back(std::move(item));
    }
    std::vector<T> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(items_, {});
    }

private:
    std::mutex mutex_;
    std::vector<T> items_;
};

struct Arrival {
    ReaderRef reader;
    Position from;
};

/// A store thread that delivers and answers, and two loop threads whose clients read in random bites and come
/// back. Meant for the thread sanitizer: the threads share the inboxes and published blocks, nothing else.
class ThreadedWorld final : public LoopPort, public StorePort, public FollowerEvents {
public:
    ThreadedWorld()
        : set_({.loops = kLoops, .memory_bytes = 96 * 1024, .log_bytes = 24 * 1024}, *this, *this) {
        encoding_ = set_.add_encoding(encoder_, websocket_text);
        story_.add_many(kRecords - 1, 60);
        story_.finish();
    }

    void run() {
        std::vector<std::thread> threads;
        for (std::uint32_t loop = 0; loop != kLoops; ++loop)
            threads.emplace_back([this, loop] { run_loop(loop); });
        run_store();
        for (std::thread& thread : threads)
            thread.join();
    }

    void post(std::uint32_t loop, std::unique_ptr<LoopMessage> message) override {
        to_loops_[loop].push(std::move(message));
    }
    void post(std::unique_ptr<LoopReport> report) override { to_store_.push(std::move(report)); }

    void fell_off(const FollowerEvents::Reader& who, std::string_view, EncodingId, FallReason) override {
        ++fell_off_count;
        again_.push_back({who.reader, who.at});
    }
    void completed(const FollowerEvents::Reader&) override { ++completed_; }
    void wants_more(const FollowerEvents::Reader& who) override { again_.push_back({who.reader, who.at}); }
    void unused(std::string_view) override {}

    std::uint64_t fell_off_count = 0;

private:
    // ---- store thread ----
    void run_store() {
        ModelFollower follower(1);
        while (done_.load() != kLoops) {
            for (auto& report : to_store_.take())
                set_.take(std::move(report));
            for (const Arrival& arrival : std::exchange(again_, {}))
                attach(follower, arrival, delivered_.load());
            for (const Arrival& arrival : arrivals_.take())
                attach(follower, arrival, delivered_.load());
            if (attached_ >= kLoops * kClientsPerLoop) deliver(follower, delivered_.load());
            set_.tick(now_ms_ += 10);
            set_.flush();
            std::this_thread::yield();
        }
    }

    void attach(ModelFollower& follower, const Arrival& arrival, std::uint64_t delivered) {
        ++attached_;
        if (delivered == 0 || arrival.from.seq == kRecords) {
            Plan plan(arrival.from);
            const AttachResult result = set_.attach(arrival.reader, 1, "s", encoding_,
                                                    delivered == 0 ? plan.join(arrival.from) : plan.end());
            EXPECT_EQ(result.status, AttachStatus::kOk);
            return;
        }
        follower.attach(set_, arrival.reader, 1, "s", encoding_, story_, delivered, arrival.from, "");
    }

    void deliver(ModelFollower& follower, std::uint64_t delivered) {
        if (delivered == kRecords) return;
        const std::uint64_t to = std::min(kRecords, delivered + 1 + follower.below(8));
        const auto records = story_.records(delivered, to);
        const DeliverStatus status = set_.deliver("s", records);
        EXPECT_TRUE(status == DeliverStatus::kOk || status == DeliverStatus::kNoReaders);
        delivered_.store(to);
    }

    // ---- loop threads ----
    struct Client {
        delivery::Reader* reader = nullptr;
        ModelClient model;
        std::uint64_t connected_at = 0;

        [[nodiscard]] std::uint64_t seq() const { return model.subscriptions.at("s").at.seq; }
        [[nodiscard]] bool finished() const { return seq() == kRecords && reader->empty(); }
    };

    void connect(LoopDelivery& delivery, Client& client) {
        const Position from = client.model.subscriptions["s"].at;
        client.reader = &delivery.open({}, &client);
        client.model = {};
        client.connected_at = from.seq;
        auto& subscription = client.model.subscriptions["s"];
        subscription.story = &story_;
        subscription.at = from;
        arrivals_.push({client.reader->ref(), from});
    }

    void run_loop(std::uint32_t loop) {
        std::mt19937_64 random(loop + 7);
        LoopDelivery delivery({loop, 30'000}, *this);
        std::vector<Client> clients(kClientsPerLoop);
        for (Client& client : clients)
            connect(delivery, client);
        while (!std::all_of(clients.begin(), clients.end(), [](const Client& client) {
            return client.finished();
        }) && !testing::Test::HasFailure()) {
            for (auto& message : to_loops_[loop].take())
                delivery.apply(std::move(message));
            const bool late_started = delivered_.load() >= kLateStart;
            for (std::size_t due = delivery.dirty_count(); due != 0; --due) {
                delivery::Reader& reader = *delivery.next_dirty();
                if (reader.user() != &clients[0] || late_started)
                    flush(reader, random);
                else
                    reader.writable();
            }
            Client& client = clients[random() % clients.size()];
            // Only one that got something may go, or a slow store thread would never get a reader attached in
            // time.
            if (random() % 16 == 0 && client.seq() > client.connected_at && client.seq() != kRecords) {
                delivery.close(*client.reader);
                connect(delivery, client);
            }
            delivery.finish_round();
            std::this_thread::yield();
        }
        for (Client& client : clients)
            delivery.close(*client.reader);
        delivery.finish_round();
        done_.fetch_add(1);
    }

    static void flush(delivery::Reader& reader, std::mt19937_64& random) {
        auto& client = *static_cast<Client*>(reader.user());
        iovec iov[4];
        const std::size_t count = reader.gather(iov, 4, 16 * 1024);
        std::size_t room = random() % 8 == 0 ? 16 * 1024 : random() % 600;
        std::size_t written = 0;
        for (std::size_t i = 0; i != count; ++i) {
            const std::size_t part = std::min(room, iov[i].iov_len);
            client.model.feed(static_cast<const std::uint8_t*>(iov[i].iov_base), part);
            written += part;
            room -= part;
        }
        reader.consumed(written);
        reader.writable();
    }

    TestEncoder encoder_;
    Story story_;
    LogSet set_;
    EncodingId encoding_ = 0;
    std::vector<Arrival> again_;
    std::size_t attached_ = 0;
    std::uint64_t completed_ = 0;
    std::int64_t now_ms_ = 0;

    std::array<Inbox<std::unique_ptr<LoopMessage>>, kLoops> to_loops_;
    Inbox<std::unique_ptr<LoopReport>> to_store_;
    Inbox<Arrival> arrivals_;
    std::atomic<std::uint64_t> delivered_{0};
    std::atomic<std::uint32_t> done_{0};
};

TEST(DeliveryThreadsTest, StoreThreadAndLoopsShareOnlyWhatIsPublished) {
    const std::size_t before = Block::allocated_bytes();
    {
        ThreadedWorld world;
        world.run();
        EXPECT_GE(world.fell_off_count, kLoops) << "the log was trimmed under a reader of each loop";
    }
    EXPECT_EQ(Block::allocated_bytes(), before);
}

}  // namespace
}  // namespace streamhost::delivery::test
