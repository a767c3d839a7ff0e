// The provider against a real socket whose other end does what servers do on bad days.
#include "openai_provider.hpp"

#include <future>

#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "certificate.hpp"
#include "scripted_server.hpp"

namespace chat {
namespace {

using namespace std::chrono_literals;
using testing::Certificate;
using testing::ScriptedServer;
using Peer = ScriptedServer::Peer;

const std::string kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& bytes) {
    char size[16];
    std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}
std::string token(const std::string& text) {
    return "data: {\"choices\":[{\"delta\":{\"content\":\"" + text + "\"}}]}\n\n";
}
std::string status(int code, const std::string& headers = "") {
    return "HTTP/1.1 " + std::to_string(code) + " No\r\nContent-Length: 0\r\n" + headers + "\r\n";
}
const std::string kDone =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

void answer_ok(Peer& peer) { peer.send(kHead + chunk(token("ok")) + chunk(kDone) + chunk("")); }

class Collector : public Sink {
public:
    bool text(std::string_view piece) override {
        all += piece;
        if (!std::exchange(began_, true)) began.set_value();
        return takes;
    }
    bool part(std::string_view) override { return false; }
    std::string all;
    std::promise<void> began;
    bool takes = true;

private:
    bool began_ = false;
};

class OpenAi : public ::testing::Test {
protected:
    Verdict run(const ScriptedServer& server) {
        options.base_url = server.url();
        return provider().produce({.content = "hi"}, sink, stop);
    }
    OpenAiProvider provider() {
        return {options, [this](std::string_view text, int code) {
                    log += std::string(text) + " " + std::to_string(code) + "\n";
                }};
    }
    OpenAiOptions options{.api_key = "sk-secret",
                          .request = {.model = "m"},
                          .connect_timeout_ms = 2'000,
                          .first_byte_timeout_ms = 2'000,
                          .idle_timeout_ms = 2'000,
                          .total_timeout_ms = 20'000,
                          .retry = {.first_ms = 1, .last_ms = 2}};
    Collector sink;
    StopSignal stop;
    std::string log;
};

TEST_F(OpenAi, StreamsAnAnswer) {
    ScriptedServer server({[](Peer& peer) {
        peer.send(kHead + chunk(token("Hel")) + chunk(token("lo")));
        peer.send(chunk(kDone) + chunk(""));
    }});
    const Verdict verdict = run(server);
    EXPECT_TRUE(verdict.complete()) << verdict.code;
    EXPECT_EQ(sink.all, "Hello");
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].rfind("POST /v1/chat/completions HTTP/1.1\r\n", 0), 0u);
    EXPECT_NE(requests[0].find("Authorization: Bearer sk-secret\r\n"), std::string::npos);
    EXPECT_NE(requests[0].find("\"stream\":true"), std::string::npos);
}

TEST_F(OpenAi, EveryByteAlone) {
    ScriptedServer server({[](Peer& peer) {
        peer.send(kHead);
        for (const char byte : token("a") + token("\xC3\xA4") + kDone)
            peer.send(chunk(std::string(1, byte)));
        peer.send(chunk(""));
    }});
    EXPECT_TRUE(run(server).complete());
    EXPECT_EQ(sink.all, "a\xC3\xA4");
}

TEST_F(OpenAi, TokensArriveBeforeTheAnswerIsOver) {
    ScriptedServer server({[](Peer& peer) {
        peer.send(kHead + chunk(token("early")));
        peer.hold();
    }});
    options.base_url = server.url();
    auto done =
        std::async(std::launch::async, [&] { return provider().produce({.content = "hi"}, sink, stop); });
    ASSERT_EQ(sink.began.get_future().wait_for(10s), std::future_status::ready);
    stop.stop(StopReason::cancelled);
    ASSERT_EQ(done.wait_for(1s), std::future_status::ready) << "a stop interrupts a blocked read";
    EXPECT_EQ(sink.all, "early");
    EXPECT_EQ(server.requests().size(), 1u) << "no retry after a stop";
}

