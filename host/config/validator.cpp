#include "config/validator.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/RegularExpression.h>

#include "config/emit.hpp"
#include "config/nearest.hpp"
#include "config/path.hpp"

namespace streamhost::config {

namespace {

constexpr std::size_t kShownBytes = 60;
// The engine backtracks on the stack, so what it is given has a bound.
constexpr std::size_t kMaxPatternBytes = 1024;

std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
    }));
}

// What was found, safe to print.
std::string shown(const Value& value) {
    if (value.is(Kind::array) || value.is(Kind::object)) return "a " + std::string(kind_name(value.kind()));
    if (value.is(Kind::null)) return "no value";
    const std::string kind(kind_name(value.kind()));
    if (value.secret) return "a " + kind + " (secret, not shown)";
    if (value.is(Kind::string)) return "the string " + quote(*value.text(), kShownBytes);
    return kind + ' ' + scalar_text(value);
}

std::string change_it(const Origin& where) {
    switch (where.kind) {
    case SourceKind::file: return "change it there";
    case SourceKind::environment: return "change or unset the variable";
    case SourceKind::command_line: return "change the argument";
    case SourceKind::schema_default: break;
    }
    return "set the key";
}

bool is_legacy_boolean(const std::string& text) {
    static constexpr std::array<std::string_view, 6> kWords = {"yes", "no", "on", "off", "y", "n"};
    return std::any_of(kWords.begin(), kWords.end(),
                       [&text](std::string_view word) { return edit_distance(word, text) == 0; });
}

bool matches(const Poco::RegularExpression& pattern, const std::string& text) {
    Poco::RegularExpression::Match match;
    try {
        return pattern.match(text, match) > 0;
    } catch (const Poco::RegularExpressionException&) {
        return false;  // the engine gave up: its own limit on backtracking
    }
}

class Validation {
public:
    explicit Validation(Issues& issues) : issues_(issues) {}

    // Recursion: depth is bounded by kMaxDepth.
    void check(const Schema& schema, Value& value, const std::string& path) {
        value.secret = value.secret || schema.secret;
        if (schema.secret) refuse_argument(value, path);
        if (!convert(schema, value, path)) return;
        check_choices(schema, value, path);
        switch (schema.type) {
        case Type::object: return check_object(schema, value, path);
        case Type::array: return check_array(schema, value, path);
        case Type::string: return check_string(schema, value, path);
        case Type::integer:
        case Type::number: return check_range(schema, value, path);
        case Type::any:
            if (schema.secret) mark_secret(value);
            return;
        case Type::boolean: return;
        }
    }

private:
    void complain(const Schema& schema, const Origin& where, const std::string& path, std::string problem,
                  std::string next_step) {
        issues_.push_back({where, path, std::move(problem), describe(schema), std::move(next_step)});
    }

    void complain(const Schema& schema, const Value& value, const std::string& path, std::string problem) {
        complain(schema, value.origin, path, std::move(problem), change_it(value.origin));
    }

    // The command line of a process can be read by everyone on the machine.
    void refuse_argument(const Value& value, const std::string& path) {
        const bool written_out = value.origin.kind == SourceKind::command_line && !value.expanded;
        if (!written_out || (value.text() != nullptr && value.text()->empty())) return;
        issues_.push_back({value.origin, path,
                           "a secret on the command line, where every user of the machine sees it",
                           "${file:/path}, ${env:NAME}, or the key's environment variable",
                           "take it off the command line and replace the secret"});
    }

    // Recursion: depth is bounded by kMaxDepth.
    static void mark_secret(Value& value) {
        value.secret = true;
        if (Value::Array* items = value.array()) {
            for (Value& item : *items)
                mark_secret(item);
        }
        if (Value::Object* members = value.object()) {
            for (Member& member : *members)
                mark_secret(member.value);
        }
    }

    static bool fits(Type type, Kind kind) {
        switch (type) {
        case Type::any: return true;
        case Type::object: return kind == Kind::object;
        case Type::array: return kind == Kind::array;
        case Type::string: return kind == Kind::string;
        case Type::integer: return kind == Kind::integer;
        case Type::number: return kind == Kind::number;
        case Type::boolean: return kind == Kind::boolean;
        }
        return false;
    }

    bool convert(const Schema& schema, Value& value, const std::string& path) {
        if (fits(schema.type, value.kind())) return true;
        if (schema.type == Type::number && value.is(Kind::integer)) {
            value.data = static_cast<double>(std::get<std::int64_t>(value.data));
            return true;
        }
        if (schema.type == Type::string && value.loose && !value.plain.empty()) {
            value.data = value.plain;
            return true;
        }
        if (schema.type == Type::integer && schema.unit != Unit::none && value.is(Kind::string)) {
            return take_quantity(schema, value, path);
        }
        complain_type(schema, value, path);
        return false;
    }

    bool take_quantity(const Schema& schema, Value& value, const std::string& path) {
        const Quantity quantity = parse_quantity(*value.text(), schema.unit);
        switch (quantity.status) {
        case QuantityStatus::ok: value.data = quantity.value; return true;
        case QuantityStatus::ill_formed: complain_type(schema, value, path); break;
        case QuantityStatus::unknown_unit:
            complain(schema, value, path, shown(value) + " has an unknown unit" + known_units(schema.unit));
            break;
        case QuantityStatus::not_whole:
            complain(schema, value, path, shown(value) + " is no whole number of " + unit_word(schema.unit));
            break;
        case QuantityStatus::out_of_range:
            complain(schema, value, path, shown(value) + " does not fit in 64 bits");
            break;
        }
        return false;
    }

