#include "config/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <string>

namespace streamhost::config {

namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::string_view without_sign(std::string_view text) {
    return !text.empty() && (text.front() == '-' || text.front() == '+') ? text.substr(1) : text;
}

// from_chars knows no leading plus.
std::string_view without_plus(std::string_view text) {
    return !text.empty() && text.front() == '+' ? text.substr(1) : text;
}

template <class Number, class... Extra>
std::optional<Number> convert(std::string_view text, Extra... extra) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number, extra...);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return number;
}

std::optional<std::int64_t> as_integer(std::string_view text) {
    const std::string_view digits = without_sign(text);
    if (all_digits(digits)) {
        if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
        return convert<std::int64_t>(without_plus(text));
    }
    if (text.size() < 3 || text[2] == '-') return std::nullopt;
    if (text.starts_with("0x")) return convert<std::int64_t>(text.substr(2), 16);
    if (text.starts_with("0o")) return convert<std::int64_t>(text.substr(2), 8);
    return std::nullopt;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool has_number_shape(std::string_view text) {
    text = without_sign(text);
    const std::size_t exponent = text.find_first_of("eE");
    if (exponent != std::string_view::npos) {
        if (!all_digits(without_sign(text.substr(exponent + 1)))) return false;
        text = text.substr(0, exponent);
    }
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return all_digits(text) && exponent != std::string_view::npos;
    const std::string_view whole = text.substr(0, dot);
    const std::string_view fraction = text.substr(dot + 1);
    if (whole.empty()) return all_digits(fraction);
    return all_digits(whole) && (fraction.empty() || all_digits(fraction));
}

struct UnitFactor {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::int64_t kKibi = 1024;
constexpr std::int64_t kKilo = 1000;
constexpr std::array<UnitFactor, 9> kByteUnits = {{{"B", 1},
                                                   {"KiB", kKibi},
                                                   {"MiB", kKibi* kKibi},
                                                   {"GiB", kKibi* kKibi* kKibi},
                                                   {"TiB", kKibi* kKibi* kKibi* kKibi},
                                                   {"kB", kKilo},
                                                   {"MB", kKilo* kKilo},
                                                   {"GB", kKilo* kKilo* kKilo},
                                                   {"TB", kKilo* kKilo* kKilo* kKilo}}};
constexpr std::array<UnitFactor, 5> kTimeUnits = {
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

std::optional<std::int64_t> factor_of(std::string_view name, Unit unit) {
    const std::span<const UnitFactor> table = unit == Unit::bytes ? std::span<const UnitFactor>(kByteUnits)
                                                                  : std::span<const UnitFactor>(kTimeUnits);
    const auto* end = table.data() + table.size();
    const auto* found =
        std::find_if(table.data(), end, [name](const UnitFactor& known) { return known.name == name; });
    if (found == end) return std::nullopt;
    return found->factor;
}

// digits * factor / 10^scale in integers only, since a double would round 0.1 and large sizes. Nine decimals
// and eighteen digits keep every product within 128 bits.
Quantity scaled(std::string_view digits, std::size_t scale, std::int64_t factor) {
    __extension__ using Wide = __int128;
    const auto number = convert<std::int64_t>(digits);
    if (!number || digits.size() > 18) return {QuantityStatus::out_of_range, 0};
    Wide product = Wide{*number} * factor;
    for (; scale > 0; --scale) {
        if (product % 10 != 0) return {QuantityStatus::not_whole, 0};
        product /= 10;
    }
    if (product > std::numeric_limits<std::int64_t>::max()) return {QuantityStatus::out_of_range, 0};
    return {QuantityStatus::ok, static_cast<std::int64_t>(product)};
}

}  // namespace

Value::Data resolve_plain(std::string_view text) {
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    if (const auto integer = as_integer(text)) return *integer;
    if (has_number_shape(text)) {
        if (const auto number = convert<double>(without_plus(text))) return *number;
    }
    return std::string(text);
}

Quantity parse_quantity(std::string_view text, Unit unit) {
    if (unit == Unit::none) return {};
    const std::size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view number = text.substr(0, number_end);
    std::string_view name = text.substr(number_end);
    if (name.starts_with(' ')) name.remove_prefix(1);
    const std::size_t dot = std::min(number.find('.'), number.size());
    const std::string_view fraction = number.substr(std::min(dot + 1, number.size()));
    if (!all_digits(number.substr(0, dot)) || name.empty()) return {};
    if (dot < number.size() && (!all_digits(fraction) || fraction.size() > 9)) return {};
    const auto factor = factor_of(name, unit);
    if (!factor) return {QuantityStatus::unknown_unit, 0};
    return scaled(std::string(number.substr(0, dot)).append(fraction), fraction.size(), *factor);
}

std::string_view unit_help(Unit unit) {
    switch (unit) {
    case Unit::bytes: return "bytes, or a size like 64KiB";
    case Unit::milliseconds: return "milliseconds, or a duration like 5s";
    case Unit::none: break;
    }
    return {};
}

}  // namespace streamhost::config
