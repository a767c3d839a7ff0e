#include "readers_route.hpp"

#include "streamhost/ids.hpp"
#include "streamhost/wait.hpp"

namespace recovery {

using streamhost::Failure;
using streamhost::Host;
using streamhost::HttpRequest;
using streamhost::HttpResponse;

namespace {

constexpr const char* kPath = "/admin/v1/readers/*";
constexpr std::string_view kPrefix = "/admin/v1/readers/";
constexpr std::uint32_t kDeadlineMs = 5'000;

HttpResponse answer(Host& host, const streamhost::Lease<ReadersTable>& readers, const HttpRequest& request) {
    const auto stream = stream_of_path(request.path());
    if (!stream) throw Failure(SH_NOT_FOUND, "GET /admin/v1/readers/STREAM shows the readers of a stream");
    const streamhost::Answered found = streamhost::need_answer(
        host, readers, kDeadlineMs, [&](const ReadersTable& table, void* self, sh_ticket ticket) {
            table.readers(self, streamhost::bytes(*stream), ticket);
        });
    return HttpResponse::json(200, found.body).uncached();
}

}  // namespace

std::optional<std::string> stream_of_path(std::string_view path) {
    if (!path.starts_with(kPrefix) || !streamhost::is_stream_id(path.substr(kPrefix.size())))
        return std::nullopt;
    return std::string(path.substr(kPrefix.size()));
}

void ReadersRoute::add(Host& host, streamhost::Lease<ReadersTable> readers) {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = kPath;
    routes_.add(host, route,
                [&host, readers](const HttpRequest& request) { return answer(host, readers, request); });
}

}  // namespace recovery
