#include "entry_route.hpp"

#include "streamhost/ids.hpp"
#include "streamhost/json_object.hpp"
#include "streamhost/wait.hpp"
#include "streamhost/whole_number.hpp"

namespace streamcache {

using streamhost::bytes;
using streamhost::Failure;
using streamhost::Host;
using streamhost::HttpRequest;
using streamhost::HttpResponse;
using streamhost::JsonObject;

namespace {

constexpr const char* kPath = "/admin/v1/entries/*";
constexpr std::string_view kPrefix = "/admin/v1/entries/";
constexpr std::uint32_t kDeadlineMs = 5'000;

const char* type_word(std::uint32_t type) {
    switch (type) {
    case SH_RECORD_TEXT: return "text";
    case SH_RECORD_PART: return "part";
    case SH_RECORD_MESSAGE: return "message";
    case SH_RECORD_RUN: return "run";
    case SH_RECORD_END: return "end";
    default: return "unknown";
    }
}

const char* state_word(std::uint32_t state) {
    switch (state) {
    case SH_STREAM_OPEN: return "open";
    case SH_STREAM_COMPLETE: return "complete";
    case SH_STREAM_CANCELLED: return "cancelled";
    case SH_STREAM_ERROR: return "error";
    case SH_STREAM_LOST: return "lost";
    default: return "unknown";
    }
}

std::string check_text(std::uint64_t check) {
    const auto digits = streamhost::hex16(check);
    return {digits.begin(), digits.end()};
}

[[noreturn]] void missing(const EntryQuestion& question, const sh_result& read) {
    if (read.status == SH_NOT_FOUND || read.last == 0)
        throw Failure(SH_NOT_FOUND,
                      "nobody has written the stream " + question.stream + ", or it has expired");
    throw Failure(SH_NOT_FOUND, "the stream " + question.stream + " has the entries " +
                                    std::to_string(read.first) + " to " + std::to_string(read.last));
}

std::string claim_json(const ClaimBook::Claim& claim, std::string_view node) {
    return JsonObject()
        .text("node", node)
        .number("at_ms", claim.at_ms)
        .text("producer", claim.is_local ? "this process" : "a client")
        .done();
}

HttpResponse answer(Host& host, const streamhost::Lease<EntryTable>& entries, const HttpRequest& request) {
    const auto question = entry_of_path(request.path());
    if (!question) throw Failure(SH_NOT_FOUND, "GET /admin/v1/entries/STREAM/SEQ shows who wrote an entry");
    const streamhost::Answered found = streamhost::need_answer(
        host, entries, kDeadlineMs, [&](const EntryTable& table, void* self, sh_ticket ticket) {
            table.entry(self, bytes(question->stream), question->seq, ticket);
        });
    return HttpResponse::json(200, found.body).uncached();
}

}  // namespace

std::optional<EntryQuestion> entry_of_path(std::string_view path) {
    if (!path.starts_with(kPrefix)) return std::nullopt;
    path.remove_prefix(kPrefix.size());
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos || !streamhost::is_stream_id(path.substr(0, slash)))
        return std::nullopt;
    const auto seq = streamhost::whole_number<std::uint64_t>(path.substr(slash + 1));
    if (!seq || *seq == 0) return std::nullopt;
    return EntryQuestion{std::string(path.substr(0, slash)), *seq};
}

std::string entry_json(const EntryQuestion& question, const sh_result& read, std::string_view node,
                       const ClaimBook& book) {
    const bool is_there = read.status == SH_OK && read.batch != nullptr && read.batch->count > 0 &&
                          read.batch->records[0].seq == question.seq;
    if (read.status != SH_OK && read.status != SH_NOT_FOUND) throw Failure(read.status, read.detail);
    if (!is_there) missing(question, read);
    const sh_record& record = read.batch->records[0];
    JsonObject out;
    out.text("stream", question.stream).number("seq", record.seq).text("type", type_word(record.type));
    out.text("check", check_text(record.check)).number("bytes", record.data.size);
    out.number("at_ms", record.ts_ms).number("fence", record.fence);
    out.boolean("owned", (read.flags & SH_RESULT_OWNED) != 0).text("state", state_word(read.state));
    out.number("first", read.first).number("last", read.last);
    const auto claim = record.fence == 0 ? std::nullopt : book.find(question.stream, record.fence);
    out.json_if("claimed", claim ? claim_json(*claim, node) : std::string());
    return out.done();
}

void EntryRoute::add(Host& host, streamhost::Lease<EntryTable> entries) {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = kPath;
    routes_.add(host, route,
                [&host, entries](const HttpRequest& request) { return answer(host, entries, request); });
}

}  // namespace streamcache
