// What the pages are made of: a list of files, fixed at the start. A request only ever picks from this list,
// so there is no path to climb out of, whatever it says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace console {

// `name` is relative to the root of the page: "index.html", "app/main.js".
struct File {
    std::string_view name;
    std::string_view bytes;
};
struct Asset {
    std::string path;  // of the URL: "/app/main.js"; "/" for index.html, "/console/" for that one's
    std::string_view media_type;  // with charset where it has one; static
    std::string etag;             // in quotes, from the bytes alone
    std::string body;
};

inline constexpr std::size_t kMaxFiles = 1'000;
inline constexpr std::size_t kMaxFileBytes = 8u << 20;

// Put into the library by the build.
[[nodiscard]] std::vector<File> built_in_files();

// Empty for a kind of file that a page has no use for; such a file is not served.
[[nodiscard]] std::string_view media_type_of(std::string_view name) noexcept;

[[nodiscard]] std::vector<Asset> built_in_assets();

// The files below a folder, without hidden ones and without kinds we do not know. Links are followed, so that
// `client` may point to the client's sources. Throws Failure(SH_INVALID) for what cannot be read or is over a
// limit. Reads the disk. [control]
[[nodiscard]] std::vector<Asset> read_assets(const std::string& directory);

// Below /console/ is the operators' page, for the admin listener alone; all else is public.
[[nodiscard]] bool is_for_operators(const Asset& asset) noexcept;

// `over` takes the place of what has the same path in `base`. Sorted by path.
[[nodiscard]] std::vector<Asset> overlay(std::vector<Asset> base, std::vector<Asset> over);

}  // namespace console
