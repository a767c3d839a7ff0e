#include "app/handover_taker.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <Poco/Exception.h>
#include <unistd.h>

#include "streamhost/whole_number.hpp"

#include "app/handover_words.hpp"
#include "net/listen_address.hpp"
#include "net/socket_file.hpp"

namespace streamhost::app {

namespace {

using Kind = HandoverWord::Kind;
using net::DescriptorLink;

constexpr std::uint32_t kAnswerMs = 5'000;

[[noreturn]] void fail(const std::string& why) {
    throw std::runtime_error("runtime.handover: the process that runs here " + why);
}

HandoverWord next_word(const DescriptorLink& link, DescriptorLink::Packet& packet) {
    if (!link.wait_for(kAnswerMs)) fail("did not answer in time: try again, or stop it first");
    if (link.receive(packet) != DescriptorLink::Got::packet) fail("ended meanwhile: try again");
    const auto word = read_packet(packet.text);
    if (!word)
        fail("does not speak " + std::string(kHandoverProtocol) +
             " as this one does: stop it, then start this one");
    if (word->kind == Kind::refused) fail("refuses: " + word->fields.front());
    return *word;
}

}  // namespace

std::optional<Handover> Handover::ask(const std::string& path) {
    auto link = DescriptorLink::connect(path);
    if (!link) return std::nullopt;
    Handover handover(*std::move(link));
    if (handover.link_.peer_user() != ::geteuid())
        fail("is of another user: start this one as that user, or choose another path");
    handover.hear();
    return handover;
}

// One that refuses at once cannot be sent anything, and has said why.
void Handover::hear() {
    (void)link_.send(to_packet({Kind::take, {}}));
    for (;;) {
        DescriptorLink::Packet packet;
        const HandoverWord word = next_word(link_, packet);
        if (word.kind == Kind::all) {
            node_id_ = word.fields[0];
            watchdog_us_ = whole_number<std::uint64_t>(word.fields[1]).value_or(0);
            return;
        }
        if (word.kind != Kind::listener) fail("said something out of its turn: stop it, then start this one");
        add(word.fields, std::move(packet.descriptors));
    }
}

// One with many sockets comes in several parts.
void Handover::add(const std::vector<std::string>& fields, std::vector<net::OwnedDescriptor> descriptors) {
    Listener& listener = listeners_[fields[0]];
    listener.address = fields[1];
    listener.owner = fields[2];
    std::move(descriptors.begin(), descriptors.end(), std::back_inserter(listener.sockets));
}

std::optional<Handover::Listener> Handover::take(const std::string& name, const std::string& address) {
    const auto found = listeners_.find(name);
    if (found == listeners_.end() || found->second.address != address || found->second.sockets.empty())
        return std::nullopt;
    std::optional<Listener> out(std::move(found->second));
    listeners_.erase(found);
    return out;
}

bool Handover::is_called_off() {
    DescriptorLink::Packet packet;
    if (link_.receive(packet) != DescriptorLink::Got::packet) return false;  // also where it has ended
    const auto word = read_packet(packet.text);
    return word && word->kind == Kind::refused;
}

// What it said before it closed is read even where nothing can be sent any more.
Handover::Former Handover::tell_ready() {
    (void)link_.send(to_packet({Kind::ready, {}}));
    if (!link_.wait_for(kAnswerMs)) return Former::silent;
    DescriptorLink::Packet packet;
    if (link_.receive(packet) != DescriptorLink::Got::packet) return Former::ended;
    const auto word = read_packet(packet.text);
    return word && word->kind == Kind::leaving ? Former::leaves : Former::goes_on;
}

void Handover::remove_files() noexcept {
    for (const auto& [name, listener] : listeners_) {
        if (listener.owner.empty()) continue;
        try {
            net::SocketFile(net::parse_address(listener.address).toString(), listener.owner).remove();
        } catch (const Poco::Exception&) {
            continue;  // it is of no address that this program knows
        }
    }
}

}  // namespace streamhost::app
