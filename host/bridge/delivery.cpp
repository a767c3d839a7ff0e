#include "bridge/delivery_hub.hpp"
#include "bridge/extensions.hpp"

namespace streamhost::bridge {

namespace {

DeliveryHub& hub_of(const sh_host* host) { return *house_of(host).delivery; }
bool on_store(const char* what) { return runtime::check_role(runtime::Role::store, what); }
bool on_control(const char* what) { return runtime::check_role(runtime::Role::control, what); }

sh_status add_encoding(const sh_host* host, const char* /*name*/, const sh_encoder* encoder, sh_handle* out) {
    if (!on_control("delivery.add_encoding")) return SH_WRONG_ROLE;
    return hub_of(host).add_encoding(control::Instance::of(host), *encoder, out);
}
sh_status set_events(const sh_host* host, const sh_delivery_events* events) {
    if (!on_control("delivery.set_events")) return SH_WRONG_ROLE;
    return hub_of(host).set_events(control::Instance::of(host), *events);
}
sh_status deliver(const sh_host* host, sh_bytes stream, const sh_record* records, std::uint32_t count) {
    return on_store("delivery.deliver")
               ? hub_of(host).deliver(control::Instance::of(host), view(stream), {records, count})
               : SH_WRONG_ROLE;
}
sh_status open_log(const sh_host* host, sh_bytes stream, sh_position at) {
    return on_store("delivery.open_log")
               ? hub_of(host).open_log(control::Instance::of(host), view(stream), {at.seq, at.check})
               : SH_WRONG_ROLE;
}
void reset_log(const sh_host* host, sh_bytes stream, sh_position at) {
    if (on_store("delivery.reset_log"))
        hub_of(host).reset_log(control::Instance::of(host), view(stream), {at.seq, at.check});
}
void close_log(const sh_host* host, sh_bytes stream) {
    if (on_store("delivery.close_log")) hub_of(host).close_log(control::Instance::of(host), view(stream));
}
void range(const sh_host* host, sh_bytes stream, sh_handle encoding, sh_log_range* out) {
    if (on_store("delivery.range")) *out = hub_of(host).range(view(stream), encoding);
}
sh_status check_at(const sh_host* host, sh_bytes stream, sh_handle encoding, std::uint64_t seq,
                   std::uint64_t* check) {
    return on_store("delivery.check_at") ? hub_of(host).check_at(view(stream), encoding, seq, check)
                                         : SH_WRONG_ROLE;
}
sh_status attach(const sh_host* host, sh_connection reader, sh_bytes stream, sh_handle encoding,
                 sh_position from, const sh_plan_step* steps, std::uint32_t count) {
    if (!on_store("delivery.attach")) return SH_WRONG_ROLE;
    return hub_of(host).attach(control::Instance::of(host), reader, view(stream), encoding,
                               {from.seq, from.check}, {steps, count});
}
void detach(const sh_host* host, sh_connection reader, sh_bytes stream) {
    if (on_store("delivery.detach")) hub_of(host).detach(reader, view(stream));
}
std::uint64_t readers(const sh_host* host, sh_bytes stream) {
    return on_store("delivery.readers") ? hub_of(host).readers(view(stream)) : 0;
}

}  // namespace

const sh_delivery_ext& delivery_table() {
    static constexpr sh_delivery_ext kTable = {sizeof(sh_delivery_ext),
                                               0,
                                               &add_encoding,
                                               &set_events,
                                               &deliver,
                                               &open_log,
                                               &reset_log,
                                               &close_log,
                                               &range,
                                               &check_at,
                                               &attach,
                                               &detach,
                                               &readers};
    return kTable;
}

}  // namespace streamhost::bridge
