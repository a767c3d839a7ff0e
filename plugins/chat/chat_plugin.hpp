// The plugin as the host sees it.
#pragma once

#include <memory>
#include <string>

#include "streamhost/abi/svc/chat.h"
#include "streamhost/service_table.hpp"

#include "runs.hpp"
#include "settings.hpp"
#include "worker.hpp"

namespace chat {

class Chat : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override;
    void start() override;
    // Answers go on while there is time; shortly before its end they are told to stop, so that every reader
    // still gets an end.
    streamhost::DrainReport drain(std::uint32_t deadline_ms) override;

private:
    static Chat& of(void* self) { return *static_cast<Chat*>(self); }
    [[nodiscard]] std::string choose_provider(const std::string& options) const;
    void listen_to_store(const streamhost::Store& store);
    void start_worker(const QueuePort& queue);
    void every(std::uint32_t period_ms, streamhost::Host::Task work);

    void cancel(const std::string& run, const std::string& user, const std::string& reason, sh_ticket ticket);
    // Looks at what was sent before it bothers the store loop.
    static void send(void* self, const sh_chat_send* send, sh_ticket ticket) noexcept;
    static std::uint64_t active(void* self) noexcept;
    static void on_topic(void* self, sh_bytes pattern, sh_bytes topic, sh_bytes payload) noexcept;
    static void on_link(void* self, std::uint8_t up, std::uint64_t epoch) noexcept;
    static const sh_chat kTable;
    static const sh_store_events kEvents;

    Settings settings_;
    std::unique_ptr<Runs> runs_;
    std::unique_ptr<Worker> worker_;  // when this node works for a queue
    bool told_ = false;               // [control]
    bool told_to_end_ = false;
};

}  // namespace chat
