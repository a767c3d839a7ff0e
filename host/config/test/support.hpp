#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/compose.hpp"
#include "config/loader.hpp"

namespace streamhost::config::test {

// A folder of this test alone, gone with it. Files are named by what a test calls them, so that a golden text
// can hold the name: formatted() cuts the folder off.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "streamhost-config-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string write(const std::string& name, std::string_view text) const {
        const std::string file = at(name);
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }
    [[nodiscard]] std::string at(const std::string& name) const { return (path_ / name).string(); }

    [[nodiscard]] std::string formatted(const Issues& issues) const {
        std::string text = format(issues);
        const std::string prefix = path_.string() + '/';
        for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
            text.erase(at, prefix.size());
        }
        return text;
    }

private:
    std::filesystem::path path_;
};

inline constexpr std::string_view kChatSchema = R"({
  "type": "object",
  "properties": {
    "max_runs": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10, "x-reload": "live"},
    "retry_ms": {"type": "integer", "x-unit": "ms", "minimum": 0, "default": 250},
    "greeting": {"type": "string", "minLength": 1, "maxLength": 20},
    "weight": {"type": "number", "minimum": 0, "maximum": 1},
    "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}},
    "providers": {
      "type": "object",
      "default": {"echo": {"kind": "echo"}},
      "additionalProperties": {
        "type": "object",
        "required": ["kind"],
        "properties": {
          "kind": {"type": "string", "enum": ["echo", "openai"]},
          "delay_ms": {"type": "integer", "x-unit": "ms", "minimum": 0, "maximum": 60000, "default": 20},
          "api_key": {"type": "string", "x-secret": true},
          "options": {"type": "object", "additionalProperties": true}
        }
      }
    }
  }
})";

inline std::shared_ptr<const Schema> chat_schema() {
    const std::vector<PluginSchema> plugins = {{"chat", std::string(kChatSchema)}, {"echo", ""}};
    return compose(plugins).schema;
}

}  // namespace streamhost::config::test
