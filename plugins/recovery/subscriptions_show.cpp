// What operators see of a stream's readers on this node.
#include "streamhost/json_object.hpp"

#include "subscriptions.hpp"

namespace recovery {

using streamhost::bytes;
using streamhost::JsonObject;

// Where a live reader's socket stands the loops know alone; it is at the most at the log's end.
const char* Subscriptions::word_of(const Subscription& subscription) {
    if (subscription.is_stuck) return "waits for the store";
    if (!subscription.is_attached) return "is being subscribed";
    return subscription.is_caught_up ? "live" : "replays";
}

std::string Subscriptions::describe(std::string_view stream) const {
    std::string live = "[";
    sh_log_range log{};
    for (const auto& [id, reader] : readers_) {
        const Ref subscription = find(reader, stream);
        if (subscription == nullptr) continue;
        delivery_->range(host_.raw(), bytes(stream), subscription->encoding, &log);
        live +=
            (live.size() > 1 ? "," : "") +
            JsonObject().text("connection", std::to_string(id)).text("state", word_of(*subscription)).done();
    }
    std::string gone = "[";
    for (const ReaderBook::Reader& reader : finished_.of(stream))
        gone += (gone.size() > 1 ? "," : "") + JsonObject()
                                                   .text("connection", std::to_string(reader.connection))
                                                   .number("seq", reader.seq)
                                                   .number("at_ms", reader.at_ms)
                                                   .done();
    return JsonObject()
        .text("node", host_.node_id())
        .number("last", log.end.seq)
        .json("readers", live + "]")
        .json("finished", gone + "]")
        .done();
}

}  // namespace recovery
