#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "bridge/buffers.hpp"
#include "bridge/extensions.hpp"
#include "bridge/house.hpp"
#include "bridge/owed_answer.hpp"

namespace streamhost::bridge {

namespace {

sh_status open(const sh_host* host, sh_target target, std::uint64_t token, const sh_lease* provider,
               std::uint32_t deadline_ms, sh_ticket* ticket) {
    House& house = house_of(host);
    control::Instance& asker = control::Instance::of(host);
    const sh_status status =
        house.tickets.open(asker, {target, token, provider, deadline_ms}, house.clock.monotonic_ms(), ticket);
    if (status != SH_OK) OwedAnswer::note(asker);
    return status;
}

void withdraw(const sh_host* host, sh_ticket ticket) {
    const control::Instance& asker = control::Instance::of(host);
    house_of(host).tickets.withdraw(asker, ticket);
    OwedAnswer::note(asker);
}

void complete(const sh_host* host, sh_ticket ticket, const sh_result* result) {
    house_of(host).tickets.complete(control::Instance::of(host), ticket, *result);
}

const sh_buffer* make_buffer_of(const sh_host* /*host*/, const sh_bytes* pieces, std::uint32_t count) {
    return make_buffer({pieces, count});
}

const sh_batch* make_batch_of(const sh_host* /*host*/, const sh_record* records, std::uint32_t count) {
    return make_batch({records, count});
}

}  // namespace

const sh_async_ext& async_table() {
    static constexpr sh_async_ext kTable = {
        sizeof(sh_async_ext), 0, &open, &withdraw, &complete, &make_buffer_of, &make_batch_of};
    return kTable;
}

}  // namespace streamhost::bridge
