#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bridge/delivery_hub.hpp"
#include "delivery/encoder.hpp"

namespace streamhost::bridge {

using NoticeText = std::function<std::string(const sh_notice&)>;

/// A plugin's encoder as delivery calls it. [store]
class DeliveryHub::EncoderOfPlugin final : public delivery::Encoder {
public:
    EncoderOfPlugin(std::shared_ptr<control::Instance> instance, const sh_encoder& table)
        : instance_(std::move(instance)), table_(table) {}

    [[nodiscard]] bool encode(std::string_view stream, std::span<const delivery::RecordView> records,
                              delivery::FrameWriter& out) noexcept override;
    [[nodiscard]] bool snapshot(std::string_view stream, std::span<const delivery::RecordView> records,
                                delivery::Position at, delivery::FrameWriter& out) noexcept override;
    /// The payload of a notice; empty when the plugin is gone.
    [[nodiscard]] std::string notice_text(const sh_notice& notice) noexcept;

private:
    struct ToFrames;
    const std::vector<sh_record>& to_abi(std::span<const delivery::RecordView> records);

    const std::shared_ptr<control::Instance> instance_;
    const sh_encoder table_;
    std::vector<sh_record> records_;  // kept, so that encoding allocates nothing
};

}  // namespace streamhost::bridge
