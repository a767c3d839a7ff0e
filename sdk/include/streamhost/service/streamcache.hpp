// A streamcache of your own: derive from StreamcachePlugin and write who may produce, and how appends are
// ordered. What needs no rule is here and asks the store as it is: publish, send, finish, and everything that
// reads.
//
// Call provide_streamcache() in start(). All members run on the store loop, except write().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "streamhost/fold.hpp"
#include "streamhost/random.hpp"
#include "streamhost/service/streamcache_requests.hpp"
#include "streamhost/service_table.hpp"
#include "streamhost/store.hpp"

namespace streamhost {

class StreamcachePlugin : public Plugin {
public:
    using Plugin::Plugin;
    static constexpr const char* kProvides[] = {SH_SVC_STREAMCACHE, nullptr};

protected:
    // [control]
    void provide_streamcache() {
        store_.emplace(host());
        host().provide(SH_SVC_STREAMCACHE, &kTable, static_cast<StreamcachePlugin*>(this));
    }
    [[nodiscard]] const Store& store() const { return *store_; }
    // For a claim of one's own: not 0, and not to be guessed.
    [[nodiscard]] static std::uint64_t producer_number() { return random_number() | 1u; }

    // See svc/streamcache.h for what each promises.
    virtual void claim(const std::string& stream, std::uint32_t lease_ms, std::uint32_t flags,
                       sh_ticket ticket) = 0;
    virtual void renew(const std::string& stream, std::uint64_t fence, sh_ticket ticket) = 0;
    virtual void append(StreamAppend append, sh_ticket ticket) = 0;
    // Yours does more if it writes or renews by itself.
    virtual void release(const std::string& stream, std::uint64_t fence, sh_ticket ticket) {
        store().run(&sh_store_ext::renew, store().pass_on(ticket), bytes(stream), fence, std::uint64_t{0},
                    0u);
    }

    // A local producer's items, or its end. Carried to append() with seq 0 unless yours batches. [any]
    virtual sh_status write(std::string_view stream, std::uint64_t fence, const sh_item* items,
                            std::uint32_t count, const sh_bytes* end, sh_ticket ticket) {
        StreamAppend made;
        made.stream = stream;
        made.fence = fence;
        made.items = own(items, count);
        if (end != nullptr) made.add_end(view(*end));
        return host().post(SH_ON_STORE, [this, made = std::move(made), ticket]() mutable {
            host().guarded(ticket, [&] { append(std::move(made), ticket); });
        });
    }