TEST_F(OpenAi, AStopWhileNothingHasComeReturnsToo) {
    std::promise<void> asked;
    ScriptedServer server({[&](Peer& peer) {
        asked.set_value();
        peer.hold();
    }});
    options.base_url = server.url();
    options.first_byte_timeout_ms = 30'000;
    auto done =
        std::async(std::launch::async, [&] { return provider().produce({.content = "hi"}, sink, stop); });
    ASSERT_EQ(asked.get_future().wait_for(10s), std::future_status::ready);
    stop.stop(StopReason::cancelled);
    ASSERT_EQ(done.wait_for(2s), std::future_status::ready);
    EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(OpenAi, CutInTheMiddleKeepsWhatCameAndIsNotRepeated) {
    for (const bool resets : {false, true}) {
        Collector kept;
        ScriptedServer server({[resets](Peer& peer) {
                                   peer.send(kHead + chunk(token("half")) + "ff\r\ndata: {\"cho");
                                   if (resets) peer.reset();
                               },
                               answer_ok});
        options.base_url = server.url();
        const Verdict verdict = provider().produce({.content = "hi"}, kept, stop);
        EXPECT_EQ(verdict.code, "unavailable");
        // A reset may overtake what was sent before it.
        if (!resets) {
            EXPECT_EQ(kept.all, "half");
        }
        if (kept.all == "half") {
            EXPECT_EQ(server.requests().size(), 1u);
        }
    }
}

TEST_F(OpenAi, AStallIsATimeout) {
    options.idle_timeout_ms = 100;
    ScriptedServer server({[](Peer& peer) {
        peer.send(kHead + chunk(token("a")));
        peer.hold();
    }});
    EXPECT_EQ(run(server).code, "timeout");
    EXPECT_EQ(sink.all, "a");
}

TEST_F(OpenAi, NoAnswerAtAllIsATimeout) {
    options.first_byte_timeout_ms = 100;
    ScriptedServer server({[](Peer& peer) { peer.hold(); }, answer_ok});
    EXPECT_EQ(run(server).code, "timeout");
}

TEST_F(OpenAi, DripsEndAtTheTotalLimit) {
    options.total_timeout_ms = 300;
    ScriptedServer server({[](Peer& peer) {
        peer.send(kHead);
        const auto until = std::chrono::steady_clock::now() + 3s;
        do {
            peer.send(chunk(": still there\n"));
        } while (!peer.gone_within({0, 10'000}) && std::chrono::steady_clock::now() < until);
    }});
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(run(server).code, "timeout");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

TEST_F(OpenAi, TooManyRequestsAreTriedAgainThenTold) {
    ScriptedServer good({[](Peer& peer) { peer.send(status(429, "Retry-After: 0\r\n")); }, answer_ok});
    EXPECT_TRUE(run(good).complete());
    EXPECT_EQ(sink.all, "ok");
    const auto refuse = [](Peer& peer) { peer.send(status(429)); };
    ScriptedServer bad({refuse, refuse, refuse, answer_ok});
    EXPECT_EQ(run(bad).code, "rate_limited");
    EXPECT_EQ(bad.requests().size(), 3u);
}

TEST_F(OpenAi, ServerErrorsAndLostConnectionsAreTriedAgain) {
    ScriptedServer server(
        {[](Peer& peer) { peer.send(status(503)); }, [](Peer& peer) { peer.reset(); }, answer_ok});
    EXPECT_TRUE(run(server).complete());
    EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(OpenAi, ABadKeyIsTheOperatorsMatterAndNeverLeaks) {
    for (const int code : {401, 403}) {
        ScriptedServer server({[code](Peer& peer) { peer.send(status(code)); }, answer_ok});
        const Verdict verdict = run(server);
        EXPECT_EQ(verdict.code, "internal");
        EXPECT_EQ(server.requests().size(), 1u);
        EXPECT_NE(log.find(std::to_string(code)), std::string::npos);
        EXPECT_EQ((log + verdict.message).find("sk-"), std::string::npos);
    }
}

TEST_F(OpenAi, GarbageIsInternal) {
    const std::vector<std::string> garbage = {
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
        kHead + chunk("data: {not json\n\n") + chunk(""),
        kHead + chunk("data: " + std::string(2u << 20, 'x')),
    };
    for (const std::string& bytes : garbage) {
        ScriptedServer server({[&bytes](Peer& peer) { peer.send(bytes); }});
        options.retry.attempts = 1;
        const std::string code = run(server).code;
        EXPECT_EQ(code, "internal") << bytes.substr(0, 60);
    }
    EXPECT_EQ(sink.all, "");
}

TEST_F(OpenAi, NobodyThereIsUnavailable) {
    {
        const ScriptedServer gone({});
        options.base_url = gone.url();
    }
    EXPECT_EQ(provider().produce({.content = "hi"}, sink, stop).code, "unavailable");
}

TEST_F(OpenAi, ASinkThatTakesNoMoreEndsIt) {
    sink.takes = false;
    ScriptedServer server({[](Peer& peer) {
        peer.send(kHead + chunk(token("a")));
        peer.hold();
    }});
    (void)run(server);
    EXPECT_EQ(sink.all, "a");
}

TEST_F(OpenAi, APlainServerBehindHttpsIsRefusedWithoutAKeySent) {
    ScriptedServer server({[](Peer& peer) { peer.send("HTTP/1.1 200 OK\r\n\r\n"); }},
                          {.reads_request = false});
    options.base_url = "https" + server.url().substr(4);
    EXPECT_FALSE(provider().produce({.content = "hi"}, sink, stop).complete());
    ASSERT_EQ(server.requests().size(), 1u) << "trying again would change nothing";
    EXPECT_EQ(server.requests()[0].find("sk-secret"), std::string::npos);
}

// A server with a certificate of its own, and what is needed to trust it.
class OpenAiTls : public OpenAi {
protected:
    Verdict ask(const std::string& host) {
        ScriptedServer server({&answer_ok}, {.tls = context()});
        const std::string plain = server.url();
        options.base_url = "https://" + host + plain.substr(plain.rfind(':'));
        const Verdict verdict = provider().produce({.content = "hi"}, sink, stop);
        requests = server.requests();
        return verdict;
    }
    Poco::Net::Context::Ptr context() const {
        return new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, certificate.key_file(),
                                      certificate.file(), "", Poco::Net::Context::VERIFY_NONE);
    }
    void expect_nothing_said() const {
        EXPECT_EQ(sink.all, "");
        for (const std::string& request : requests)
            EXPECT_EQ(request, "");
    }
    Certificate certificate{"DNS:localhost"};
    std::vector<std::string> requests;
};

TEST_F(OpenAiTls, AServerOfTheCaFileIsTrusted) {
    options.ca_file = certificate.file();
    EXPECT_TRUE(ask("localhost").complete());
    EXPECT_EQ(sink.all, "ok");
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_NE(requests[0].find("Authorization: Bearer sk-secret"), std::string::npos);
}

TEST_F(OpenAiTls, ACertificateThatNobodyVouchesForEndsIt) {
    EXPECT_EQ(ask("localhost").code, "internal");
    expect_nothing_said();
}

TEST_F(OpenAiTls, ACertificateForAnotherNameEndsIt) {
    options.ca_file = certificate.file();
    EXPECT_EQ(ask("127.0.0.1").code, "internal");
    expect_nothing_said();
}

TEST_F(OpenAiTls, AnOperatorMayLookAway) {
    options.verify_tls = false;
    EXPECT_TRUE(ask("127.0.0.1").complete());
    EXPECT_EQ(sink.all, "ok");
}

TEST_F(OpenAi, BadOptionsOfTheOperatorAreTold) {
    for (const char* url : {"", "ftp://x/", "http://", "nonsense"}) {
        options.base_url = url;
        EXPECT_THROW((void)provider(), streamhost::Failure) << url;
    }
    options.base_url = "https://x/v1";
    options.ca_file = "/nonexistent.pem";
    EXPECT_THROW((void)provider(), streamhost::Failure);
}

}  // namespace
}  // namespace chat
