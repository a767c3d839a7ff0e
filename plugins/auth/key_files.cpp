#include "key_files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "streamhost/status.hpp"

#include "jwks.hpp"

namespace auth {

using streamhost::Failure;

namespace {

std::vector<std::string> files_of(const KeyPlan& plan) {
    std::vector<std::string> files;
    for (const KeySource& source : plan.keys)
        files.push_back(source.file);
    if (!plan.jwks_file.empty()) files.push_back(plan.jwks_file);
    return files;
}

// Editors and `openssl rand -hex` end a file with one.
std::string_view without_line_end(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

KeyPtr key_of(const KeySource& source, const std::string& content) {
    if (source.algorithm == Algorithm::kHs256) return Key::from_secret(source.id, without_line_end(content));
    return Key::from_pem(source.id, source.algorithm, content);
}

template <typename Body>
void with_file(const std::string& file, Body&& body) {
    try {
        body();
    } catch (const Failure& failure) {
        throw Failure(SH_INVALID, file + ": " + failure.what());
    }
}

}  // namespace

std::string read_file(const std::string& path) {
    struct Close {
        void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
    };
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rbe"));
    if (file == nullptr) throw Failure(SH_INVALID, std::strerror(errno));
    std::string out;
    char piece[4096];
    while (const std::size_t count = std::fread(piece, 1, sizeof(piece), file.get())) {
        out.append(piece, count);
        if (out.size() > kMaxKeyFileBytes) throw Failure(SH_INVALID, "larger than 1 MiB: no file of keys");
    }
    if (std::ferror(file.get()) != 0) throw Failure(SH_INVALID, std::strerror(errno));
    return out;
}

KeyFiles::Look KeyFiles::look(const KeyPlan& plan, const Reader& read) {
    Look found;
    std::string all;
    for (const std::string& file : files_of(plan)) {
        std::string content;
        try {
            with_file(file, [&] { content = read(file); });
        } catch (const Failure& failure) {
            if (found.trouble.empty()) found.trouble = failure.what();
        }
        all += std::to_string(content.size()) + ':' + content;
        found.contents.push_back(std::move(content));
    }
    found.digest = digest_of(found.trouble + '\n' + all);
    return found;
}

std::vector<KeyPtr> KeyFiles::keys_of(const KeyPlan& plan, const Look& look) {
    if (!look.trouble.empty()) throw Failure(SH_INVALID, look.trouble);
    std::vector<KeyPtr> keys;
    for (std::size_t index = 0; index < plan.keys.size(); ++index)
        with_file(plan.keys[index].file,
                  [&] { keys.push_back(key_of(plan.keys[index], look.contents[index])); });
    if (plan.jwks_file.empty()) return keys;
    with_file(plan.jwks_file, [&] {
        for (KeyPtr& key : read_jwks(look.contents.back()))
            keys.push_back(std::move(key));
    });
    return keys;
}

bool KeyFiles::has_changed(const Look& look) {
    const bool is_settled = look.digest == seen_;
    seen_ = look.digest;
    return is_settled && look.digest != taken_;
}

}  // namespace auth
