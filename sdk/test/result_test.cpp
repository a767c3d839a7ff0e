#include "streamhost/result.hpp"

#include <string>

#include <gtest/gtest.h>

#include "streamhost/store.hpp"

namespace streamhost {
namespace {

sh_result result_with(const sh_buffer* body, std::uint64_t count) {
    sh_result result = Host::make_result(SH_OK);
    result.body = body;
    result.count = count;
    return result;
}

TEST(Result, WithoutBodyOrBatchIsEmpty) {
    const sh_result result = Host::make_result(SH_OK);
    EXPECT_EQ(body_of(result), "");
    EXPECT_TRUE(records_of(result).empty());
    EXPECT_TRUE(infos_of(result).empty());
}

TEST(Result, ShowsItsBody) {
    const std::string text = "{}";
    const sh_buffer body{sizeof(body), 0, text.data(), text.size(), nullptr, nullptr};
    EXPECT_EQ(body_of(result_with(&body, 0)), "{}");
}

TEST(Result, ShowsItsRecords) {
    const sh_record records[2] = {};
    sh_batch batch{};
    batch.records = records;
    batch.count = 2;
    sh_result result = Host::make_result(SH_OK);
    result.batch = &batch;
    EXPECT_EQ(records_of(result).size(), 2u);
    EXPECT_EQ(records_of(result).data(), records);
}

TEST(Result, OfAStoreTellsOfNoStreamsWhenItFailed) {
    const sh_stream_info infos[2] = {};
    const sh_buffer body{sizeof(body),  0,       reinterpret_cast<const char*>(infos),
                         sizeof(infos), nullptr, nullptr};
    sh_result result = result_with(&body, 2);
    EXPECT_EQ(infos_of(result).size(), 2u);
    EXPECT_EQ(infos_of(result).data(), infos);
    result.status = SH_TIMEOUT;
    EXPECT_TRUE(infos_of(result).empty());
}

}  // namespace
}  // namespace streamhost
