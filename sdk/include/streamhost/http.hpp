// HTTP routes in C++: a function from request to response, run on a worker.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/ext/http.h"
#include "streamhost/host.hpp"

namespace streamhost {

class HttpRequest {
public:
    explicit HttpRequest(const sh_http_request* raw) : raw_(raw) {}
    [[nodiscard]] bool is_admin() const { return raw_->listener == SH_LISTENER_ADMIN; }
    [[nodiscard]] std::string_view method() const { return view(raw_->method); }
    [[nodiscard]] std::string_view path() const { return view(raw_->path); }
    [[nodiscard]] std::string_view query() const { return view(raw_->query); }
    [[nodiscard]] std::string_view peer() const { return view(raw_->peer); }
    [[nodiscard]] std::string_view body() const { return view(raw_->body); }
    [[nodiscard]] std::string_view header(const char* name) const {
        sh_bytes out{};
        return raw_->header(raw_, name, &out) == SH_OK ? view(out) : std::string_view();
    }

private:
    const sh_http_request* raw_;
};

struct HttpResponse {
    std::uint32_t status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    static HttpResponse json(std::uint32_t status, std::string body) {
        return {status, {{"Content-Type", "application/json"}}, std::move(body)};
    }
    // What is true at this moment, and kept by no cache: HttpResponse::json(200, body).uncached().
    [[nodiscard]] HttpResponse uncached() && {
        headers.emplace_back("Cache-Control", "no-store");
        return std::move(*this);
    }
};

// The routes of a plugin; keep it as a member so that it outlives stop().
class HttpRoutes {
public:
    using Handler = UniqueFunction<HttpResponse(const HttpRequest&)>;

    // Handlers run on several workers at once. A Failure that one throws is answered as a problem document
    // with its words. Throws Failure when the path is taken. [control]
    void add(const Host& host, sh_http_route route, Handler handler) {
        const auto* ext = host.require<sh_http_ext>(SH_EXT_HTTP);
        route.struct_size = sizeof(route);
        handlers_.push_back(std::make_unique<Handler>(std::move(handler)));
        sh_handle handle = 0;
        if (const sh_status status =
                ext->add_route(host.raw(), &route, &serve, handlers_.back().get(), &handle);
            status != SH_OK)
            throw Failure(status,
                          std::string("the HTTP route ") + route.path + " is taken by another plugin");
    }

private:
    static sh_status serve(void* self, const sh_http_request* request, sh_http_response* out) noexcept {
        Caught error;
        const sh_status status = guard(&error, [&] {
            const HttpResponse response = (*static_cast<Handler*>(self))(HttpRequest(request));
            out->status(out, response.status);
            for (const auto& [name, value] : response.headers)
                out->header(out, name.c_str(), bytes(value));
            out->body(out, bytes(response.body));
        });
        // A Failure's words are for whoever asked; those of other exceptions are not.
        if (status != SH_OK && status != SH_INTERNAL) out->body(out, bytes(std::string_view(error.text)));
        return status;
    }
    std::vector<std::unique_ptr<Handler>> handlers_;
};

}  // namespace streamhost
