#include "encoder.hpp"

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/bytes.hpp"
#include "streamhost/json.hpp"
#include "streamhost/status.hpp"

namespace gateway {

using streamhost::bytes;
using streamhost::view;

namespace {

// The part of a frame in front of its data, without allocation: of fixed texts, numbers and a stream id,
// which has at most 128 bytes.
class Head {
public:
    Head& text(std::string_view text) noexcept {
        size_ += text.copy(buffer_.data() + size_, buffer_.size() - size_);
        return *this;
    }
    Head& number(std::uint64_t value) noexcept {
        const auto end = std::to_chars(buffer_.data() + size_, buffer_.data() + buffer_.size(), value).ptr;
        size_ = static_cast<std::size_t>(end - buffer_.data());
        return *this;
    }
    Head& check(std::uint64_t value) noexcept {
        const auto digits = streamhost::hex16(value);
        return text(R"(,"check":")").text({digits.data(), digits.size()}).text("\"");
    }
    [[nodiscard]] sh_bytes bytes() const noexcept { return {buffer_.data(), size_}; }

private:
    std::array<char, 512> buffer_;
    std::size_t size_ = 0;
};

// `data` of one entry as pieces around the stored bytes.
struct Wrapped {
    std::string_view before;
    std::string_view after;
};
constexpr Wrapped wrap(std::uint32_t type) noexcept {
    return type == SH_RECORD_TEXT ? Wrapped{R"({"kind":"text","delta":")", R"("})"} : Wrapped{};
}

void encode_end(sh_bytes stream, const sh_record& record, sh_frame_writer* writer) {
    Head head;
    head.text(R"({"type":"end","stream":")").text(view(stream)).text(R"(","seq":)").number(record.seq);
    head.check(record.check).text(",");
    const std::array<sh_bytes, 3> pieces = {head.bytes(), record.data, bytes("}")};
    writer->frame(writer, record.seq, record.check, pieces.data(), pieces.size());
}

void encode_chunk(sh_bytes stream, const sh_record& record, sh_frame_writer* writer) {
    const Wrapped data = wrap(record.type);
    Head head;
    head.text(R"({"type":"chunk","stream":")").text(view(stream));
    if (record.joined_from != 0)
        head.text(R"(","from":)").number(record.joined_from).text(R"(,"seq":)");
    else
        head.text(R"(","seq":)");
    head.number(record.seq).check(record.check).text(R"(,"data":)").text(data.before);
    const std::array<sh_bytes, 4> pieces = {head.bytes(), record.data, bytes(data.after), bytes("}")};
    writer->frame(writer, record.seq, record.check, pieces.data(), pieces.size());
}

void encode(void* /*self*/, sh_bytes stream, const sh_record* records, std::uint32_t count,
            sh_frame_writer* writer) noexcept {
    for (std::uint32_t index = 0; index < count; ++index) {
        const bool is_end = records[index].type == SH_RECORD_END;
        is_end ? encode_end(stream, records[index], writer) : encode_chunk(stream, records[index], writer);
    }
}

// One frame, once per reader that is far behind: a string is good enough, and pieces per frame are limited.
void write_snapshot(sh_bytes stream, const sh_record* records, std::uint32_t count, sh_position at,
                    sh_frame_writer* writer) {
    Head head;
    head.text(R"({"type":"snapshot","stream":")").text(view(stream)).text(R"(","seq":)").number(at.seq);
    head.check(at.check).text(R"(,"data":[)");
    std::string data;
    for (std::uint32_t index = 0; index < count; ++index) {
        const Wrapped wrapped = wrap(records[index].type);
        if (index > 0) data += ',';
        data += wrapped.before;
        data += view(records[index].data);
        data += wrapped.after;
    }
    const std::array<sh_bytes, 3> pieces = {head.bytes(), bytes(data), bytes("]}")};
    writer->frame(writer, at.seq, at.check, pieces.data(), pieces.size());
}

void snapshot(void* /*self*/, sh_bytes stream, const sh_record* records, std::uint32_t count, sh_position at,
              sh_frame_writer* writer) noexcept {
    // Out of memory: no frame, which the host counts as a failed encoder; the reader starts anew.
    streamhost::guard(nullptr, [&] { write_snapshot(stream, records, count, at, writer); });
}

void subscribed(const sh_notice& notice, sh_frame_writer* writer) {
    Head head;
    head.text(R"({"type":"subscribed",)");
    Head tail;
    if (notice.request.size > 0) tail.text(",");
    tail.text(R"("stream":")").text(view(notice.stream)).text(R"(","first":)");
    tail.number(notice.last == 0 ? 0 : notice.first);
    tail.text(R"(,"head":)")
        .number(notice.last)
        .text(R"(,"state":")")
        .text(state_name(notice.state, notice.last));
    tail.text(R"(","recovered":)").text(notice.recovered != 0 ? "true" : "false");
    if (notice.reason.size > 0) tail.text(R"(,"reason":")").text(view(notice.reason)).text("\"");
    const std::string_view id = notice.request.size > 0 ? R"("id":)" : "";
    const std::array<sh_bytes, 5> pieces = {head.bytes(), bytes(id), notice.request, tail.bytes(),
                                            bytes("}")};
    writer->frame(writer, notice.last, notice.check, pieces.data(), pieces.size());
}

void caught_up(const sh_notice& notice, sh_frame_writer* writer) {
    Head head;
    head.text(R"({"type":"caught_up","stream":")").text(view(notice.stream)).text(R"(","seq":)");
    const sh_bytes piece = head.number(notice.last).text("}").bytes();
    writer->frame(writer, notice.last, notice.check, &piece, 1);
}

void gap(const sh_notice& notice, sh_frame_writer* writer) {
    Head head;
    head.text(R"({"type":"gap","stream":")")
        .text(view(notice.stream))
        .text(R"(","from":)")
        .number(notice.first);
    head.text(R"(,"to":)").number(notice.last).check(notice.check);
    const std::string_view reason = notice.reason.size > 0 ? view(notice.reason) : "trimmed";
    const sh_bytes piece = head.text(R"(,"reason":")").text(reason).text("\"}").bytes();
    writer->frame(writer, notice.last, notice.check, &piece, 1);
}

void encode_notice(void* /*self*/, const sh_notice* notice, sh_frame_writer* writer) noexcept {
    switch (notice->kind) {
    case SH_NOTICE_SUBSCRIBED: return subscribed(*notice, writer);
    case SH_NOTICE_CAUGHT_UP: return caught_up(*notice, writer);
    case SH_NOTICE_GAP: return gap(*notice, writer);
    default: return;  // a notice of a later host: this version has no frame for it
    }
}

}  // namespace

// A run that was accepted and has produced nothing is pending, too.
std::string_view state_name(std::uint32_t state, std::uint64_t last) noexcept {
    if (state == SH_STREAM_OPEN) return last == 0 ? "pending" : "active";
    return state == SH_STREAM_UNKNOWN || state == 0 ? "pending" : "ended";
}

const sh_encoder& json_encoder() noexcept {
    static constexpr sh_encoder kEncoder = {sizeof(sh_encoder), 0, nullptr, &encode, &snapshot,
                                            &encode_notice};
    return kEncoder;
}

}  // namespace gateway
