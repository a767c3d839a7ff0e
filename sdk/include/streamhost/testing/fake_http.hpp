// The HTTP side of a host for unit tests: takes a plugin's routes and asks them, without a socket.
//
//     FakeHost host;
//     FakeHttp http(host);
//     host.create<Audit>(); ... host.start();
//     EXPECT_EQ(http.get("/audit").status, 200u);
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/ext/http.h"
#include "streamhost/testing/fake_host.hpp"

namespace streamhost::testing {

// Must outlive the plugin under test. Header names are compared as they are written here.
class FakeHttp {
public:
    struct Route {
        sh_http_route declared{};
        std::string method;
        std::string path;
        sh_http_handler handler = nullptr;
        void* self = nullptr;
    };
    struct Request {
        std::string method = "GET";
        std::string path;
        std::string query;
        std::string body;
        std::map<std::string, std::string> headers;
        std::uint32_t listener = SH_LISTENER_PUBLIC;
        std::string peer = "127.0.0.1:40000";
    };
    struct Response {
        std::uint32_t status = 200;
        std::map<std::string, std::string> headers;
        std::string body;
    };

    explicit FakeHttp(FakeHost& host) {
        table_.ext.struct_size = sizeof(table_.ext);
        table_.ext.add_route = &add_route;
        table_.self = this;
        host.extend(SH_EXT_HTTP, &table_.ext);
    }
    FakeHttp(const FakeHttp&) = delete;
    FakeHttp& operator=(const FakeHttp&) = delete;

    // 404 without a route for method, path and listener; 500 when the handler answers a failure.
    Response ask(const Request& request) {
        Response response;
        response.status = 404;
        for (const Route& route : routes) {
            if (serves(route, request)) return run(route, request);
        }
        return response;
    }
    Response get(const std::string& path) {
        Request request;
        request.path = path;
        return ask(request);
    }

    std::vector<Route> routes;

private:
    // The C function gets the host only; the table that this host hands out leads back to us.
    struct Table {
        sh_http_ext ext{};
        FakeHttp* self = nullptr;
    };
    static sh_status add_route(const sh_host* host, const sh_http_route* route, sh_http_handler handler,
                               void* self, sh_handle* out) {
        auto& routes = static_cast<const Table*>(host->extension(host, SH_EXT_HTTP))->self->routes;
        for (const Route& taken : routes) {
            if (taken.method == route->method && taken.path == route->path) return SH_CONFLICT;
        }
        routes.push_back({*route, route->method, route->path, handler, self});
        *out = routes.size();
        return SH_OK;
    }
    static bool serves(const Route& route, const Request& request) {
        if (route.method != request.method || (route.declared.listeners & request.listener) == 0)
            return false;
        if (!route.path.ends_with("/*")) return route.path == request.path;
        return request.path.starts_with(std::string_view(route.path).substr(0, route.path.size() - 1));
    }
    static Response run(const Route& route, const Request& from) {
        sh_http_request request{};
        request.struct_size = sizeof(request);
        request.listener = from.listener;
        request.method = bytes(from.method);
        request.path = bytes(from.path);
        request.query = bytes(from.query);
        request.peer = bytes(from.peer);
        request.body = bytes(from.body);
        request.self = &from.headers;
        request.header = [](const sh_http_request* asked, const char* name, sh_bytes* out) -> sh_status {
            const auto& headers = *static_cast<const std::map<std::string, std::string>*>(asked->self);
            const auto found = headers.find(name);
            if (found == headers.end()) return SH_NOT_FOUND;
            *out = bytes(found->second);
            return SH_OK;
        };
        Response got;
        sh_http_response response{};
        response.struct_size = sizeof(response);
        response.self = &got;
        response.status = [](sh_http_response* to, std::uint32_t code) { of(to).status = code; };
        response.header = [](sh_http_response* to, const char* name, sh_bytes value) {
            of(to).headers[name] = view(value);
        };
        response.body = [](sh_http_response* to, sh_bytes part) { of(to).body += view(part); };
        if (route.handler(route.self, &request, &response) != SH_OK) got.status = 500;
        return got;
    }
    static Response& of(sh_http_response* response) { return *static_cast<Response*>(response->self); }

    Table table_;
};

}  // namespace streamhost::testing
