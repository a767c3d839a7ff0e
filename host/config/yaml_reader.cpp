#include "config/yaml_reader.hpp"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include <simdjson.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "config/path.hpp"
#include "config/scalar.hpp"

namespace streamhost::config {

namespace {

constexpr std::string_view kPlainTag = "?";
constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";

struct Weight {
    std::size_t nodes = 0;
    std::size_t text = 0;
    std::size_t depth = 0;  // levels of containers
};

// Recursion: depth is bounded by kMaxDepth.
Weight weigh(const Value& value) {
    Weight sum{1, value.text() != nullptr ? value.text()->size() : value.plain.size(), 0};
    const auto add = [&sum](const Value& part) {
        const Weight weight = weigh(part);
        sum.nodes += weight.nodes;
        sum.text += weight.text;
        sum.depth = std::max(sum.depth, weight.depth);
    };
    if (value.array() != nullptr) {
        for (const Value& item : *value.array())
            add(item);
    }
    if (value.object() != nullptr) {
        for (const Member& member : *value.object()) {
            add(member.value);
            sum.text += member.name.size();
        }
    }
    if (value.array() != nullptr || value.object() != nullptr) ++sum.depth;
    return sum;
}

// Unwinds yaml-cpp's parser when reading on makes no sense. Caught in this file.
struct Stop {};

// Turns the parser's events into a tree.
class Builder : public YAML::EventHandler {
public:
    struct Options {
        Origin origin;
        bool inline_text = false;  // all has this one origin and is loose
        YamlLimits limits;
    };

    Builder(Options options, Issues& issues) : options_(std::move(options)), issues_(issues) {}

    [[nodiscard]] std::optional<Value> read(std::string_view text) {
        std::istringstream stream{std::string(text)};
        try {
            YAML::Parser parser(stream);
            while (parser.HandleNextDocument(*this)) {
            }
        } catch (const Stop&) {
            return std::nullopt;
        } catch (const YAML::Exception& error) {
            levels_.clear();
            // The parser quotes what it stumbled over as it stands in the file.
            complain(at(error.mark), "not YAML: " + printable(error.msg),
                     "mend the syntax here or just above");
            return std::nullopt;
        }
        return root_ ? std::move(root_) : scalar(YAML::Mark::null_mark());
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) stop(mark, "a second document", "keep one document in a file");
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (awaits_key()) return refuse_key(mark, "a key cannot be empty or null");
        finish(scalar(mark), anchor);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override {
        if (awaits_key()) return take_key(mark, text);
        Value value = scalar(mark);
        if (tag == kPlainTag) {
            value.data = resolve_plain(text);
            value.plain = text;
        } else {
            check_tag(tag, mark);
            value.data = text;
        }
        spend({0, text.size(), 0}, value.origin);
        finish(std::move(value), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (awaits_key()) return refuse_key(mark, "an alias cannot be a key");
        if (anchor >= anchors_.size() || !anchors_[anchor]) {
            stop(mark, "alias inside the value that it stands for", "write the value out");
        }
        const Weight weight = weigh(*anchors_[anchor]);
        check_depth(mark, weight.depth);
        spend(weight, at(mark));
        finish(*anchors_[anchor], YAML::NullAnchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Value::Array());
    }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Value::Object());
    }
    void OnSequenceEnd() override { close(); }
    void OnMapEnd() override { close(); }

private:
    struct Level {
        Value value;
        YAML::anchor_t anchor = YAML::NullAnchor;
        std::optional<Member> member;  // of a map: the key whose value comes next
    };

    [[nodiscard]] Origin at(const YAML::Mark& mark) const {
        Origin origin = options_.origin;
        if (options_.inline_text) return origin;
        origin.line = mark.is_null() ? 1 : static_cast<std::uint32_t>(mark.line) + 1;
        origin.column = mark.is_null() ? 1 : static_cast<std::uint32_t>(mark.column) + 1;
        return origin;
    }

    Value scalar(const YAML::Mark& mark) {
        Value value;
        value.origin = at(mark);
        value.loose = options_.inline_text;
        spend({1, 0, 0}, value.origin);
        return value;
    }

    [[nodiscard]] bool awaits_key() const {
        return !levels_.empty() && levels_.back().value.is(Kind::object) && !levels_.back().member;
    }

    // The path of the container that is being read.
    [[nodiscard]] std::string path() const {
        std::string path;
        for (const Level& level : levels_) {
            if (level.member) path = join_path(path, level.member->name);
            if (level.value.array() != nullptr)
                path = join_path(path, std::to_string(level.value.array()->size()));
        }
        return path;
    }

    void complain(Origin where, std::string problem, std::string next_step) {
        issues_.push_back({std::move(where), path(), std::move(problem), {}, std::move(next_step)});
    }

    [[noreturn]] void stop(const YAML::Mark& mark, std::string problem, std::string next_step) {
        complain(at(mark), std::move(problem), std::move(next_step));
        throw Stop{};
    }

    void check_tag(const std::string& tag, const YAML::Mark& mark) {
        if (tag.empty() || tag == "!" || tag == kPlainTag || tag == kStringTag) return;
        complain(at(mark), "tag " + quote(tag, 40) + " is not supported", "remove the tag");
    }

    void refuse_key(const YAML::Mark& mark, std::string problem) {
        complain(at(mark), std::move(problem), "write the key as a plain name");
        levels_.back().member = Member{{}, at(mark), {}};
    }

