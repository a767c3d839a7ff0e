#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <string>

#include "streamhost/abi/plugin.h"

#include "control/checked.hpp"

namespace streamhost::control {

/// One plugin file as it was when it was loaded. Lives and stays mapped until the process ends.
struct Library {
    std::string name;              ///< the plugin's name: the file name without ".so"
    std::uint64_t generation = 0;  ///< 1, 2, ... per name, one for each different file
    std::filesystem::path source;  ///< where an operator put it
    std::filesystem::path copy;    ///< what is mapped
    const sh_entry* entry = nullptr;
};

/// [any] The export list of a file, read without loading it: "" when it is exactly `streamhost_plugin_entry`,
/// else what is wrong and what to do.
[[nodiscard]] std::string check_exports(const std::filesystem::path& file);

/// The problem: dlopen() of a path that is already open answers the old code without a word, writing over a
/// mapped file kills the process, and dlclose() may or may not unload.
///
/// So every different file is copied to a path of its own in a private directory and loaded from there,
/// beside the older ones, and nothing is ever unmapped. What was loaded once is found again by its content:
/// switching a plugin off and on maps nothing new. Symbols are resolved at load and bound locally.
///
/// A library that looks for private libraries relative to itself ($ORIGIN) does not find them beside the
/// copy.
class LibraryLoader {
public:
    struct Options {
        std::filesystem::path run_directory;  ///< a private directory is made inside; must allow execution
        std::size_t retained_limit = 64;  ///< libraries mapped at once, all plugins and generations together
    };

    explicit LibraryLoader(Options options);  ///< throws std::filesystem::filesystem_error
    ~LibraryLoader();                         ///< removes the private directory; the mappings stay
    LibraryLoader(const LibraryLoader&) = delete;
    LibraryLoader& operator=(const LibraryLoader&) = delete;

    /// [control] Copies, checks the exports of the copy and maps it; or finds the library with this content
    /// again. Its static constructors run, nothing else. The entry is not looked at: read_descriptor() does
    /// that.
    [[nodiscard]] Checked<const Library*> load(const std::string& name, const std::filesystem::path& source);

    [[nodiscard]] std::size_t retained() const { return libraries_.size(); }              ///< [control]
    [[nodiscard]] std::size_t retained_limit() const { return options_.retained_limit; }  ///< [any]
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }   ///< [any]

private:
    /// What changes when a file is replaced or written to.
    struct Stamp {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = 0;
        std::int64_t changed_ns = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    struct Seen {
        Stamp stamp;
        const Library* library = nullptr;
    };
    [[nodiscard]] static Stamp stamp_of(const std::filesystem::path& file);
    [[nodiscard]] const Library* find_same(const std::string& name, const std::filesystem::path& copy) const;
    [[nodiscard]] Checked<const Library*> load_copy(const std::string& name,
                                                    const std::filesystem::path& source);
    std::uint64_t next_generation(const std::string& name) const;

    const Options options_;
    std::filesystem::path directory_;
    std::deque<Library> libraries_;     // stable addresses
    std::map<std::string, Seen> seen_;  // by path: a file that has not changed is not read again
    std::uint64_t copies_ = 0;
};

}  // namespace streamhost::control
