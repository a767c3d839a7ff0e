#include "redis/driver/records.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include <zlib.h>

#include "store/chain.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::Buffer;
using store::Record;
using store::State;

namespace {

constexpr char kMark = '|';
constexpr std::size_t kCheckDigits = 16;
constexpr std::pair<State, std::string_view> kStates[] = {{State::kOpen, "o"},
                                                          {State::kComplete, "c"},
                                                          {State::kCancelled, "x"},
                                                          {State::kError, "e"},
                                                          {State::kLost, "l"}};

// Takes fields off the front of a text; once one is wrong, all that follow are.
class Fields {
public:
    explicit Fields(std::string_view text) : rest_(text) {}

    std::string_view word() {
        const auto mark = rest_.find(kMark);
        if (mark == std::string_view::npos) is_good_ = false;
        if (!is_good_) return {};
        const std::string_view word = rest_.substr(0, mark);
        rest_.remove_prefix(mark + 1);
        return word;
    }
    template <typename Number>
    Number number() {
        return parsed<Number>(word(), 10);
    }
    std::uint64_t check() {
        const std::string_view digits = word();
        if (digits.size() != kCheckDigits) is_good_ = false;
        return parsed<std::uint64_t>(digits, 16);
    }
    store::Position position() {
        const auto seq = number<std::uint64_t>();
        return {seq, check()};
    }
    std::string_view bytes(std::size_t size) {
        if (size > rest_.size()) is_good_ = false;
        if (!is_good_) return {};
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    void mark() {
        if (bytes(1) != "|") is_good_ = false;
    }
    void expect(bool good) { is_good_ = is_good_ && good; }

    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
    [[nodiscard]] bool good() const noexcept { return is_good_; }

private:
    template <typename Number>
    Number parsed(std::string_view digits, int base) {
        Number value{};
        const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
        if (digits.empty() || error != std::errc() || stop != digits.data() + digits.size()) is_good_ = false;
        return value;
    }

    std::string_view rest_;
    bool is_good_ = true;
};

bool is_type(char letter) noexcept {
    return std::string_view("tprme").find(letter) != std::string_view::npos;
}

// Empty where it would not get smaller.
std::string deflated(std::string_view data) {
    std::string out(compressBound(data.size()), '\0');
    uLongf size = out.size();
    const int result = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                                 reinterpret_cast<const Bytef*>(data.data()), data.size(), Z_BEST_SPEED);
    if (result != Z_OK || size >= data.size()) return {};
    out.resize(size);
    return out;
}

std::optional<Buffer> inflated(std::string_view data, std::size_t size) {
    if (size == 0 || size > store::kMaxEntryBytes) return std::nullopt;
    auto out = std::make_unique<std::string>(size, '\0');
    uLongf got = size;
    const int result = uncompress(reinterpret_cast<Bytef*>(out->data()), &got,
                                  reinterpret_cast<const Bytef*>(data.data()), data.size());
    if (result != Z_OK || got != size) return std::nullopt;
    const std::string_view view = *out;
    return Buffer::wrap(
        view, [](void* owner) { delete static_cast<std::string*>(owner); }, out.release());
}

Buffer part_of(const Buffer& owner, std::string_view part) {
    return owner.slice(static_cast<std::size_t>(part.data() - owner.data()), part.size());
}

// "t", or "tz" and the size before it was deflated.
std::optional<Buffer> data_of(std::string_view type, std::string_view data, const Buffer& owner) {
    if (type.empty() || !is_type(type[0])) return std::nullopt;
    if (type.size() == 1) return part_of(owner, data);
    if (type[1] != 'z') return std::nullopt;
    std::size_t size = 0;
    const auto [stop, error] = std::from_chars(type.data() + 2, type.data() + type.size(), size);
    if (error != std::errc() || stop != type.data() + type.size()) return std::nullopt;
    return inflated(data, size);
}

}  // namespace

