#include "net/socket_file.hpp"

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <Poco/Net/NetException.h>
#include <fcntl.h>
#include <grp.h>
#include <unistd.h>

#include "net/listen_address.hpp"

namespace streamhost::net {

namespace {

using Poco::Net::NetException;
using Poco::Net::SocketAddress;

constexpr std::size_t kGroupBytes = 16U << 10U;

std::string words(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail(const std::string& path, const std::string& reason, int error = 0) {
    throw NetException("cannot listen on unix:" + path + ": " + reason, error);
}

std::string who_is(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return {};
    return std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
}

// Its queue may be full: then, too, somebody is there.
bool is_dead(const std::string& path, int type) {
    const SocketAddress address = parse_address("unix:" + path);
    const OwnedDescriptor probe(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return ::connect(probe.get(), address.addr(), address.length()) != 0 && errno == ECONNREFUSED;
}

void remove_dead(const std::string& path, int type) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return;
    if (!S_ISSOCK(found.st_mode)) fail(path, "a file that is no socket is there: choose another path");
    if (!is_dead(path, type))
        fail(path, "another program, or another streamhost, listens there: stop it, or choose another path",
             EADDRINUSE);
    if (::unlink(path.c_str()) != 0)
        fail(path, "the dead socket there cannot be removed: " + words(errno), errno);
}

gid_t group_of(const std::string& path, const std::string& name) {
    std::array<char, kGroupBytes> buffer{};
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        fail(path, "there is no group '" + name + "'");
    return found->gr_gid;
}

// Nobody can connect before listen(), so that nobody is let in by rights that it has until here.
void set_rights(const std::string& path, const SocketFileOptions& options) {
    if (!options.group.empty() &&
        ::chown(path.c_str(), static_cast<uid_t>(-1), group_of(path, options.group)) != 0)
        fail(path, "its group cannot be '" + options.group + "': this user has to be in it", errno);
    if (::chmod(path.c_str(), options.mode) != 0)
        fail(path, "its rights cannot be set: " + words(errno), errno);
}

// Held from the look at an old file until the new one is listened on: before that it looks dead, too.
int lock_folder(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail(path, "the folder cannot be opened: " + words(errno), errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    const int error = errno;
    ::close(fd);
    fail(path, "another program is about to listen in this folder: try again", error);
}

}  // namespace

SocketFile SocketFile::make(const std::string& path, const SocketFileOptions& options, int backlog,
                            OwnedDescriptor& socket) {
    const SocketAddress address = parse_address("unix:" + path);
    const OwnedDescriptor folder(lock_folder(path));
    remove_dead(path, options.type);
    OwnedDescriptor made(::socket(AF_UNIX, options.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (made.get() < 0 || ::bind(made.get(), address.addr(), address.length()) != 0)
        fail(path, words(errno), errno);
    SocketFile file(path, who_is(path));
    try {
        set_rights(path, options);
        if (::listen(made.get(), backlog) != 0) fail(path, words(errno), errno);
    } catch (...) {
        file.remove();
        throw;
    }
    socket = std::move(made);
    return file;
}

void SocketFile::remove() noexcept {
    if (!who_.empty() && who_is(path_) == who_) ::unlink(path_.c_str());
    leave();
}

}  // namespace streamhost::net
