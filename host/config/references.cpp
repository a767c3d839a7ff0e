#include "config/references.hpp"

#include <algorithm>
#include <utility>

#include <simdjson.h>

#include "config/file.hpp"
#include "config/path.hpp"
#include "config/scalar.hpp"

namespace streamhost::config {

namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;
constexpr std::string_view kAllowed = "${env:NAME}, ${file:/absolute/path}, or $${ for the characters ${";

void drop_line_end(std::string& text) {
    if (!text.empty() && text.back() == '\n') text.pop_back();
    if (!text.empty() && text.back() == '\r') text.pop_back();
}

// One string with references in it.
class Expansion {
public:
    Expansion(Value& value, std::string path, const ReferenceReader& reader, Issues& issues)
        : value_(value), path_(std::move(path)), reader_(reader), issues_(issues) {}

    void run() {
        const std::string text = *value_.text();
        std::size_t done = 0;
        for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", done)) {
            const bool escaped = at > done && text[at - 1] == '$';
            out_.append(text, done, at - done - (escaped ? 1 : 0));
            done = escaped ? at + 2 : std::min(text.find('}', at), text.size() - 1) + 1;
            if (escaped) {
                out_ += "${";
            } else {
                replace(std::string_view(text).substr(at, done - at));
            }
        }
        store(out_.append(text, done));
    }

private:
    void complain(std::string problem, std::string next_step) {
        issues_.push_back(
            {value_.origin, path_, std::move(problem), std::string(kAllowed), std::move(next_step)});
    }

    void replace(std::string_view reference) {
        const std::string_view inside = reference.substr(2, reference.size() - 3);
        if (reference.back() != '}') {
            complain("${ without }", "close the reference");
        } else if (inside.starts_with("env:")) {
            from_environment(std::string(inside.substr(4)));
        } else if (inside.starts_with("file:")) {
            from_file(std::string(inside.substr(5)));
        } else {
            complain("unknown reference " + quote(reference, 80), "use one of the allowed forms");
        }
    }

    void from_environment(const std::string& name) {
        value_.expanded = true;
        const auto text = reader_.environment(name);
        if (!text)
            return complain("environment variable " + quote(name, 80) + " is not set",
                            "set it, or give a value here");
        append(*text, "environment variable " + quote(name, 80));
    }

    void from_file(const std::string& file) {
        value_.expanded = true;
        value_.secret = true;
        if (!file.starts_with('/'))
            return complain("path " + quote(file, 80) + " is not absolute", "begin the path with /");
        std::string error;
        auto text = reader_.file(file, error);
        if (!text)
            return complain("cannot read " + quote(file, 200) + ": " + error,
                            "create the file, or correct its path or rights");
        drop_line_end(*text);
        append(*text, "file " + quote(file, 200));
    }

    void append(const std::string& text, const std::string& source) {
        const bool readable = simdjson::validate_utf8(text) && text.find('\0') == std::string::npos;
        if (!readable) return complain(source + " holds no UTF-8 text", "store the value as text");
        out_ += text;
    }

    void store(std::string text) {
        if (!value_.plain.empty()) {
            value_.plain = text;
            value_.data = resolve_plain(text);
            value_.loose = true;
            if (text.empty()) value_.data = std::string();
        } else {
            value_.data = std::move(text);
        }
    }

    Value& value_;
    std::string path_;
    const ReferenceReader& reader_;
    Issues& issues_;
    std::string out_;
};

// Recursion: depth is bounded by kMaxDepth.
void expand_at(Value& value, const std::string& path, const ReferenceReader& reader, Issues& issues) {
    if (Value::Object* members = value.object()) {
        for (Member& member : *members) {
            expand_at(member.value, join_path(path, member.name), reader, issues);
        }
    } else if (Value::Array* items = value.array()) {
        for (std::size_t index = 0; index < items->size(); ++index) {
            expand_at((*items)[index], join_path(path, std::to_string(index)), reader, issues);
        }
    } else if (value.is(Kind::string) && value.text()->find("${") != std::string::npos) {
        Expansion(value, path, reader, issues).run();
    }
}

}  // namespace

ReferenceReader system_references(
    std::function<std::optional<std::string>(const std::string& name)> environment) {
    return {std::move(environment), [](const std::string& path, std::string& error) {
                return read_file(path, kMaxSecretBytes, error);
            }};
}

void expand_references(Value& root, const ReferenceReader& reader, Issues& issues) {
    expand_at(root, {}, reader, issues);
}

}  // namespace streamhost::config
