#include "redis/resp.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace streamhost::redis {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kKeptBytes = std::size_t{1} << 20;

template <typename Number>
std::optional<Number> parse(std::string_view text) {
    Number value{};
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

// from_chars takes no plus sign; servers write none, the specification allows it.
std::optional<std::int64_t> parse_integer(std::string_view text) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    return parse<std::int64_t>(text);
}

std::optional<double> parse_double(std::string_view text) {
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    if (text == "nan" || text == "-nan") return std::numeric_limits<double>::quiet_NaN();
    const bool is_plain = text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    return is_plain ? parse<double>(text) : std::nullopt;
}

bool is_big_number(std::string_view text) {
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string_view describe(RespFault fault) noexcept {
    switch (fault) {
    case RespFault::kNone: return "none";
    case RespFault::kType: return "a reply starts with a byte that stands for no type";
    case RespFault::kLineEnd: return "a line or a text does not end in CR LF";
    case RespFault::kLength: return "a length is no number, or negative";
    case RespFault::kNumber: return "a number that is none";
    case RespFault::kBoolean: return "a boolean is neither t nor f";
    case RespFault::kVerbatim: return "a verbatim text without its format";
    case RespFault::kTooLarge: return "a reply is larger than the limit";
    case RespFault::kTooDeep: return "a reply is nested deeper than the limit";
    case RespFault::kTooManyNodes: return "a reply has more values than the limit";
    }
    return "unknown";
}

RespValue RespValue::operator[](std::uint32_t position) const noexcept {
    if (position >= size()) return {};
    RespValue value = first();
    while (position-- > 0)
        value = value.after();
    return value;
}

void RespReader::drop_shown() noexcept {
    if (!std::exchange(is_shown_, false)) return;
    start_ = searched_ = at_;
    nodes_.clear();
}

char* RespReader::room(std::size_t size) {
    drop_shown();
    if (start_ == end_) {
        start_ = at_ = searched_ = end_ = 0;
        // One very large reply is no reason to keep its room for ever.
        if (bytes_.size() > kKeptBytes) bytes_ = std::vector<char>(std::max(size, kKeptBytes));
    } else if (start_ > 0 && bytes_.size() - end_ < size) {
        std::memmove(bytes_.data(), bytes_.data() + start_, end_ - start_);
        at_ -= start_;
        searched_ -= start_;
        end_ -= start_;
        start_ = 0;
    }
    if (bytes_.size() - end_ < size) bytes_.resize(std::max(end_ + size, bytes_.size() * 2));
    return bytes_.data() + end_;
}

void RespReader::feed(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    fed(bytes.size());
}

bool RespReader::next() {
    drop_shown();
    if (fault_ != RespFault::kNone) return false;
    while (step()) {
        if (at_ - start_ > limits_.reply_bytes) return fail(RespFault::kTooLarge);
        close_levels();
        if (!awaits_text_ && levels_.empty() && !nodes_.empty()) return is_shown_ = true;
    }
    return false;
}

// One value's line, or the text that a line announced. False: not all of it is here, or a fault.
bool RespReader::step() {
    if (awaits_text_) return finish_text();
    std::string_view text;
    if (!line(text)) return false;
    if (text.empty()) return fail(RespFault::kType);
    return start_value(text.front(), text.substr(1));
}

bool RespReader::line(std::string_view& text) {
    const std::string_view rest(bytes_.data() + at_, end_ - at_);
    const std::size_t from = std::max(searched_, at_) - at_;
    const std::size_t stop = rest.find(kLineEnd, from);
    if (stop == std::string_view::npos) {
        if (rest.size() > limits_.line_bytes + kLineEnd.size()) return fail(RespFault::kTooLarge);
        searched_ = at_ + (rest.empty() ? 0 : rest.size() - 1);  // the last byte may be the CR
        return false;
    }
    if (stop > limits_.line_bytes) return fail(RespFault::kTooLarge);
    text = rest.substr(0, stop);
    // A lone CR or LF inside is what an answer looks like that is cut in the wrong place.
    if (text.find_first_of(kLineEnd) != std::string_view::npos) return fail(RespFault::kLineEnd);
    at_ += stop + kLineEnd.size();
    return true;
}

RespNode* RespReader::add(RespType type) {
    if (nodes_.size() >= limits_.nodes) {
        fail(RespFault::kTooManyNodes);
        return nullptr;
    }
    if (!levels_.empty()) --levels_.back().left;
    RespNode& node = nodes_.emplace_back();
    node.type = type;
    node.next = static_cast<std::uint32_t>(nodes_.size());
    return &node;
}

bool RespReader::start_value(char type, std::string_view text) {
    const auto plain = [&](RespType is) {
        RespNode* node = add(is);
        if (node == nullptr) return false;
        node->at = static_cast<std::size_t>(text.data() - bytes_.data()) - start_;
        node->size = text.size();
        return true;
    };
    switch (type) {
    case '+': return plain(RespType::kSimple);
    case '-': return plain(RespType::kError);
    case '(': return is_big_number(text) ? plain(RespType::kBigNumber) : fail(RespFault::kNumber);
    case ',': {
        const auto value = parse_double(text);
        if (!value) return fail(RespFault::kNumber);
        if (!plain(RespType::kDouble)) return false;
        nodes_.back().number = *value;
        return true;
    }
    case ':': {
        const auto value = parse_integer(text);
        if (!value) return fail(RespFault::kNumber);
        RespNode* node = add(RespType::kInteger);
        if (node != nullptr) node->integer = *value;
        return node != nullptr;
    }
    case '#': {
        if (text != "t" && text != "f") return fail(RespFault::kBoolean);
        RespNode* node = add(RespType::kBoolean);
        if (node != nullptr) node->integer = text == "t" ? 1 : 0;
        return node != nullptr;
    }
    case '_': return text.empty() ? add(RespType::kNull) != nullptr : fail(RespFault::kType);
    case '$': return start_text(RespType::kBulk, text);
    case '!': return start_text(RespType::kError, text);
    case '=': return start_text(RespType::kVerbatim, text);
    case '*': return start_list(RespType::kArray, text, 1);
    case '~': return start_list(RespType::kSet, text, 1);
    case '>': return start_list(RespType::kPush, text, 1);
    case '%': return start_list(RespType::kMap, text, 2);
    case '|': return start_list(RespType::kNull, text, 2);
    default: return fail(RespFault::kType);
    }
}

// kNull stands for an attribute: pairs in front of a value, which are taken out again when they are read.
bool RespReader::start_list(RespType type, std::string_view text, std::uint32_t per_item) {
    const auto count = parse<std::int64_t>(text);
    if (count == -1 && type == RespType::kArray) return add(RespType::kNull) != nullptr;
    if (!count || *count < 0) return fail(RespFault::kLength);
    if (static_cast<std::uint64_t>(*count) > limits_.nodes / per_item) return fail(RespFault::kTooManyNodes);
    if (levels_.size() >= limits_.depth) return fail(RespFault::kTooDeep);
    RespNode* node = add(type);
    if (node == nullptr) return false;
    node->children = static_cast<std::uint32_t>(*count) * per_item;
    const bool is_attribute = type == RespType::kNull;
    if (is_attribute && !levels_.empty()) ++levels_.back().left;  // it is none of its parent's values
    levels_.push_back({static_cast<std::uint32_t>(nodes_.size() - 1), node->children, is_attribute});
    return true;
}

bool RespReader::start_text(RespType type, std::string_view text) {
    const auto size = parse<std::int64_t>(text);
    if (size == -1 && type == RespType::kBulk) return add(RespType::kNull) != nullptr;
    if (!size || *size < 0) return fail(RespFault::kLength);
    if (static_cast<std::uint64_t>(*size) > limits_.reply_bytes) return fail(RespFault::kTooLarge);
    RespNode* node = add(type);
    if (node == nullptr) return false;
    node->at = at_ - start_;
    node->size = static_cast<std::size_t>(*size);
    awaits_text_ = true;
    return true;
}

bool RespReader::finish_text() {
    RespNode& node = nodes_.back();
    if (end_ - at_ < node.size + kLineEnd.size()) return false;
    if (std::string_view(bytes_.data() + at_ + node.size, kLineEnd.size()) != kLineEnd)
        return fail(RespFault::kLineEnd);
    at_ += node.size + kLineEnd.size();
    awaits_text_ = false;
    if (node.type != RespType::kVerbatim) return true;
    constexpr std::size_t kFormat = 4;  // "txt:"
    if (node.size < kFormat || bytes_[start_ + node.at + kFormat - 1] != ':')
        return fail(RespFault::kVerbatim);
    node.at += kFormat;
    node.size -= kFormat;
    return true;
}

void RespReader::close_levels() {
    if (awaits_text_) return;
    while (!levels_.empty() && levels_.back().left == 0) {
        const Level level = levels_.back();
        levels_.pop_back();
        if (level.is_attribute) {
            nodes_.resize(level.node);
        } else {
            nodes_[level.node].next = static_cast<std::uint32_t>(nodes_.size());
        }
    }
}

bool RespReader::fail(RespFault fault) noexcept {
    fault_ = fault;
    return false;
}

}  // namespace streamhost::redis
