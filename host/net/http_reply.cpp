#include "net/http_reply.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "net/http_text.hpp"

namespace streamhost::net {
namespace {

struct StatusText {
    std::uint16_t status;
    std::string_view reason;
    std::string_view code;
};

constexpr StatusText kStatusTexts[] = {
    {200, "OK", ""},
    {202, "Accepted", ""},
    {204, "No Content", ""},
    {304, "Not Modified", ""},
    {400, "Bad Request", "bad_request"},
    {401, "Unauthorized", "unauthenticated"},
    {403, "Forbidden", "forbidden"},
    {404, "Not Found", "not_found"},
    {405, "Method Not Allowed", "bad_request"},
    {408, "Request Timeout", "timeout"},
    {409, "Conflict", "conflict"},
    {410, "Gone", "not_found"},
    {411, "Length Required", "bad_request"},
    {413, "Content Too Large", "too_large"},
    {414, "URI Too Long", "too_large"},
    {415, "Unsupported Media Type", "bad_request"},
    {417, "Expectation Failed", "bad_request"},
    {426, "Upgrade Required", "bad_request"},
    {429, "Too Many Requests", "rate_limited"},
    {431, "Request Header Fields Too Large", "too_large"},
    {500, "Internal Server Error", "internal"},
    {501, "Not Implemented", "bad_request"},
    {503, "Service Unavailable", "unavailable"},
    {504, "Gateway Timeout", "timeout"},
    {505, "HTTP Version Not Supported", "bad_request"},
};

const StatusText* find_status(std::uint16_t status) noexcept {
    const auto* found = std::find_if(std::begin(kStatusTexts), std::end(kStatusTexts),
                                     [status](const StatusText& text) { return text.status == status; });
    return found == std::end(kStatusTexts) ? nullptr : found;
}

bool keeps_its_line(const HttpField& field) noexcept {
    const auto is_text = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
    return is_token(field.name) && std::all_of(field.value.begin(), field.value.end(), is_text);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20) {
            out.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
        } else {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
    }
    out += '"';
}

}  // namespace

void append_reply(std::string& out, const HttpReply& reply) {
    out.append("HTTP/1.1 ")
        .append(std::to_string(reply.status))
        .append(" ")
        .append(reason_phrase(reply.status))
        .append("\r\n");
    for (const HttpField& field : reply.fields) {
        assert(keeps_its_line(field));
        if (keeps_its_line(field)) append_field(out, field.name, field.value);
    }
    if (!reply.content_type.empty()) append_field(out, "Content-Type", reply.content_type);
    // RFC 9110 8.6: a 204 must not carry a length, a 304 none but that of the content it leaves out.
    if (reply.status != 204 && reply.status != 304)
        append_field(out, "Content-Length", std::to_string(reply.body.size()));
    if (reply.after == AfterReply::kClose) append_field(out, "Connection", "close");
    out.append("\r\n").append(reply.body);
}

void append_problem(std::string& out, const HttpProblem& problem) {
    const std::string body = problem_document(problem);
    const std::string retry = std::to_string(problem.retry_after_s.value_or(0));
    std::array<HttpField, 8> fields;
    const std::size_t given = std::min(problem.fields.size(), fields.size() - 2);
    assert(given == problem.fields.size());
    std::copy_n(problem.fields.begin(), given, fields.begin());
    std::size_t count = given;
    fields[count++] = kKeptByNoCache;
    if (problem.retry_after_s) fields[count++] = {"Retry-After", retry};
    append_reply(out, {.status = problem.status,
                       .after = problem.after,
                       .content_type = kProblemType,
                       .body = body,
                       .fields = std::span(fields).first(count)});
}

void append_events_head(std::string& out, std::span<const HttpField> fields) {
    out.append("HTTP/1.1 200 OK\r\n");
    for (const HttpField& field : fields) {
        assert(keeps_its_line(field));
        if (keeps_its_line(field)) append_field(out, field.name, field.value);
    }
    append_field(out, "Content-Type", "text/event-stream");
    append_field(out, "Cache-Control", "no-cache, no-transform");
    append_field(out, "X-Accel-Buffering", "no");  // nginx would wait until its buffer is full
    append_field(out, "Transfer-Encoding", "chunked");
    append_field(out, "Connection", "close");
    out.append("\r\n");
}

std::string problem_document(const HttpProblem& problem) {
    std::string body = "{\"type\":\"about:blank\",\"title\":";
    append_json_string(body, reason_phrase(problem.status));
    body.append(",\"status\":").append(std::to_string(problem.status)).append(",\"code\":");
    append_json_string(body, problem.code.empty() ? error_code_of(problem.status) : problem.code);
    if (!problem.detail.empty()) {
        body.append(",\"detail\":");
        append_json_string(body, problem.detail);
    }
    return body.append("}\n");
}

HttpProblem problem_of(HeadFault fault) noexcept {
    return {.status = status_of(fault), .detail = describe(fault)};
}

std::string_view reason_phrase(std::uint16_t status) noexcept {
    const StatusText* text = find_status(status);
    return text == nullptr ? std::string_view("Unknown") : text->reason;
}

std::string_view error_code_of(std::uint16_t status) noexcept {
    const StatusText* text = find_status(status);
    return text == nullptr || text->code.empty() ? std::string_view("internal") : text->code;
}

}  // namespace streamhost::net