    void take_key(const YAML::Mark& mark, const std::string& name) {
        Level& level = levels_.back();
        if (name == "<<") return refuse_key(mark, "merge keys (<<) are YAML 1.1 and not supported");
        if (!is_key_name(name)) return refuse_key(mark, quote(name, 40) + " cannot be a key");
        for (const Member& member : *level.value.object()) {
            if (member.name != name) continue;
            complain(at(mark), "duplicate key " + quote(name) + ", first given at " + member.origin.text(),
                     "keep one of the two");
            level.member = Member{{}, at(mark), {}};
            return;
        }
        level.member = Member{name, at(mark), {}};
    }

    void check_depth(const YAML::Mark& mark, std::size_t more) {
        if (levels_.size() + more <= options_.limits.depth) return;
        stop(mark, "nested deeper than " + std::to_string(options_.limits.depth) + " levels", "flatten it");
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Value::Data empty) {
        check_depth(mark, 1);
        if (awaits_key()) refuse_key_container(mark);
        check_tag(tag, mark);
        Level level{scalar(mark), anchor, std::nullopt};
        level.value.data = std::move(empty);
        levels_.push_back(std::move(level));
    }

    [[noreturn]] void refuse_key_container(const YAML::Mark& mark) {
        stop(mark, "a map or a list cannot be a key (or a bracket is not closed)",
             "write the key as a plain name, close the bracket, or quote ${...} inside [ ] and { }");
    }

    void close() {
        Level level = std::move(levels_.back());
        levels_.pop_back();
        finish(std::move(level.value), level.anchor);
    }

    // Scalars and containers pay once, a copy (for an anchor to keep, for an alias to give) pays for all it
    // holds.
    void spend(const Weight& weight, const Origin& where) {
        spent_.nodes += weight.nodes;
        spent_.text += weight.text;
        if (spent_.nodes <= options_.limits.nodes && spent_.text <= options_.limits.text_bytes) return;
        complain(where, "too much content (aliases count as what they stand for)", "shorten it");
        throw Stop{};
    }

    void finish(Value value, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor) {
            spend(weigh(value), value.origin);
            if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
            anchors_[anchor] = value;
        }
        place(std::move(value));
    }

    void place(Value value) {
        if (levels_.empty()) {
            root_ = std::move(value);
            return;
        }
        Level& level = levels_.back();
        if (Value::Array* items = level.value.array()) {
            items->push_back(std::move(value));
            return;
        }
        Member member = std::move(*level.member);
        level.member.reset();
        if (member.name.empty()) return;  // refused key: its value is read for errors only
        member.value = std::move(value);
        level.value.object()->push_back(std::move(member));
    }

    Options options_;
    Issues& issues_;
    std::vector<Level> levels_;
    std::vector<std::optional<Value>> anchors_;
    Weight spent_;
    std::size_t documents_ = 0;
    std::optional<Value> root_;
};

Origin file_origin(std::shared_ptr<const std::string> file) {
    return {SourceKind::file, std::move(file), 0, 0};
}

void complain(Issues& issues, Origin where, std::string problem, std::string next_step) {
    issues.push_back({std::move(where), {}, std::move(problem), {}, std::move(next_step)});
}

// True when the text may be given to yaml-cpp, which would guess other encodings and let bad bytes pass.
bool is_readable(std::string_view text, const Origin& origin, Issues& issues, const YamlLimits& limits) {
    if (text.size() > limits.bytes) {
        complain(issues, origin, "longer than " + std::to_string(limits.bytes) + " bytes",
                 "split or shorten it");
        return false;
    }
    if (!simdjson::validate_utf8(text) || text.find('\0') != std::string_view::npos) {
        complain(issues, origin, "not UTF-8 text", "save it as UTF-8");
        return false;
    }
    return true;
}

// "[::1]:6379": an IPv6 address and a port begin like a list; a list with that behind it would be no YAML.
bool is_bracketed_address(std::string_view text) {
    const std::size_t end = text.find("]:");
    if (text.empty() || text.front() != '[' || end == std::string_view::npos) return false;
    const std::string_view host = text.substr(1, end - 1);
    const std::string_view port = text.substr(end + 2);
    return host.find(':') != std::string_view::npos && host.find_first_of("[,") == std::string_view::npos &&
           !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_flow(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\n");
    return first != std::string_view::npos &&
           std::string_view("[{\"'").find(text[first]) != std::string_view::npos &&
           !is_bracketed_address(text);
}

}  // namespace

std::optional<Value> read_yaml(std::string_view text, std::shared_ptr<const std::string> file, Issues& issues,
                               const YamlLimits& limits) {
    const Origin origin = file_origin(std::move(file));
    if (!is_readable(text, origin, issues, limits)) return std::nullopt;
    Builder builder({origin, false, limits}, issues);
    return builder.read(text);
}

std::optional<Value> read_inline(std::string_view text, const Origin& origin, Issues& issues) {
    const YamlLimits limits;
    if (!is_readable(text, origin, issues, limits)) return std::nullopt;
    if (is_flow(text)) {
        Builder builder({origin, true, limits}, issues);
        return builder.read(text);
    }
    Value value;
    value.data = text.empty() ? Value::Data(std::string()) : resolve_plain(text);
    value.plain = text;
    value.loose = true;
    value.origin = origin;
    return value;
}

}  // namespace streamhost::config
