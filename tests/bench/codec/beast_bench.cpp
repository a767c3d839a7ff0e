// Boost.Beast over a stream in memory, so that no system call is in the figure. Asio comes with it; nothing
// else here uses it.
#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "frames.hpp"

namespace streamhost::bench {

const std::string& browser_head();

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

// Gives the handshake once, then the same block of frames for ever; swallows what is written.
class MemoryStream {
public:
    using executor_type = asio::io_context::executor_type;
    MemoryStream(asio::io_context& context, const std::vector<std::uint8_t>& block)
        : context_(context), block_(block) {}

    executor_type get_executor() noexcept { return context_.get_executor(); }

    template <typename Buffers>
    std::size_t read_some(const Buffers& buffers, beast::error_code& error) {
        error = {};
        if (at_ == block_.size()) at_ = 0;
        const std::size_t size = asio::buffer_copy(buffers, asio::buffer(block_) + at_);
        at_ += size;
        return size;
    }
    template <typename Buffers>
    std::size_t read_some(const Buffers& buffers) {
        beast::error_code error;
        return read_some(buffers, error);
    }
    template <typename Buffers>
    std::size_t write_some(const Buffers& buffers, beast::error_code& error) {
        error = {};
        return asio::buffer_size(buffers);
    }
    template <typename Buffers>
    std::size_t write_some(const Buffers& buffers) {
        return asio::buffer_size(buffers);
    }

private:
    asio::io_context& context_;
    const std::vector<std::uint8_t>& block_;
    std::size_t at_ = 0;
};

void teardown(beast::role_type, MemoryStream&, beast::error_code& error) { error = {}; }

void beast_text(benchmark::State& state, const std::string& payload) {
    std::size_t frames = 0;
    const std::vector<std::uint8_t> block = masked_block(net::WsOpcode::kText, payload, 16 * 1024, frames);
    asio::io_context context;
    beast::websocket::stream<MemoryStream> stream(context, block);
    beast::error_code error;
    stream.accept(asio::buffer(browser_head()), error);
    if (error) state.SkipWithError(error.message().c_str());
    beast::flat_buffer message;
    std::size_t seen = 0;
    for (auto _ : state) {
        for (std::size_t i = 0; i < frames; ++i) {
            message.clear();
            stream.read(message, error);
            seen += message.size();
        }
    }
    if (error || seen != state.iterations() * frames * payload.size()) state.SkipWithError("lost bytes");
    state.counters["per_frame"] =
        benchmark::Counter(static_cast<double>(state.iterations() * frames),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void beast_ascii_text(benchmark::State& state) {
    beast_text(state, ascii_payload(static_cast<std::size_t>(state.range(0))));
}
void beast_cjk_text(benchmark::State& state) {
    beast_text(state, cjk_payload(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(beast_ascii_text)->Arg(20)->Arg(100)->Arg(1000)->Arg(16000);
BENCHMARK(beast_cjk_text)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace streamhost::bench
