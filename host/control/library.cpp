#include "control/library.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <unistd.h>

namespace streamhost::control {
namespace fs = std::filesystem;
namespace {

/// Never destroyed: the destructor of a shared_library unmaps, and a function pointer into a plugin may be in
/// any thread's hands until the process is gone.
std::vector<boost::dll::shared_library>& mapped_for_good() {
    static auto& libraries = *new std::vector<boost::dll::shared_library>;
    return libraries;
}

constexpr std::string_view kDirectoryPrefix = "streamhost-plugins-";

// The copies of processes that ended without tidying up: killed, or told to leave at once. Their number is in
// the name; in a container it may be ours again. A library that is mapped keeps its content, so nobody is
// harmed who lives where we cannot see him.
void remove_leftovers(const fs::path& parent) {
    static std::atomic<bool> is_none_made{true};
    const bool is_first = is_none_made.exchange(false);
    std::error_code error;
    for (fs::directory_iterator at(parent, error); !error && at != fs::directory_iterator();
         at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (!name.starts_with(kDirectoryPrefix)) continue;
        int pid = 0;
        std::from_chars(name.data() + kDirectoryPrefix.size(), name.data() + name.size(), pid);
        std::error_code ignored;  // another user's
        const bool is_gone = pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
        if (is_gone || (is_first && pid == ::getpid())) fs::remove_all(at->path(), ignored);
    }
}

fs::path make_private_directory(const fs::path& parent) {
    remove_leftovers(parent);
    std::string path =
        (parent / (std::string(kDirectoryPrefix) + std::to_string(::getpid()) + "-XXXXXX")).string();
    if (::mkdtemp(path.data()) == nullptr) {  // makes it with mode 0700
        throw std::runtime_error("plugins are loaded from copies, and no folder for them can be made in " +
                                 parent.string() + " (" + std::generic_category().message(errno) +
                                 "): make it writable, or name another folder in TMPDIR");
    }
    return path;
}

std::string list_some(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kShown) text += ", ...";
    return text;
}

bool same_content(const fs::path& left, const fs::path& right) {
    std::error_code error;
    if (fs::file_size(left, error) != fs::file_size(right, error) || error) return false;
    std::ifstream a(left, std::ios::binary);
    std::ifstream b(right, std::ios::binary);
    std::array<char, 65'536> from_a;
    std::array<char, 65'536> from_b;
    while (a && b) {
        a.read(from_a.data(), from_a.size());
        b.read(from_b.data(), from_b.size());
        if (a.gcount() != b.gcount() ||
            !std::equal(from_a.data(), from_a.data() + a.gcount(), from_b.data())) {
            return false;
        }
    }
    return a.eof() && b.eof();
}

/// A copy that is not kept is removed, whichever way load() ends.
class CopyGuard {
public:
    explicit CopyGuard(fs::path path) : path_(std::move(path)) {}
    ~CopyGuard() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove(path_, ignored);
    }
    CopyGuard(const CopyGuard&) = delete;
    CopyGuard& operator=(const CopyGuard&) = delete;
    void keep() { path_.clear(); }

private:
    fs::path path_;
};

}  // namespace

std::string check_exports(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
        return "there is no such file (" + (error ? error.message() : "it is something else") +
               "): correct the path";
    }
    std::vector<std::string> exported;
    try {
        exported = boost::dll::library_info(file).symbols();
    } catch (const std::exception&) {  // its text names the stream that failed, not the file
        return "it is no whole shared library for this machine: copy the whole file again, built for this "
               "system";
    }
    const auto last = std::remove(exported.begin(), exported.end(), SH_ENTRY_SYMBOL);
    const bool has_entry = last != exported.end();
    exported.erase(last, exported.end());
    if (!has_entry) {
        return "it does not export " SH_ENTRY_SYMBOL
               ": define it extern \"C\" with SH_EXPORT, or use the macro of the SDK";
    }
    if (!exported.empty()) {
        return "it exports " + std::to_string(exported.size()) + " symbols beside " SH_ENTRY_SYMBOL " (" +
               list_some(exported) + "): build it with streamhost_add_plugin(), which hides all others";
    }
    return {};
}

LibraryLoader::LibraryLoader(Options options)
    : options_(std::move(options)), directory_(make_private_directory(options_.run_directory)) {}

LibraryLoader::~LibraryLoader() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

const Library* LibraryLoader::find_same(const std::string& name, const fs::path& copy) const {
    const auto found = std::find_if(libraries_.rbegin(), libraries_.rend(), [&](const Library& library) {
        return library.name == name && same_content(library.copy, copy);
    });
    return found == libraries_.rend() ? nullptr : &*found;
}

std::uint64_t LibraryLoader::next_generation(const std::string& name) const {
    return 1 + static_cast<std::uint64_t>(std::count_if(libraries_.begin(), libraries_.end(),
                                                        [&](const Library& l) { return l.name == name; }));
}

LibraryLoader::Stamp LibraryLoader::stamp_of(const fs::path& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return {};
    return {info.st_dev, info.st_ino, info.st_size,
            info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec};
}

Checked<const Library*> LibraryLoader::load(const std::string& name, const fs::path& source) {
    const Stamp stamp = stamp_of(source);
    Seen& seen = seen_[name + '\n' + source.string()];
    if (seen.library != nullptr && seen.stamp == stamp && stamp.inode != 0) {
        return Checked<const Library*>::of(seen.library);
    }
    auto loaded = load_copy(name, source);
    // Looked at before the copy: a file that changes meanwhile has another stamp the next time.
    if (loaded) seen = {stamp, *loaded};
    return loaded;
}

Checked<const Library*> LibraryLoader::load_copy(const std::string& name, const fs::path& source) {
    using Result = Checked<const Library*>;
    // Checked and mapped is the copy, so a file that an operator replaces meanwhile cannot slip in between.
    const fs::path copy = directory_ / (name + "." + std::to_string(++copies_) + ".so");
    CopyGuard guard(copy);
    std::error_code error;
    if (!fs::copy_file(source, copy, error)) {
        return Result::refused("cannot copy " + source.string() + " (" + error.message() +
                               "): check that the file and " + directory_.string() +
                               " are readable and have space");
    }
    if (const Library* same = find_same(name, copy)) return Result::of(same);
    if (auto reason = check_exports(copy); !reason.empty()) return Result::refused(std::move(reason));
    if (libraries_.size() >= options_.retained_limit) {
        return Result::refused(
            std::to_string(libraries_.size()) +
            " plugin libraries are mapped, which is the limit: restart the host to drop old ones");
    }
    try {
        using boost::dll::load_mode::rtld_local;
        using boost::dll::load_mode::rtld_now;
        boost::dll::shared_library library(copy, rtld_now | rtld_local);  // throws with the text of dlerror()
        const sh_entry* entry = &library.get<const sh_entry>(SH_ENTRY_SYMBOL);
        mapped_for_good().push_back(std::move(library));
        guard.keep();
        return Result::of(
            &libraries_.emplace_back(Library{name, next_generation(name), source, copy, entry}));
    } catch (const std::exception& failure) {
        return Result::refused("the dynamic linker refuses it (" + std::string(failure.what()) +
                               "): link what is missing into the plugin, and see that " +
                               directory_.string() + " is not mounted noexec");
    }
}

}  // namespace streamhost::control