void add_entry(Call& call, const Record& record, std::uint64_t fence) {
    std::string_view data = record.data.view();
    std::string small;
    if (data.size() >= kDeflateFrom) small = deflated(data);
    std::string head = std::to_string(record.seq);
    head.append(1, kMark).append(store::check_text(record.prev));
    head.append(1, kMark).append(store::check_text(record.check));
    head.append(1, kMark).append(std::to_string(fence));
    head.append(1, kMark).append(1, static_cast<char>(record.type));
    if (!small.empty()) {
        head.append(1, 'z').append(std::to_string(data.size()));
        data = small;
    }
    head.append(1, kMark);
    if (record.ts_ms == 0) {
        call.arg(head).arg("|", data);
        return;
    }
    head.append(std::to_string(record.ts_ms)).append(1, kMark);
    call.arg(head, data).arg("");
}

std::optional<Record> parse_entry(std::string_view entry, const Buffer& owner) {
    Fields fields(entry);
    Record record;
    record.seq = fields.number<std::uint64_t>();
    record.prev = fields.check();
    record.check = fields.check();
    record.fence = fields.number<std::uint64_t>();
    const std::string_view type = fields.word();
    record.ts_ms = fields.number<std::int64_t>();
    if (!fields.good() || record.seq == 0 || record.seq > store::kMaxSeq) return std::nullopt;
    auto data = data_of(type, fields.rest(), owner);
    if (!data) return std::nullopt;
    record.type = static_cast<store::Type>(type[0]);
    record.data = std::move(*data);
    return record;
}

std::optional<StreamMessage> parse_message(const Buffer& payload) {
    Fields fields(payload.view());
    StreamMessage message;
    message.id = fields.word();
    fields.expect(store::is_stream_id(message.id));
    for (bool is_first = true; is_first || (fields.good() && !fields.rest().empty()); is_first = false) {
        if (!is_first) fields.mark();
        const std::string_view entry = fields.bytes(fields.number<std::size_t>());
        if (!fields.good()) return std::nullopt;
        auto record = parse_entry(entry, payload);
        if (!record) return std::nullopt;
        if (!is_first) {
            const Record& before = message.records.back();
            fields.expect(record->seq == before.seq + 1 && record->prev == before.check);
        }
        message.records.push_back(std::move(*record));
    }
    if (!fields.good()) return std::nullopt;
    return message;
}

std::optional<StreamFields> parse_fields(std::string_view text, std::int64_t now_ms) {
    // The last field has no mark behind it.
    const std::string closed = std::string(text) + kMark;
    Fields fields(closed);
    StreamFields parsed;
    store::StreamInfo& info = parsed.info;
    const std::string_view mode = fields.word();
    fields.expect(mode == "o" || mode == "s");
    info.mode = mode == "o" ? store::Mode::kOwned : store::Mode::kShared;
    const std::string_view state = fields.word();
    bool is_known = false;
    for (const auto& [known, letter] : kStates) {
        if (letter != state) continue;
        info.state = known;
        is_known = true;
    }
    fields.expect(is_known);
    info.base = fields.position();
    info.head = fields.position();
    info.fence = fields.number<std::uint64_t>();
    fields.word();  // pid: between the scripts and whoever claims
    info.left_ms = std::max<std::int64_t>(0, fields.number<std::int64_t>() - now_ms);
    info.claims = fields.number<std::uint64_t>();
    parsed.created_us = fields.number<std::int64_t>();
    info.created_ms = parsed.created_us / 1000;
    fields.number<std::int64_t>();   // touched
    fields.number<std::uint64_t>();  // bytes
    if (!fields.good() || !fields.rest().empty()) return std::nullopt;
    return parsed;
}

std::string_view letter_of(State state) noexcept {
    for (const auto& [known, letter] : kStates)
        if (known == state) return letter;
    return "o";
}

}  // namespace streamhost::redis
