#include "log_reader.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "streamhost/json.hpp"

namespace streamcache {

using streamhost::Batch;
using streamhost::Buffer;
using streamhost::bytes;
using streamhost::Host;
using streamhost::view;

namespace {

sh_result known(const sh_result& result) {
    if (result.status != SH_NOT_FOUND) return result;
    sh_result unknown = Host::make_result(SH_OK);
    unknown.state = SH_STREAM_UNKNOWN;
    return unknown;
}

}  // namespace

void LogReader::read(const std::string& stream, std::uint64_t from, std::uint32_t max_entries,
                     std::uint32_t max_bytes, streamhost::Host::Answer answer) {
    host_.command(
        [&](std::uint64_t token) {
            return store_->read(host_.raw(), bytes(stream), std::max<std::uint64_t>(1, from), max_entries,
                                max_bytes, token);
        },
        [answer = std::move(answer)](const sh_result& result) mutable { answer(known(result)); });
}

void LogReader::snapshot(const std::string& stream, sh_ticket ticket) {
    fold_from(stream, 1, std::make_shared<Fold>(), ticket);
}

void LogReader::fold_from(const std::string& stream, std::uint64_t from, std::shared_ptr<Fold> fold,
                          sh_ticket ticket) {
    read(stream, from, kEntries, kBytes, [this, stream, fold, ticket](const sh_result& page) {
        if (page.status != SH_OK) return host_.complete(ticket, page);
        if (page.batch != nullptr) fold->add({page.batch->records, page.batch->count});
        if ((page.flags & SH_RESULT_MORE) != 0 && page.batch != nullptr && page.batch->count > 0)
            return fold_from(stream, page.batch->records[page.batch->count - 1].seq + 1, fold, ticket);
        const std::vector<sh_record> records = fold->records();
        const Batch batch = host_.make_batch(records.data(), static_cast<std::uint32_t>(records.size()));
        sh_result answer = Host::make_result(SH_OK);
        answer.first = page.first;
        answer.last = fold->at().seq;
        answer.check = fold->at().check;
        answer.state = page.state;
        answer.flags = page.flags & SH_RESULT_OWNED;
        answer.batch = batch.get();
        host_.complete(ticket, answer);
    });
}

void LogReader::tail(const std::string& stream, sh_ticket ticket) {
    const sh_bytes id = bytes(stream);
    host_.command([&](std::uint64_t token) { return store_->tail(host_.raw(), &id, 1, token); },
                  [this, ticket](const sh_result& result) {
                      if (result.status != SH_OK || result.count != 1)
                          return host_.complete(ticket, known(result));
                      const auto* info = reinterpret_cast<const sh_stream_info*>(result.body->data);
                      sh_result answer = Host::make_result(SH_OK);
                      answer.first = info->state == SH_STREAM_UNKNOWN ? 0 : info->base.seq + 1;
                      answer.last = info->head.seq;
                      answer.check = info->head.check;
                      answer.fence = info->fence;
                      answer.state = info->state;
                      answer.flags = info->owned != 0 ? SH_RESULT_OWNED : 0;
                      host_.complete(ticket, answer);
                  });
}

void LogReader::runs(const std::string& session, sh_ticket ticket) {
    host_.command([&](std::uint64_t token) { return store_->runs(host_.raw(), bytes(session), token); },
                  [this, ticket](const sh_result& result) {
                      if (result.status != SH_OK) return host_.complete(ticket, result);
                      const auto* infos = reinterpret_cast<const sh_stream_info*>(result.body->data);
                      std::string list = "[";
                      for (std::uint64_t index = 0; index < result.count; ++index) {
                          if (infos[index].state != SH_STREAM_OPEN) continue;
                          if (list.size() > 1) list += ',';
                          list += "{\"run\":" + streamhost::json_string(view(infos[index].stream)) +
                                  ",\"state\":\"" + (infos[index].claims == 0 ? "pending" : "active") +
                                  "\",\"job\":" + streamhost::json_string(view(infos[index].job)) + "}";
                      }
                      const Buffer body = host_.make_buffer(list + "]");
                      sh_result answer = Host::make_result(SH_OK);
                      answer.body = body.get();
                      host_.complete(ticket, answer);
                  });
}

}  // namespace streamcache
