// Input: one byte that chooses the cuts, the rest is what a server sends. The replies must not depend on the
// cuts, and where hiredis, which reads RESP2, takes something, we take the same.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <hiredis/hiredis.h>

#include "check.hpp"
#include "redis/resp.hpp"

using namespace streamhost::redis;

namespace {

constexpr RespLimits kLimits{.reply_bytes = 1U << 20, .line_bytes = 4'096, .nodes = 10'000, .depth = 7};

std::string shape(const RespValue& value) {
    std::string out = std::to_string(static_cast<int>(value.type())) + ":" + std::string(value.text()) + ":" +
                      std::to_string(value.integer()) + "(";
    RespValue item = value.first();
    for (std::uint32_t index = 0; index < value.size(); ++index, item = item.after())
        out += shape(item) + ",";
    return out + ")";
}

struct Outcome {
    std::vector<std::string> replies;
    RespFault fault = RespFault::kNone;
    std::size_t pending = 0;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(std::string_view bytes, std::size_t step) {
    RespReader reader(kLimits);
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(bytes.substr(at, step));
        while (reader.next())
            outcome.replies.push_back(shape(reader.value()));
        if (reader.fault() != RespFault::kNone) break;
    }
    outcome.fault = reader.fault();
    if (outcome.fault == RespFault::kNone) outcome.pending = reader.pending();
    return outcome;
}

void check_same(const redisReply& theirs, const RespValue& ours) {
    switch (theirs.type) {
    case REDIS_REPLY_STATUS: FUZZ_CHECK(ours.is(RespType::kSimple)); break;
    case REDIS_REPLY_ERROR: FUZZ_CHECK(ours.is(RespType::kError)); break;
    case REDIS_REPLY_STRING: FUZZ_CHECK(ours.is(RespType::kBulk)); break;
    case REDIS_REPLY_NIL: FUZZ_CHECK(ours.is(RespType::kNull)); return;
    case REDIS_REPLY_INTEGER:
        FUZZ_CHECK(ours.is(RespType::kInteger) && ours.integer() == theirs.integer);
        return;
    case REDIS_REPLY_ARRAY: {
        FUZZ_CHECK(ours.is(RespType::kArray) && ours.size() == theirs.elements);
        RespValue item = ours.first();
        for (std::size_t index = 0; index < theirs.elements; ++index, item = item.after())
            check_same(*theirs.element[index], item);
        return;
    }
    default: FUZZ_CHECK(false);
    }
    FUZZ_CHECK(ours.text() == std::string_view(theirs.str, static_cast<std::size_t>(theirs.len)));
}

// Only what hiredis takes is compared: it reads no RESP3, and it is lenient where we are not.
void compare_with_hiredis(std::string_view bytes) {
    const std::unique_ptr<redisReader, decltype(&redisReaderFree)> theirs(redisReaderCreate(),
                                                                          &redisReaderFree);
    RespReader ours(kLimits);
    ours.feed(bytes);
    redisReaderFeed(theirs.get(), bytes.data(), bytes.size());
    while (ours.next()) {
        void* reply = nullptr;
        if (redisReaderGetReply(theirs.get(), &reply) != REDIS_OK || reply == nullptr) return;
        check_same(*static_cast<redisReply*>(reply), ours.value());
        freeReplyObject(reply);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = read(bytes, bytes.size());
    FUZZ_CHECK(read(bytes, data[0] % 32 + 1U) == whole);
    compare_with_hiredis(bytes);
    return 0;
}
