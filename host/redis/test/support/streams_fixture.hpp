// The streams of a real server, and the server itself, to see and to change what stands there.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/conformance/fixture.hpp"
#include "support/redis_bench.hpp"

namespace streamhost::redis {

using namespace store::conformance;
using store::Record;
using store::State;
using store::Status;

class RedisStreamsTest : public Conformance {
public:
    void TearDown() override {
        server().command({"CONFIG", "SET", "maxmemory", "0"});
        server().command({"ACL", "SETUSER", "default", "+@all"});
        Conformance::TearDown();
    }

    [[nodiscard]] static RedisServer& server() { return RedisBench::server(); }
    [[nodiscard]] RedisBench& bench() { return static_cast<RedisBench&>(*bench_); }
    [[nodiscard]] static const KeyNames& keys() {
        static const KeyNames kNames("streamhost:");
        return kNames;
    }
    // Reports that name it.
    [[nodiscard]] std::size_t foreign(std::string_view key = {}) {
        const auto& told = bench().troubles;
        return static_cast<std::size_t>(std::count_if(told.begin(), told.end(), [key](const auto& one) {
            const bool is_of_others =
                one.first == TroubleKind::kForeign || one.first == TroubleKind::kWrongType;
            return is_of_others && one.second.find(key) != std::string::npos;
        }));
    }

    static std::int64_t number(std::initializer_list<std::string_view> words) {
        return server().command(words).integer();
    }
    static std::string text(std::initializer_list<std::string_view> words) {
        return std::string(server().command(words).text());
    }
    // Everything of a stream, to see that nothing changed.
    static std::string snapshot(std::string_view id) {
        return text({"HGET", keys().meta(id), "d"}) + " " + text({"DUMP", keys().chunks(id)});
    }
    void subscribe(std::string_view home) {
        ASSERT_EQ(run<ChannelReply>([&](store::ChannelDone done) {
                      return store().channels().subscribe({.home = home}, std::move(done));
                  }).status,
                  Status::kOk);
    }
    PendingPtr<StreamReply> start_append(const Producer& producer, const std::vector<Record>& records) {
        return start<StreamReply>([&](store::StreamDone done) {
            const store::AppendRequest request{.id = producer.id,
                                               .fence = producer.fence,
                                               .pid = producer.pid,
                                               .records = records,
                                               .lease_ms = 6000};
            return store().streams().append(request, std::move(done));
        });
    }
    PublishReply send_one(const std::string& home, const std::string& local) {
        const auto entries = entries_of({"m"});
        const std::string run = home + "." + local;
        return send({.home = home, .key = local, .content_hash = "h", .run = run, .entries = entries});
    }
};

}  // namespace streamhost::redis
