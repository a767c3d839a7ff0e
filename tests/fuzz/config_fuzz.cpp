// The whole way of a configuration: YAML, environment, --set, references, defaults, validation, output.
//
// Input: a YAML file; after a line "%%" one entry per line, "NAME=value" of the environment when it starts
// with STREAMHOST_, else an argument of --set. Broken if anything crashes, if a message or the effective
// configuration shows a secret or a control character, or if what was accepted does not read back as itself.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "config/compose.hpp"
#include "config/emit.hpp"
#include "config/layers.hpp"
#include "config/references.hpp"
#include "config/validator.hpp"
#include "config/yaml_reader.hpp"

using namespace streamhost::config;

namespace {

constexpr std::string_view kSecret = "hunter2hunter2";
constexpr std::string_view kPluginSchema = R"({
  "type": "object",
  "properties": {
    "text": {"type": "string", "pattern": "^[a-z]*$", "maxLength": 20},
    "number": {"type": "number", "minimum": 0},
    "wait_ms": {"type": "integer", "x-unit": "ms", "default": "5s"},
    "list": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
    "any": {},
    "map": {"type": "object", "default": {"m": {"key": "k"}}, "additionalProperties": {
      "type": "object", "required": ["key"], "properties": {
        "key": {"type": "string", "x-secret": true},
        "rest": {"type": "object", "additionalProperties": true}
      }
    }}
  }
})";

const Schema& schema() {
    static const std::shared_ptr<const Schema> kSchema = [] {
        const std::vector<PluginSchema> plugins = {{"p", std::string(kPluginSchema)}, {"q", ""}};
        return compose(plugins).schema;
    }();
    return *kSchema;
}

struct Input {
    std::string_view yaml;
    std::vector<std::string> environment;
    std::vector<std::string> arguments;
};

Input split(std::string_view text) {
    constexpr std::string_view kMark = "\n%%\n";
    Input input;
    const std::size_t mark = text.find(kMark);
    input.yaml = text.substr(0, mark);
    if (mark == std::string_view::npos) return input;
    text.remove_prefix(mark + kMark.size());
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        (line.starts_with("STREAMHOST_") ? input.environment : input.arguments).push_back(std::move(line));
    }
    return input;
}

ReferenceReader references() {
    return {[](const std::string& name) { return std::optional<std::string>("env " + name); },
            [](const std::string& path, std::string& error) -> std::optional<std::string> {
                error = "absent";
                if (path == "/absent") return std::nullopt;
                return std::string(kSecret) + '\n';
            }};
}

void check_output(const std::string& text) {
    FUZZ_CHECK(text.find(kSecret) == std::string::npos);
    FUZZ_CHECK(std::none_of(text.begin(), text.end(), [](char byte) {
        const auto code = static_cast<unsigned char>(byte);
        return (code < 0x20 && byte != '\n') || code == 0x7f;
    }));
}

void check_reads_back(const Value& root) {
    Issues issues;
    auto again = read_yaml(
        to_yaml(root, {.reveal = true}), std::make_shared<const std::string>("again"), issues,
        {.bytes = std::size_t{64} << 20U, .nodes = 10'000'000, .text_bytes = std::size_t{64} << 20U});
    FUZZ_CHECK(again.has_value() && issues.empty());
    validate(schema(), *again, issues);
    FUZZ_CHECK(issues.empty());
    FUZZ_CHECK(same_content(root, *again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Input input = split({reinterpret_cast<const char*>(data), size});
    // Written out in the input, the secret would be no secret.
    if (std::string_view(reinterpret_cast<const char*>(data), size).find("hunter2") != std::string_view::npos)
        return 0;
    Issues issues;
    Issues warnings;
    Value root;
    root.data = Value::Object();
    auto file = read_yaml(input.yaml, std::make_shared<const std::string>("file"), issues);
    if (file && file->is(Kind::object)) root = std::move(*file);
    lay_environment(schema(), input.environment, root, issues, warnings);
    lay_arguments(input.arguments, root, issues);
    expand_references(root, references(), issues);
    apply_defaults(schema(), root);
    validate(schema(), root, issues);
    check_output(format(issues));
    check_output(format(warnings));
    check_output(to_yaml(root, {.origins = true}));
    check_output(to_json(root, {.origins = true}));
    if (issues.empty()) check_reads_back(root);
    return 0;
}
