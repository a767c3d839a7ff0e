#include "app/plugin_tools.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <system_error>

#include "config/compose.hpp"

namespace streamhost::app {

namespace {

// The name becomes a target, and these are CMake's own.
constexpr std::array<std::string_view, 6> kTaken = {"all", "clean", "help", "install", "package", "test"};

std::string in_pascal_case(std::string_view name) {
    std::string out;
    bool starts_word = true;
    for (const char letter : name) {
        if (letter == '-' || letter == '_') {
            starts_word = true;
            continue;
        }
        out += starts_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
        starts_word = false;
    }
    return out;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

std::string why_no_name(const std::string& name) {
    if (!control::is_plugin_name(name))
        return "\"" + name + "\" is no name for a plugin: it has to match [a-z][a-z0-9_-]{0,31}";
    if (std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end())
        return "\"" + name + "\" is the name of a target of CMake's: choose another one";
    return {};
}

std::string write_file(const std::filesystem::path& file, const std::string& text) {
    std::error_code wrong;
    std::filesystem::create_directories(file.parent_path(), wrong);
    if (wrong) return file.parent_path().string() + ": " + wrong.message();
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    return out ? "" : file.string() + " could not be written: look at its folder's rights and free space";
}

}  // namespace

std::string rename_template(std::string_view text, std::string_view name) {
    std::string in_snake_case(name);
    std::replace(in_snake_case.begin(), in_snake_case.end(), '-', '_');
    std::string out(text);
    replace_all(out, "MyPlugin", in_pascal_case(name));
    replace_all(out, "my_plugin", in_snake_case);
    replace_all(out, "my-plugin", name);
    return out;
}

std::string write_plugin(const std::string& name, const std::filesystem::path& folder) {
    if (std::string wrong = why_no_name(name); !wrong.empty()) return wrong;
    std::error_code wrong;
    if (std::filesystem::exists(folder, wrong) && !std::filesystem::is_empty(folder, wrong))
        return folder.string() + " is there already and not an empty folder: name another one";
    for (const TemplateFile& file : plugin_template()) {
        const std::string failed =
            write_file(folder / rename_template(file.path, name), rename_template(file.text, name));
        if (!failed.empty()) return failed;
    }
    return {};
}

control::Checked<control::PluginDescriptor> check_plugin(const std::filesystem::path& file,
                                                         control::LibraryLoader& loader) {
    using Result = control::Checked<control::PluginDescriptor>;
    if (std::string wrong = control::check_exports(file); !wrong.empty())
        return Result::refused(std::move(wrong));
    const std::string name = file.stem().string();
    const auto library = loader.load(name, file);
    if (!library) return Result::refused(library.reason);
    auto descriptor = control::read_descriptor(*(*library)->entry);
    if (!descriptor) return descriptor;
    if (descriptor->name != name || file.extension() != ".so")
        return Result::refused("the descriptor says \"" + descriptor->name +
                               "\": the file has to be called " + descriptor->name + ".so");
    const config::PluginSchema section{name, descriptor->config_schema, false};
    const config::Composed composed = config::compose({&section, 1});
    if (!composed.issues.empty()) return Result::refused(config::format(composed.issues));
    return descriptor;
}

}  // namespace streamhost::app
