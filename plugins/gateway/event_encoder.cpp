#include "event_encoder.hpp"

#include <algorithm>
#include <array>

#include "streamhost/bytes.hpp"
#include "streamhost/status.hpp"

#include "encoder.hpp"
#include "position.hpp"

namespace gateway {

using streamhost::bytes;
using streamhost::view;

namespace {

constexpr std::uint32_t kMostPieces = 8;  // of one frame of the encoder of WebSockets
constexpr std::string_view kLineEnds = "\r\n";

// JSON may hold line ends between its tokens, where its producer wrote it so; in an event each of them begins
// a line of its own, or what stands behind it would be read as a field.
void append_lines(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find_first_of(kLineEnds);
        out += text.substr(0, end);
        if (end == std::string_view::npos) return;
        out += "\ndata: ";
        text.remove_prefix(end + (text.substr(end, 2) == kLineEnds ? 2 : 1));
    }
}

// Takes the frames of the other encoder and gives them on as events.
class Events {
public:
    enum class Id : std::uint8_t { kNone = 1, kPosition };

    Events(std::string_view name, Id id, sh_frame_writer* to) : name_(name), to_(to), id_(id) {
        table_.struct_size = sizeof(table_);
        table_.self = this;
        table_.frame = [](sh_frame_writer* writer, std::uint64_t seq, std::uint64_t check,
                          const sh_bytes* pieces, std::uint32_t count) {
            static_cast<Events*>(writer->self)->frame({seq, check}, pieces, count);
        };
    }
    [[nodiscard]] sh_frame_writer* writer() noexcept { return &table_; }

private:
    void frame(sh_position at, const sh_bytes* pieces, std::uint32_t count) noexcept {
        char buffer[96];
        const std::size_t size = head(buffer, at);
        const bool has_lines = std::any_of(pieces, pieces + count, [](const sh_bytes& piece) {
            return view(piece).find_first_of(kLineEnds) != std::string_view::npos;
        });
        std::string lines;
        std::array<sh_bytes, kMostPieces + 2> all;
        std::uint32_t used = 0;
        all[used++] = {buffer, size};
        if (has_lines || count > kMostPieces) {
            // Out of memory: no frame, which the host counts as a failed encoder.
            const auto join = [&] {
                for (std::uint32_t index = 0; index < count; ++index)
                    append_lines(lines, view(pieces[index]));
            };
            if (streamhost::guard(nullptr, join) != SH_OK) return;
            all[used++] = bytes(lines);
        } else {
            used = static_cast<std::uint32_t>(std::copy_n(pieces, count, all.begin() + used) - all.begin());
        }
        all[used++] = bytes("\n\n");
        to_->frame(to_, at.seq, at.check, all.data(), used);
    }
    // Names are our own, of at most 10 letters.
    std::size_t head(char* out, sh_position at) const noexcept {
        char* end = out;
        const auto put = [&end](std::string_view text) { end += text.copy(end, text.size()); };
        put("event: ");
        put(name_);
        if (id_ == Id::kPosition) {
            put("\nid: ");
            end = write_position(end, at);
        }
        put("\ndata: ");
        return static_cast<std::size_t>(end - out);
    }

    std::string_view name_;
    sh_frame_writer* to_;
    sh_frame_writer table_{};
    Id id_;
};

void encode(void* /*self*/, sh_bytes stream, const sh_record* records, std::uint32_t count,
            sh_frame_writer* writer) noexcept {
    for (std::uint32_t index = 0; index < count; ++index) {
        const bool is_end = records[index].type == SH_RECORD_END;
        Events events(is_end ? "end" : "chunk", Events::Id::kPosition, writer);
        json_encoder().encode(nullptr, stream, &records[index], 1, events.writer());
    }
}

void snapshot(void* /*self*/, sh_bytes stream, const sh_record* records, std::uint32_t count, sh_position at,
              sh_frame_writer* writer) noexcept {
    Events events("snapshot", Events::Id::kPosition, writer);
    json_encoder().snapshot(nullptr, stream, records, count, at, events.writer());
}

// What follows `subscribed` may still be on its way when the connection breaks: it moves nobody.
void notice(void* /*self*/, const sh_notice* told, sh_frame_writer* writer) noexcept {
    const bool is_gap = told->kind == SH_NOTICE_GAP;
    const std::string_view name = is_gap                              ? "gap"
                                  : told->kind == SH_NOTICE_CAUGHT_UP ? "caught_up"
                                                                      : "subscribed";
    Events events(name, is_gap ? Events::Id::kPosition : Events::Id::kNone, writer);
    json_encoder().notice(nullptr, told, events.writer());
}

}  // namespace

const sh_encoder& event_encoder() noexcept {
    static constexpr sh_encoder kEncoder = {sizeof(sh_encoder), SH_FRAMING_CHUNK, nullptr, &encode,
                                            &snapshot,          &notice};
    return kEncoder;
}

std::string event_text(std::string_view name, std::string_view json) {
    return "event: " + std::string(name) + "\ndata: " + std::string(json) + "\n\n";
}

}  // namespace gateway
