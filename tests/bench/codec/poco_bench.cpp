// Poco::Net::HTTPRequest on the same head. Poco's WebSocket cannot be separated from its socket, so its speed
// is not here.
#include <sstream>
#include <string>

#include <Poco/Net/HTTPRequest.h>
#include <benchmark/benchmark.h>

namespace streamhost::bench {

const std::string& browser_head();

namespace {

void poco_head(benchmark::State& state) {
    std::istringstream stream;
    for (auto _ : state) {
        stream.clear();
        stream.str(browser_head());
        Poco::Net::HTTPRequest request;
        request.read(stream);
        benchmark::DoNotOptimize(request);
    }
}
BENCHMARK(poco_head);

}  // namespace
}  // namespace streamhost::bench
