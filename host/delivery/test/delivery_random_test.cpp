#include "delivery/test/model.hpp"

namespace streamhost::delivery::test {
namespace {

constexpr int kSteps = 1000;

/// Random deliveries, attaches, detaches, partial writes, trims, resets and closings in random interleavings
/// of store thread and loops, against clients that check every byte. A reader has to see each seq once, in
/// order, with the right check, whatever happened to the logs.
class RandomRun {
public:
    RandomRun(std::uint64_t seed, const LogSetOptions& options) : follower_(seed), world_(options) {
        for (const char* name : {"alpha", "beta", "a-stream-whose-name-is-longer-than-a-small-string"})
            streams_[name].story.add_many(1 + follower_.below(5));
        for (int i = 0; i != 12; ++i)
            open_client();
    }

    void run() {
        for (int step = 0; step != kSteps && !testing::Test::HasFatalFailure(); ++step)
            act();
        settle();
        leave();
    }

    [[nodiscard]] LogSetStats stats() const { return world_.set.stats(); }

private:
    struct Stream {
        Story story;
        std::uint64_t delivered = 0;
        int epoch = 0;
    };
    struct Client {
        Reader* reader = nullptr;
        std::uint32_t loop = 0;
        ModelClient model;
    };

    void open_client() {
        auto client = std::make_unique<Client>();
        client->loop = static_cast<std::uint32_t>(follower_.below(world_.loops.size()));
        client->reader = &world_.loops[client->loop]->open({}, client.get());
        clients_.push_back(std::move(client));
    }

    Client* client_of(const ReaderRef& ref) {
        for (auto& client : clients_) {
            if (client->reader->ref() == ref) return client.get();
        }
        return nullptr;
    }

    std::pair<const std::string, Stream>& any_stream() {
        auto stream = streams_.begin();
        std::advance(stream, static_cast<long>(follower_.below(streams_.size())));
        return *stream;
    }
    Client& any_client() { return *clients_[follower_.below(clients_.size())]; }