    static std::string unit_word(Unit unit) { return unit == Unit::bytes ? "bytes" : "milliseconds"; }

    static std::string known_units(Unit unit) {
        return unit == Unit::bytes ? "; there are B, KiB, MiB, GiB, TiB (1024) and kB, MB, GB, TB (1000)"
                                   : "; there are ms, s, m, h, d";
    }

    void complain_type(const Schema& schema, const Value& value, const std::string& path) {
        std::string problem = "expected " + std::string(article(schema.type)) + ", got " + shown(value);
        if (const std::string* text = value.text(); text != nullptr && !value.secret)
            problem += hint(schema, *text);
        complain(schema, value.origin, path, std::move(problem), remedy(schema, value));
    }

    static std::string_view article(Type type) {
        switch (type) {
        case Type::object: return "a map";
        case Type::array: return "a list";
        case Type::string: return "a string";
        case Type::integer: return "an integer";
        case Type::number: return "a number";
        case Type::boolean: return "true or false";
        case Type::any: break;
        }
        return "anything";
    }

    static std::string hint(const Schema& schema, const std::string& text) {
        const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
        if (schema.type == Type::integer && digits && text.size() > 18)
            return ", which does not fit in 64 bits";
        if (schema.type == Type::integer && digits && text.front() == '0') {
            return " (leading zeros are ambiguous: write it without, or as 0o... for octal)";
        }
        if (schema.type == Type::boolean && is_legacy_boolean(text)) return " (in YAML 1.2 that is text)";
        return {};
    }

    static std::string remedy(const Schema& schema, const Value& value) {
        if (value.is(Kind::null)) return "give it a value, or remove the line to get the default";
        if (schema.type == Type::string && !value.plain.empty() && !value.secret) {
            return "put it in quotes: " + quote(value.plain, kShownBytes);
        }
        return change_it(value.origin);
    }

    void check_choices(const Schema& schema, const Value& value, const std::string& path) {
        if (schema.choices.empty()) return;
        std::vector<std::string> texts;
        for (const Value& choice : schema.choices) {
            if (same_content(choice, value)) return;
            if (choice.text() != nullptr) texts.push_back(*choice.text());
        }
        std::string problem = shown(value) + " is not one of the choices";
        if (value.text() != nullptr && !value.secret) problem += did_you_mean(*value.text(), texts);
        complain(schema, value, path, std::move(problem));
    }

    static std::string did_you_mean(const std::string& written, const std::vector<std::string>& names) {
        const auto nearest = nearest_name(written, names);
        return nearest ? ", did you mean " + quote(*nearest) + '?' : std::string();
    }

    void check_object(const Schema& schema, Value& value, const std::string& path) {
        for (const std::string& name : schema.required) {
            if (value.find(name) != nullptr) continue;
            const Schema& missing = *schema.property(name);
            complain(missing, value.origin, join_path(path, name), "is missing", "add it to this section");
        }
        for (Member& member : *value.object()) {
            const std::string place = join_path(path, member.name);
            if (const Schema* part = schema.member(member.name)) {
                check(*part, member.value, place);
            } else {
                complain_unknown(schema, member, place);
            }
        }
    }

    void complain_unknown(const Schema& schema, const Member& member, const std::string& path) {
        const std::vector<std::string> names = schema.property_names();
        std::string problem = schema.unknown_problem + did_you_mean(member.name, names);
        std::string next_step = schema.unknown_next_step;
        if (member.name.find('.') != std::string::npos) next_step = "write a dotted path as nested keys";
        complain(schema, member.origin, path, std::move(problem), std::move(next_step));
    }

    void check_array(const Schema& schema, Value& value, const std::string& path) {
        if (!schema.items) {
            if (schema.secret) mark_secret(value);
            return;
        }
        for (std::size_t index = 0; index < value.array()->size(); ++index) {
            check(*schema.items, (*value.array())[index], join_path(path, std::to_string(index)));
        }
    }

    void check_string(const Schema& schema, const Value& value, const std::string& path) {
        const std::string& text = *value.text();
        const std::size_t length = characters(text);
        if (schema.min_length && length < *schema.min_length) {
            complain(schema, value, path,
                     shown(value) + " is shorter than " + std::to_string(*schema.min_length));
        }
        if (schema.max_length && length > *schema.max_length) {
            complain(schema, value, path,
                     shown(value) + " is longer than " + std::to_string(*schema.max_length));
            return;
        }
        if (!schema.compiled_pattern) return;
        if (text.size() > kMaxPatternBytes || !matches(*schema.compiled_pattern, text)) {
            complain(schema, value, path, shown(value) + " has the wrong form");
        }
    }

    void check_range(const Schema& schema, const Value& value, const std::string& path) {
        const Schema::Bound number = value.is(Kind::integer)
                                         ? static_cast<Schema::Bound>(std::get<std::int64_t>(value.data))
                                         : static_cast<Schema::Bound>(std::get<double>(value.data));
        if (schema.minimum && number < *schema.minimum) {
            complain(schema, value, path, shown(value) + " is below " + number_text(*schema.minimum));
        }
        if (schema.maximum && number > *schema.maximum) {
            complain(schema, value, path, shown(value) + " is above " + number_text(*schema.maximum));
        }
    }

    Issues& issues_;
};

}  // namespace

void validate(const Schema& schema, Value& value, Issues& issues) {
    Validation(issues).check(schema, value, {});
}

}  // namespace streamhost::config
