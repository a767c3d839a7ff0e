#include "asset.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "streamhost/status.hpp"

#include "entity_tag.hpp"

namespace console {
namespace {

namespace fs = std::filesystem;
using streamhost::Failure;

constexpr struct {
    std::string_view extension;
    std::string_view type;
} kTypes[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".woff2", "font/woff2"},
};

// What stands for itself in a URL; another name could only be reached through an escape.
bool is_plain(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.' || c == '/';
    });
}

Asset asset_of(std::string_view name, std::string body) {
    constexpr std::string_view kIndex = "/index.html";
    std::string path = "/" + std::string(name);
    if (path.ends_with(kIndex)) path.resize(path.size() - kIndex.size() + 1);
    std::string etag = entity_tag_of(body);
    return {std::move(path), media_type_of(name), std::move(etag), std::move(body)};
}

std::string read(const fs::path& file) {
    if (fs::file_size(file) > kMaxFileBytes) throw Failure(SH_INVALID, file.string() + " is over 8 MiB");
    std::ifstream in(file, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) throw Failure(SH_INVALID, "cannot read " + file.string());
    return bytes;
}

std::vector<Asset> walk(const fs::path& root) {
    std::vector<Asset> assets;
    fs::recursive_directory_iterator entry(root, fs::directory_options::follow_directory_symlink);
    for (; entry != fs::end(entry); ++entry) {
        if (entry->path().filename().string().starts_with('.')) {
            entry.disable_recursion_pending();
            continue;
        }
        const std::string name = entry->path().lexically_relative(root).generic_string();
        if (!entry->is_regular_file() || !is_plain(name) || media_type_of(name).empty()) continue;
        if (assets.size() == kMaxFiles)
            throw Failure(SH_INVALID, root.string() + " has more than 1,000 files");
        assets.push_back(asset_of(name, read(entry->path())));
    }
    return assets;
}

}  // namespace

std::string_view media_type_of(std::string_view name) noexcept {
    const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                     [name](const auto& type) { return name.ends_with(type.extension); });
    return found == std::end(kTypes) ? std::string_view() : found->type;
}

std::vector<Asset> built_in_assets() {
    std::vector<Asset> assets;
    for (const File& file : built_in_files()) {
        if (!media_type_of(file.name).empty()) assets.push_back(asset_of(file.name, std::string(file.bytes)));
    }
    return assets;
}

std::vector<Asset> read_assets(const std::string& directory) {
    try {
        return walk(directory);
    } catch (const fs::filesystem_error& error) {
        throw Failure(SH_INVALID, "directory: " + error.code().message() + ": " + error.path1().string());
    }
}

bool is_for_operators(const Asset& asset) noexcept { return asset.path.starts_with("/console/"); }

std::vector<Asset> overlay(std::vector<Asset> base, std::vector<Asset> over) {
    std::map<std::string, Asset> by_path;
    for (auto* list : {&base, &over}) {
        for (Asset& asset : *list) {
            std::string path = asset.path;
            by_path.insert_or_assign(std::move(path), std::move(asset));
        }
    }
    std::vector<Asset> result;
    for (auto& [path, asset] : by_path)
        result.push_back(std::move(asset));
    return result;
}

}  // namespace console