    void act() {
        world_.tick(now_ms_ += static_cast<std::int64_t>(follower_.below(50)));
        const std::uint64_t dice = follower_.below(100);
        if (dice < 30) return deliver();
        if (dice < 40) return subscribe(any_client());
        if (dice < 43) return unsubscribe(any_client());
        if (dice < 45) return reconnect();
        if (dice < 50) return send_direct(any_client());
        if (dice < 52) now_ms_ += 6'000;
        if (dice < 65) return pump_store();
        if (dice < 80)
            return world_.pump_loop(static_cast<std::uint32_t>(follower_.below(world_.loops.size())));
        write(any_client(), follower_.below(follower_.chance(30) ? 40'000 : 400));
    }

    void deliver() {
        auto& [name, stream] = any_stream();
        const std::uint64_t count = 1 + follower_.below(follower_.chance(10) ? 60 : 4);
        for (std::uint64_t i = 0; i != count; ++i)
            stream.story.add(std::string(1 + follower_.below(follower_.chance(1) ? 40'000 : 200),
                                         static_cast<char>('a' + follower_.below(26))));
        const auto status =
            world_.deliver(name, stream.story, stream.story.head() - count, stream.story.head());
        if (status == DeliverStatus::kNotNext) {
            // The log was opened at an earlier head while nobody read: the follower reads first.
            const std::uint64_t last = world_.set.range(name, world_.encoding)->last.seq;
            ASSERT_EQ(world_.deliver(name, stream.story, last, stream.story.head()), DeliverStatus::kOk);
        }
        stream.delivered = stream.story.head();
    }

    void subscribe(Client& client) {
        auto& [name, stream] = any_stream();
        auto& subscription = client.model.subscriptions[name];
        subscription.story = &stream.story;
        // A subscription that is under way is given up at a boundary that only the loop knows, so its new
        // plan has to start with what replaces everything.
        if (subscription.id != 0) return resync(client, name, stream, subscription);
        subscription.id = ++next_id_;
        attach(client, name, stream, subscription, subscription.at);
    }

    void resync(Client& client, const std::string& name, Stream& stream,
                ModelClient::Subscription& subscription) {
        if (stream.delivered == 0) return;
        const auto records = stream.story.records(0, stream.delivered);
        const Position at = stream.story.at(stream.delivered);
        const AttachResult result =
            world_.attach(*client.reader, subscription.id, name,
                          Plan({}).snapshot(records, at).text("note resync").join(at));
        ASSERT_EQ(result.status, AttachStatus::kOk);
        subscription.ticket = result.ticket;
    }

    void attach(Client& client, const std::string& name, Stream& stream,
                ModelClient::Subscription& subscription, Position from) {
        std::string answer;
        if (follower_.chance(50)) answer = "answer " + std::to_string(client.model.answers_sent++);
        subscription.ticket = follower_.attach(world_.set, client.reader->ref(), subscription.id, name,
                                               world_.encoding, stream.story, stream.delivered, from, answer);
    }

    void unsubscribe(Client& client) {
        auto& [name, stream] = any_stream();
        const auto found = client.model.subscriptions.find(name);
        if (found == client.model.subscriptions.end() || found->second.id == 0) return;
        world_.set.detach(client.reader->ref(), found->second.id);
        found->second.id = 0;
        // Frames may still come until the loop hears of it; what the client has is known once all is quiet.
        settle();
    }

    /// The connection breaks, mid-frame or not, and its client comes back with its positions.
    void reconnect() {
        const std::size_t index = follower_.below(clients_.size());
        const ModelClient before = clients_[index]->model;
        world_.loops[clients_[index]->loop]->close(*clients_[index]->reader);
        clients_.erase(clients_.begin() + static_cast<long>(index));
        open_client();
        Client& client = *clients_.back();
        for (const auto& [name, old] : before.subscriptions) {
            auto& subscription = client.model.subscriptions[name];
            subscription.story = old.story;
            subscription.at = old.at;
            subscription.id = ++next_id_;
            attach(client, name, streams_.at(name), subscription, old.at);
        }
    }

    void send_direct(Client& client) {
        const std::string text = "direct " + std::to_string(client.model.direct_sent);
        if (send_text(*client.reader, text) == SendStatus::kOk) ++client.model.direct_sent;
    }

    void pump_store() {
        world_.pump_store();
        answer_events();
    }

    void answer_events() {
        for (const World::Event& event : std::exchange(world_.events, {})) {
            if (event.what == "unused") continue;
            Client* client = client_of(event.who.reader);
            if (client == nullptr) continue;
            for (auto& [name, subscription] : client->model.subscriptions) {
                if (subscription.id != event.who.subscription || subscription.ticket != event.who.ticket)
                    continue;
                ++(event.what == "fell_off" ? fell_off_ : wanted_more_);
                attach(*client, name, streams_.at(name), subscription, event.who.at);
            }
        }
    }

    void write(Client& client, std::size_t limit) {
        iovec iov[6];
        const std::size_t budget = 1 + follower_.below(follower_.chance(50) ? 500 : 100'000);
        const std::size_t count = client.reader->gather(iov, 1 + follower_.below(6), budget);
        if (count == 0) {
            ASSERT_TRUE(client.reader->empty());
        }
        std::size_t written = 0;
        std::size_t offered = 0;
        for (std::size_t i = 0; i != count; ++i) {
            offered += iov[i].iov_len;
            const std::size_t part = std::min(limit - written, iov[i].iov_len);
            client.model.feed(static_cast<const std::uint8_t*>(iov[i].iov_base), part);
            written += part;
        }
        ASSERT_LE(offered, budget);
        client.reader->consumed(written);
    }

    /// Lets everything go out: afterwards every subscribed client stands at the head.
    void settle() {
        for (bool busy = true; busy && !testing::Test::HasFatalFailure();) {
            world_.pump();
            busy = !world_.events.empty();
            answer_events();
            for (auto& client : clients_) {
                for (; !client->reader->empty() && !testing::Test::HasFatalFailure(); busy = true)
                    write(*client, SIZE_MAX);
            }
        }
        for (auto& client : clients_) {
            EXPECT_TRUE(client->model.between_frames());
            EXPECT_EQ(client->model.direct_seen, client->model.direct_sent);
            EXPECT_EQ(client->model.answers_seen, client->model.answers_sent) << "every answer is owed";
            for (const auto& [name, subscription] : client->model.subscriptions) {
                if (subscription.id == 0) continue;
                const Stream& stream = streams_.at(name);
                EXPECT_EQ(subscription.at, stream.story.at(stream.delivered)) << name;
            }
        }
    }

    /// Everybody goes: after the grace nothing may be held, or a node would fill up with logs that nobody
    /// reads.
    void leave() {
        for (auto& client : clients_)
            world_.loops[client->loop]->close(*client->reader);
        clients_.clear();
        world_.pump();
        world_.tick(now_ms_ += 60'000);
        world_.pump();
        EXPECT_EQ(world_.set.stats().logs, 0U);
        EXPECT_EQ(world_.set.stats().log_memory_bytes, 0U);
        for (auto& loop : world_.loops) {
            EXPECT_EQ(loop->stats().views, 0U);
            EXPECT_EQ(loop->stats().cursors, 0U);
            EXPECT_EQ(loop->stats().readers, 0U);
        }
    }

    ModelFollower follower_;
    World world_;
    std::map<std::string, Stream> streams_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::int64_t now_ms_ = 0;
    SubscriptionId next_id_ = 0;

public:
    std::uint64_t fell_off_ = 0;
    std::uint64_t wanted_more_ = 0;
};

TEST(DeliveryRandomTest, EveryReaderSeesEverySeqOnce) {
    const std::size_t before = Block::allocated_bytes();
    std::uint64_t fell_off = 0;
    std::uint64_t wanted_more = 0;
    std::uint64_t shrunk = 0;
    for (std::uint64_t seed = 1; seed <= 12 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        LogSetOptions options;
        options.loops = 1 + static_cast<std::uint32_t>(seed % 3);
        options.log_bytes = seed % 2 == 0 ? 8 * 1024 : 100 * 1024;
        options.memory_bytes = seed % 4 == 0 ? 12 * 1024 : 512 * 1024;
        RandomRun run(seed, options);
        run.run();
        fell_off += run.fell_off_;
        wanted_more += run.wanted_more_;
        shrunk += run.stats().shrunk_logs;
    }
    EXPECT_GT(fell_off, 100U) << "the runs have to reach what they are to test";
    EXPECT_GT(wanted_more, 100U);
    EXPECT_GT(shrunk, 5U);
    EXPECT_EQ(Block::allocated_bytes(), before) << "no block outlives its world";
}

}  // namespace
}  // namespace streamhost::delivery::test
