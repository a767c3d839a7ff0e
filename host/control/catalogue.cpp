#include "control/catalogue.hpp"

#include <algorithm>
#include <utility>

namespace streamhost::control {
namespace fs = std::filesystem;

namespace {

void verify(CatalogueEntry& entry) {
    entry.reason = check_exports(entry.file);
    entry.state = entry.reason.empty() ? State::verified : State::failed;
}

/// Sorted, so that two runs tell the same story.
std::vector<fs::path> plugin_files(const fs::path& directory, std::error_code& error) {
    std::vector<fs::path> files;
    fs::directory_iterator at(directory, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        if (at->path().extension() == ".so") files.push_back(at->path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

void Catalogue::add_file(const fs::path& file, std::map<std::string, CatalogueEntry>& to) const {
    CatalogueEntry entry;
    entry.name = file.stem().string();
    entry.file = file;
    if (const auto there = to.find(entry.name); there != to.end()) {
        there->second.state = State::failed;
        there->second.usable = false;
        there->second.reason = "there are two files of this name (" + there->second.file.string() + " and " +
                               file.string() + "): remove one";
        return;
    }
    if (!is_plugin_name(entry.name)) {
        entry.state = State::failed;
        entry.usable = false;
        entry.reason = "the file name is no plugin name ([a-z][a-z0-9_-]{0,31}): rename it to <name>.so";
    } else {
        verify(entry);
    }
    if (const auto before = entries_.find(entry.name); before != entries_.end() && before->second.loaded) {
        entry.loaded = before->second.loaded;
        if (entry.state == State::verified) entry.state = State::loaded;
    }
    to.emplace(entry.name, std::move(entry));
}

std::vector<std::string> Catalogue::scan(const std::vector<fs::path>& directories) {
    std::map<std::string, CatalogueEntry> found;
    std::vector<std::string> unreadable;
    for (const fs::path& directory : directories) {
        std::error_code error;
        for (const fs::path& file : plugin_files(directory, error))
            add_file(file, found);
        if (error) {
            unreadable.push_back("cannot read the plugin directory " + directory.string() + " (" +
                                 error.message() + "): create it or correct plugins.directory");
        }
    }
    for (auto& [name, entry] : entries_) {
        if (entry.loaded && !found.contains(name)) found.emplace(name, std::move(entry));
    }
    entries_ = std::move(found);
    return unreadable;
}

Checked<LoadedPlugin> Catalogue::load(const std::string& name) {
    using Result = Checked<LoadedPlugin>;
    const auto at = entries_.find(name);
    if (at == entries_.end()) {
        return Result::refused("there is no " + name +
                               ".so in the plugin directories: copy it there and scan again");
    }
    CatalogueEntry& entry = at->second;
    const auto refuse = [&entry](std::string reason) {
        entry.state = State::failed;
        entry.reason = reason;
        return Result::refused(std::move(reason));
    };
    if (!entry.usable) return Result::refused(entry.reason);
    const auto library = loader_.load(name, entry.file);
    if (!library) return refuse(library.reason);
    auto descriptor = read_descriptor(*(*library)->entry);
    if (!descriptor) return refuse(descriptor.reason);
    if (descriptor->name != name) {
        return refuse("the file is called " + name + ".so and the descriptor says \"" + descriptor->name +
                      "\": rename one of them");
    }
    entry.state = State::loaded;
    entry.reason.clear();
    entry.loaded = LoadedPlugin{*library, std::move(*descriptor.value)};
    return Result::of(*entry.loaded);
}

const CatalogueEntry* Catalogue::find(const std::string& name) const {
    const auto at = entries_.find(name);
    return at == entries_.end() ? nullptr : &at->second;
}

}  // namespace streamhost::control
