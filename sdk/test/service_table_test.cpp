#include "streamhost/service_table.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/testing/fake_host.hpp"

namespace streamhost {
namespace {

struct WordCall {
    sh_bytes word;
    std::uint32_t times;
};
struct WordsTable {
    std::uint32_t struct_size;
    std::uint32_t reserved;
    void (*add)(void* self, sh_bytes word, std::uint32_t times, sh_ticket ticket);
    void (*request)(void* self, const WordCall* request, sh_ticket ticket);
    void (*forget)(void* self, sh_bytes word);
};

struct WordRequest {
    using Wire = const WordCall*;
    explicit WordRequest(Wire from) : word(view(from->word)), times(from->times) {
        if (times == 0) throw Failure(SH_INVALID, "at least once");
    }
    std::string word;
    std::uint32_t times;
};

class Words : public Plugin {
public:
    using Plugin::Plugin;
    void start() override { host().provide("words", &kTable, this); }

    std::vector<std::string> seen;
    std::vector<sh_target> where;

private:
    void add(const std::string& word, std::uint32_t times, sh_ticket ticket) {
        if (word.empty()) throw Failure(SH_CONFLICT, "an empty word");
        where.push_back(host().current());
        seen.insert(seen.end(), times, word);
        host().complete(ticket, SH_OK);
    }
    void request(WordRequest request, sh_ticket ticket) { add(request.word, request.times, ticket); }
    void forget(const std::string& word) {
        if (std::erase(seen, word) == 0) throw Failure(SH_NOT_FOUND, "no such word");
    }
    static constexpr WordsTable kTable = {sizeof(WordsTable), 0, answered<&Words::add>(),
                                          answered<&Words::request>(), told<&Words::forget>()};
};

class ServiceTable : public ::testing::Test {
protected:
    ServiceTable() {
        EXPECT_EQ(fake_.start(), SH_OK);
        table_ = fake_.provided<WordsTable>("words", &self_);
    }
    sh_ticket ticket() {
        return fake_.ticket([this](const sh_result& result) {
            answers_.push_back(result.status);
            detail_ = result.detail;
        });
    }

    testing::FakeHost fake_;
    Words& plugin_ = fake_.create<Words>();
    const WordsTable* table_ = nullptr;
    void* self_ = nullptr;
    std::vector<sh_status> answers_;
    std::string detail_;
};

TEST_F(ServiceTable, AMemberRunsOnTheStoreLoopWithACopyOfWhatTheViewsShowed) {
    std::string word = "a word that is too long to be kept inside of a string object";
    const std::string told = word;
    table_->add(self_, bytes(word), 2, ticket());
    EXPECT_TRUE(plugin_.seen.empty()) << "not inside the call";
    word.assign(word.size(), 'x');
    fake_.run();
    EXPECT_EQ(plugin_.seen, (std::vector<std::string>{told, told}));
    EXPECT_EQ(plugin_.where, std::vector<sh_target>{SH_ON_STORE});
    EXPECT_EQ(answers_, std::vector<sh_status>{SH_OK});
}

TEST_F(ServiceTable, OnTheStoreLoopItRunsAtOnceSoThatCallsKeepTheirOrder) {
    fake_.post(SH_ON_STORE, [this] {
        table_->add(self_, bytes("at once"), 1, 0);
        EXPECT_EQ(plugin_.seen.size(), 1u);
    });
    fake_.run();
    EXPECT_EQ(plugin_.seen.size(), 1u);
}

TEST_F(ServiceTable, WhatTheMemberThrowsIsTheAnswer) {
    table_->add(self_, {}, 1, ticket());
    fake_.run();
    EXPECT_EQ(answers_, std::vector<sh_status>{SH_CONFLICT});
    EXPECT_EQ(detail_, "an empty word");
}

TEST_F(ServiceTable, ARequestIsCheckedBeforeItIsCarried) {
    WordCall wire{bytes("never"), 0};
    table_->request(self_, &wire, ticket());
    fake_.run();
    EXPECT_EQ(answers_, std::vector<sh_status>{SH_INVALID});
    wire = {bytes("once"), 1};
    table_->request(self_, &wire, ticket());
    fake_.run();
    EXPECT_EQ(plugin_.seen, std::vector<std::string>{"once"});
}

TEST_F(ServiceTable, NobodyHearsOfACallWithoutAnAnswerThatFails) {
    table_->add(self_, bytes("gone"), 1, 0);
    table_->forget(self_, bytes("gone"));
    table_->forget(self_, bytes("gone"));
    fake_.run();
    EXPECT_TRUE(plugin_.seen.empty());
    EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace streamhost
