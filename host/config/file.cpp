#include "config/file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace streamhost::config {

namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

std::string last_error() { return std::generic_category().message(errno); }

bool is_regular(int descriptor, std::string& error) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        error = last_error();
        return false;
    }
    if (!S_ISREG(status.st_mode)) error = "not a regular file";
    return S_ISREG(status.st_mode);
}

}  // namespace

std::optional<std::string> read_file(const std::string& path, std::size_t limit, std::string& error) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (file.number() < 0) {
        error = last_error();
        return std::nullopt;
    }
    if (!is_regular(file.number(), error)) return std::nullopt;
    std::string text(limit + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(file.number(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            error = last_error();
            return std::nullopt;
        }
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > limit) {
        error = "longer than " + std::to_string(limit) + " bytes";
        return std::nullopt;
    }
    text.resize(size);
    return text;
}

}  // namespace streamhost::config
