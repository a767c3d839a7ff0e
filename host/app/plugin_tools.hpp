#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "control/checked.hpp"
#include "control/descriptor.hpp"
#include "control/library.hpp"

namespace streamhost::app {

/// What the commands `plugin new` and `plugin check` do: nothing of it starts a node.

/// A file of sdk/template/, a plugin named my-plugin.
struct TemplateFile {
    std::string_view path;  ///< relative
    std::string_view text;
};
[[nodiscard]] std::span<const TemplateFile> plugin_template();

/// `text` with the template's name in its three spellings (my-plugin, my_plugin, MyPlugin) replaced by that
/// of `name`.
[[nodiscard]] std::string rename_template(std::string_view text, std::string_view name);

/// Writes a plugin `name` into `folder`, which is made, or is empty. "", or why not; then nothing was
/// overwritten.
[[nodiscard]] std::string write_plugin(const std::string& name, const std::filesystem::path& folder);

/// Everything that this host checks before it would call a function of the plugin: exports, magic, ABI,
/// descriptor, file name, configuration schema. Maps the library, so its static constructors run.
[[nodiscard]] control::Checked<control::PluginDescriptor> check_plugin(const std::filesystem::path& file,
                                                                       control::LibraryLoader& loader);

}  // namespace streamhost::app
