#include "config/emit.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "config/issue.hpp"
#include "config/path.hpp"

namespace streamhost::config {

namespace {

std::string number_as_text(double number) {
    char buffer[32];
    const auto result = std::to_chars(buffer, buffer + sizeof buffer, number);
    std::string text(buffer, result.ptr);
    // 5 would read back as an integer.
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

std::string scalar_as_text(const Value& value, bool reveal) {
    const bool empty = value.text() != nullptr && value.text()->empty();
    if (value.secret && !reveal && !empty && !value.is(Kind::null)) return quote(kMask);
    switch (value.kind()) {
    case Kind::null: return "null";
    case Kind::boolean: return std::get<bool>(value.data) ? "true" : "false";
    case Kind::integer: return std::to_string(std::get<std::int64_t>(value.data));
    case Kind::number: return number_as_text(std::get<double>(value.data));
    case Kind::string: return quote(*value.text());
    case Kind::array:
    case Kind::object: break;
    }
    return std::string(kind_name(value.kind()));
}

// Names that need no quotes in YAML; everything that YAML or a person could misread gets them.
std::string yaml_key(const std::string& name) {
    const bool simple = std::all_of(name.begin(), name.end(), [](char byte) {
        return (byte >= 'a' && byte <= 'z') || byte == '_' || (byte >= '0' && byte <= '9');
    });
    const bool word = name == "null" || name == "true" || name == "false";
    return simple && !word && !(name[0] >= '0' && name[0] <= '9') ? name : quote(name);
}

class YamlWriter {
public:
    explicit YamlWriter(const EmitOptions& options) : options_(options) {}

    // What comes after "key:" or "-".
    // Recursion: depth is bounded by kMaxDepth.
    void write(const Value& value, std::size_t indent) {
        if (const Value::Object* members = value.object(); members != nullptr && !members->empty()) {
            out_ += '\n';
            for (const Member& member : *members)
                write_entry(yaml_key(member.name) + ':', member.value, indent);
        } else if (const Value::Array* items = value.array(); items != nullptr && !items->empty()) {
            out_ += '\n';
            for (const Value& item : *items)
                write_entry("-", item, indent);
        } else {
            out_ += ' ' + leaf(value);
            if (options_.origins) out_ += "  # " + value.origin.text();
            out_ += '\n';
        }
    }

    std::string take() { return std::move(out_); }

private:
    [[nodiscard]] std::string leaf(const Value& value) const {
        if (value.is(Kind::object)) return "{}";
        if (value.is(Kind::array)) return "[]";
        return scalar_as_text(value, options_.reveal);
    }

    // Recursion: depth is bounded by kMaxDepth.
    void write_entry(const std::string& head, const Value& value, std::size_t indent) {
        out_.append(indent, ' ').append(head);
        write(value, indent + 2);
    }

    EmitOptions options_;
    std::string out_;
};

// Recursion: depth is bounded by kMaxDepth.
void write_json(const Value& value, const EmitOptions& options, std::string& out) {
    const char* comma = "";
    if (const Value::Object* members = value.object()) {
        out += '{';
        for (const Member& member : *members) {
            out += std::exchange(comma, ",") + quote(member.name) + ':';
            write_json(member.value, options, out);
        }
        out += '}';
    } else if (const Value::Array* items = value.array()) {
        out += '[';
        for (const Value& item : *items) {
            out += std::exchange(comma, ",");
            write_json(item, options, out);
        }
        out += ']';
    } else {
        out += scalar_as_text(value, options.reveal);
    }
}

// Recursion: depth is bounded by kMaxDepth.
void write_origins(const Value& value, const std::string& path, std::string& out) {
    if (const Value::Object* members = value.object(); members != nullptr && !members->empty()) {
        for (const Member& member : *members)
            write_origins(member.value, join_path(path, member.name), out);
        return;
    }
    if (!out.empty()) out += ',';
    out += quote(path) + ':' + quote(value.origin.text());
}

}  // namespace

std::string to_yaml(const Value& value, const EmitOptions& options) {
    YamlWriter writer(options);
    writer.write(value, 0);
    std::string text = writer.take();
    return text.erase(0, 1);  // the line end or blank that would follow a key
}

std::string to_json(const Value& value, const EmitOptions& options) {
    std::string out;
    write_json(value, options, out);
    if (!options.origins) return out;
    std::string origins;
    write_origins(value, {}, origins);
    return "{\"configuration\":" + out + ",\"origins\":{" + origins + "}}";
}

std::string scalar_text(const Value& value) { return scalar_as_text(value, false); }

}  // namespace streamhost::config
