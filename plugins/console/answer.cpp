#include "answer.hpp"

#include "entity_tag.hpp"

namespace console {

streamhost::HttpResponse answer(const Asset& asset, std::string_view if_none_match) {
    streamhost::HttpResponse response;
    // A 304 carries the policies too: it renews the fields of the stored answer (RFC 9111 4.3.4), and a new
    // release may change a policy without changing the file.
    response.headers = {
        // Kept, but asked for each time: modules of two releases must not run in one page.
        {"Cache-Control", "no-cache"},
        {"ETag", asset.etag},
        {"Content-Security-Policy", std::string(kContentSecurityPolicy)},
        {"Cross-Origin-Opener-Policy", "same-origin"},
    };
    if (names_tag(if_none_match, asset.etag)) {
        response.status = 304;
        return response;
    }
    response.headers.emplace_back("Content-Type", asset.media_type);
    response.body = asset.body;
    return response;
}

}  // namespace console
