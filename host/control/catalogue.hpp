#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/descriptor.hpp"
#include "control/library.hpp"
#include "control/state.hpp"

namespace streamhost::control {

/// A plugin that can be loaded: its library and what it says of itself.
struct LoadedPlugin {
    const Library* library = nullptr;
    PluginDescriptor descriptor;
};

/// One plugin name, as the plugin directories show it.
struct CatalogueEntry {
    std::string name;
    std::filesystem::path file;
    State state = State::discovered;     ///< discovered, verified, loaded or failed
    std::string reason;                  ///< with failed
    bool usable = true;                  ///< false: a second file has the name, or the name is none
    std::optional<LoadedPlugin> loaded;  ///< the newest generation that was loaded
};

/// The problem: an operator must see every file of the plugin directory with the reason why it is no plugin,
/// and none of its code may run before it is asked for.
///
/// `<name>.so` is the plugin `<name>`; the descriptor must agree. Two files of one name are refused, both:
/// which one would run must not depend on the order of directories. Not thread-safe: [control] throughout.
class Catalogue {
public:
    explicit Catalogue(LibraryLoader& loader) : loader_(loader) {}

    /// Looks at each *.so of the directories: discovered, then verified or failed. What is loaded stays
    /// loaded; entries whose file is gone disappear unless loaded. A directory that cannot be read is
    /// returned as text.
    [[nodiscard]] std::vector<std::string> scan(const std::vector<std::filesystem::path>& directories);

    /// Maps the file as it is now and reads its descriptor. A failed attempt keeps what was loaded before.
    [[nodiscard]] Checked<LoadedPlugin> load(const std::string& name);

    [[nodiscard]] const CatalogueEntry* find(const std::string& name) const;
    [[nodiscard]] const std::map<std::string, CatalogueEntry>& entries() const { return entries_; }

private:
    void add_file(const std::filesystem::path& file, std::map<std::string, CatalogueEntry>& to) const;

    LibraryLoader& loader_;
    std::map<std::string, CatalogueEntry> entries_;
};

}  // namespace streamhost::control
