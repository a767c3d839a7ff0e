#include "bridge/encoder.hpp"

#include <array>

namespace streamhost::bridge {

namespace {

constexpr std::uint32_t kMaxPieces = 32;

}  // namespace

/// The writer that a plugin fills; sh_bytes and delivery's Piece say the same in other words.
struct DeliveryHub::EncoderOfPlugin::ToFrames {
    explicit ToFrames(delivery::FrameWriter& to) : out(to) {
        table.struct_size = sizeof(table);
        table.self = this;
        table.frame = [](sh_frame_writer* writer, std::uint64_t seq, std::uint64_t check,
                         const sh_bytes* pieces, std::uint32_t count) {
            std::array<delivery::Piece, kMaxPieces> list;
            if (count > kMaxPieces) return static_cast<ToFrames*>(writer->self)->refuse();
            for (std::uint32_t index = 0; index < count; ++index)
                list[index] = {pieces[index].data, static_cast<std::size_t>(pieces[index].size)};
            static_cast<ToFrames*>(writer->self)->out.frame(seq, check, list.data(), count);
        };
    }
    void refuse() { good = false; }

    delivery::FrameWriter& out;
    sh_frame_writer table{};
    bool good = true;
};

const std::vector<sh_record>& DeliveryHub::EncoderOfPlugin::to_abi(
    std::span<const delivery::RecordView> records) {
    records_.clear();
    for (const delivery::RecordView& record : records) {
        sh_record out{};
        out.seq = record.seq;
        out.prev = record.prev;
        out.check = record.check;
        out.ts_ms = record.ts_ms;
        out.joined_from = record.joined_from;
        out.type = static_cast<std::uint32_t>(static_cast<unsigned char>(record.type));
        out.data = bytes(record.data);
        records_.push_back(out);
    }
    return records_;
}

bool DeliveryHub::EncoderOfPlugin::encode(std::string_view stream,
                                          std::span<const delivery::RecordView> records,
                                          delivery::FrameWriter& out) noexcept {
    ToFrames writer(out);
    const bool ran = instance_->call("encode", [&] {
        const auto& list = to_abi(records);
        table_.encode(table_.self, bytes(stream), list.data(), static_cast<std::uint32_t>(list.size()),
                      &writer.table);
    });
    return ran && writer.good && out.good();
}

bool DeliveryHub::EncoderOfPlugin::snapshot(std::string_view stream,
                                            std::span<const delivery::RecordView> records,
                                            delivery::Position at, delivery::FrameWriter& out) noexcept {
    ToFrames writer(out);
    const bool ran = instance_->call("snapshot", [&] {
        const auto& list = to_abi(records);
        table_.snapshot(table_.self, bytes(stream), list.data(), static_cast<std::uint32_t>(list.size()),
                        {at.seq, at.check}, &writer.table);
    });
    return ran && writer.good && out.good();
}

std::string DeliveryHub::EncoderOfPlugin::notice_text(const sh_notice& notice) noexcept {
    std::string text;
    sh_frame_writer writer{};
    writer.struct_size = sizeof(writer);
    writer.self = &text;
    writer.frame = [](sh_frame_writer* to, std::uint64_t, std::uint64_t, const sh_bytes* pieces,
                      std::uint32_t count) {
        for (std::uint32_t index = 0; index < count; ++index)
            *static_cast<std::string*>(to->self) += view(pieces[index]);
    };
    instance_->call("notice", [&] { table_.notice(table_.self, &notice, &writer); });
    return text;
}

}  // namespace streamhost::bridge