    virtual void publish(const StreamPublish& publish, sh_ticket ticket) {
        const std::string key = publish.key.empty() ? random_key() : publish.key;
        const std::vector<sh_record> records = views(publish.items);
        sh_store_publish request{};
        request.struct_size = sizeof(request);
        request.count = static_cast<std::uint32_t>(records.size());
        request.stream = bytes(publish.stream);
        request.key = bytes(key);
        request.entries = records.data();
        store().run(&sh_store_ext::publish, store().pass_on(ticket), &request);
    }
    virtual void send(const StreamSend& send, sh_ticket ticket) {
        const std::string key = send.key.empty() ? random_key() : send.key;
        const std::vector<sh_record> records = views(send.items);
        sh_store_send request{};
        request.struct_size = sizeof(request);
        request.count = static_cast<std::uint32_t>(records.size());
        request.home = bytes(send.session);
        request.key = bytes(key);
        request.content_hash = bytes(send.content_hash);
        request.run = bytes(send.run);
        request.entries = records.data();
        request.user = bytes(send.user);
        request.job = bytes(send.job);
        request.answer = bytes(send.answer);
        store().run(&sh_store_ext::send, store().pass_on(ticket), &request);
    }
    virtual void finish(const std::string& stream, const std::string& end, std::uint64_t if_fence,
                        sh_ticket ticket) {
        const std::uint32_t state = end_state_of(end);
        if (state == SH_STREAM_UNKNOWN) throw Failure(SH_INVALID, "an end needs an outcome that exists");
        store().run(&sh_store_ext::finish, store().pass_on(ticket), bytes(stream), state, bytes(end),
                    if_fence);
    }
    virtual void read(const std::string& stream, const StreamRange& range, sh_ticket ticket) {
        read_page(stream, range, store().pass_on(ticket));
    }
    virtual void snapshot(const std::string& stream, sh_ticket ticket) {
        fold_from(stream, 1, std::make_shared<Fold>(), ticket);
    }
    virtual void tail(const std::string& stream, sh_ticket ticket) {
        const sh_bytes id = bytes(stream);
        const auto tell = [this, ticket](const sh_result& result) {
            const auto infos = infos_of(result);
            if (infos.size() != 1) return host().complete(ticket, result);
            const sh_stream_info& info = infos.front();
            sh_result answer = Host::make_result(SH_OK);
            answer.first = info.state == SH_STREAM_UNKNOWN ? 0 : info.base.seq + 1;
            answer.last = info.head.seq;
            answer.check = info.head.check;
            answer.fence = info.fence;
            answer.state = info.state;
            answer.flags = info.owned != 0 ? SH_RESULT_OWNED : 0;
            host().complete(ticket, answer);
        };
        store().run(&sh_store_ext::tail, tell, &id, 1u);
    }
    virtual void runs(const std::string& session, sh_ticket ticket) {
        const auto tell = [this, ticket](const sh_result& result) {
            if (result.status != SH_OK) return host().complete(ticket, result);
            const Buffer body = host().make_buffer(open_runs(result));
            sh_result answer = Host::make_result(SH_OK);
            answer.body = body.get();
            host().complete(ticket, answer);
        };
        store().run(&sh_store_ext::runs, tell, bytes(session));
    }

private:
    static std::string open_runs(const sh_result& result) {
        std::string list;
        for (const sh_stream_info& info : infos_of(result)) {
            if (info.state != SH_STREAM_OPEN) continue;
            list += list.empty() ? "" : ",";
            list += R"({"run":)" + json_string(view(info.stream)) + R"(,"state":)" +
                    (info.claims == 0 ? R"("pending")" : R"("active")") + R"(,"job":)" +
                    json_string(view(info.job)) + "}";
        }
        return "[" + list + "]";
    }
    void read_page(const std::string& stream, const StreamRange& range, Host::Answer answer) const {
        auto tell = [answer = std::move(answer)](const sh_result& result) mutable {
            answer(or_unknown(result));
        };
        store().run(&sh_store_ext::read, std::move(tell), bytes(stream), range.from, range.max_entries,
                    range.max_bytes);
    }
    void fold_from(const std::string& stream, std::uint64_t from, const std::shared_ptr<Fold>& fold,
                   sh_ticket ticket) {
        read_page(stream, StreamRange(from), [this, stream, fold, ticket](const sh_result& page) {
            if (page.status != SH_OK) return host().complete(ticket, page);
            const auto read = records_of(page);
            fold->add(read);
            if ((page.flags & SH_RESULT_MORE) != 0 && !read.empty())
                return fold_from(stream, read.back().seq + 1, fold, ticket);
            const std::vector<sh_record> records = fold->records();
            const Batch batch = host().make_batch(records.data(), static_cast<std::uint32_t>(records.size()));
            sh_result answer = Host::make_result(SH_OK);
            answer.first = page.first;
            answer.last = fold->at().seq;
            answer.check = fold->at().check;
            answer.state = page.state;
            answer.flags = page.flags & SH_RESULT_OWNED;
            answer.batch = batch.get();
            host().complete(ticket, answer);
        });
    }
    static std::string random_key() { return random_id() + random_id(); }

    static sh_status write_items(void* self, sh_bytes stream, std::uint64_t fence, const sh_item* items,
                                 std::uint32_t count, sh_ticket ticket) noexcept {
        return guard(nullptr, [&] {
            return static_cast<StreamcachePlugin*>(self)->write(view(stream), fence, items, count, nullptr,
                                                                ticket);
        });
    }
    static sh_status write_end(void* self, sh_bytes stream, std::uint64_t fence, sh_bytes end,
                               sh_ticket ticket) noexcept {
        return guard(nullptr, [&] {
            return static_cast<StreamcachePlugin*>(self)->write(view(stream), fence, nullptr, 0, &end,
                                                                ticket);
        });
    }

    static constexpr sh_streamcache kTable = {sizeof(sh_streamcache),
                                              0,
                                              answered<&StreamcachePlugin::claim>(),
                                              answered<&StreamcachePlugin::renew>(),
                                              answered<&StreamcachePlugin::append>(),
                                              answered<&StreamcachePlugin::publish>(),
                                              answered<&StreamcachePlugin::send>(),
                                              answered<&StreamcachePlugin::finish>(),
                                              answered<&StreamcachePlugin::read>(),
                                              answered<&StreamcachePlugin::snapshot>(),
                                              answered<&StreamcachePlugin::tail>(),
                                              answered<&StreamcachePlugin::runs>(),
                                              &StreamcachePlugin::write_items,
                                              &StreamcachePlugin::write_end,
                                              answered<&StreamcachePlugin::release>()};

    std::optional<Store> store_;
};

}  // namespace streamhost
