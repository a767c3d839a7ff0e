// Input: one byte that chooses the versions and whether the other end is a proxy, one that chooses the cuts,
// the rest is how a connection begins. The verdict must not depend on the cuts, and no byte of what follows
// may go.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "check.hpp"
#include "net/proxy_header.hpp"

namespace {

using namespace streamhost::net;
using Bytes = std::span<const std::uint8_t>;
using State = ProxyPreface::State;

struct Came {
    State state = State::kNeedMore;
    std::size_t taken = 0;
    ProxyHeader header;
};

Came come(Bytes bytes, std::size_t step, ProxyProtocol accepted, bool is_trusted) {
    ProxyPreface preface(accepted, is_trusted);
    Came came;
    std::size_t shown = 0;
    while (shown < bytes.size() && came.state == State::kNeedMore) {
        shown = std::min(bytes.size(), shown + step);
        // A block of exact size, so that the address sanitizer sees a reach beyond what has arrived.
        const std::size_t size = shown - came.taken;
        const std::unique_ptr<std::uint8_t[]> moved(new std::uint8_t[size]);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(came.taken), size, moved.get());
        came.state = preface.take({moved.get(), size});
        FUZZ_CHECK(preface.taken() <= size);
        FUZZ_CHECK(came.state != State::kNeedMore || preface.taken() == size);
        FUZZ_CHECK(preface.held().size() <= kMaxProxyHeaderBytes + step);
        came.taken += preface.taken();
    }
    came.header = preface.header();
    if (came.state == State::kDirect) FUZZ_CHECK(std::ranges::equal(preface.held(), bytes.first(came.taken)));
    return came;
}

void check_accepted(Bytes bytes, const Came& came, ProxyProtocol accepted) {
    FUZZ_CHECK(came.taken <= kMaxProxyHeaderBytes);
    const ProxyVerdict verdict = read_proxy_header(bytes.first(came.taken), accepted);
    FUZZ_CHECK(verdict.state == ProxyVerdict::State::kComplete && verdict.size == came.taken);
    FUZZ_CHECK(verdict.header.source == came.header.source && verdict.header.client == came.header.client);
    FUZZ_CHECK(read_proxy_header(bytes.first(came.taken - 1), accepted).state ==
               ProxyVerdict::State::kNeedMore);
    FUZZ_CHECK(came.header.source == ProxyHeader::Source::kClient || came.header.client == PeerAddress());
    if (came.header.client.ip)
        FUZZ_CHECK(IpAddress::parse(came.header.client.ip->text()) == came.header.client.ip);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    constexpr ProxyProtocol kAccepted[] = {ProxyProtocol::kAny, ProxyProtocol::kV1, ProxyProtocol::kV2};
    const ProxyProtocol accepted = kAccepted[data[0] % 3];
    const bool is_trusted = data[0] < 128;
    const Bytes bytes(data + 2, size - 2);
    const Came in_steps = come(bytes, data[1] % 32 + 1U, accepted, is_trusted);
    const Came whole = come(bytes, std::max<std::size_t>(bytes.size(), 1), accepted, is_trusted);
    FUZZ_CHECK(in_steps.state == whole.state);
    if (whole.state != State::kAccepted) return 0;
    FUZZ_CHECK(is_trusted && in_steps.taken == whole.taken && in_steps.header.client == whole.header.client);
    check_accepted(bytes, whole, accepted);
    return 0;
}
