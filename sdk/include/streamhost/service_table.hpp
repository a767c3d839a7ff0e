// Entries of a service's table as members that run on the store loop.
//
// The functions of svc/*.h are called from any thread, with views that end with the call. Most services keep
// their state on the store loop and need no lock, so each such function says the same: copy, go there, call,
// and let what was thrown be the ticket's answer. Here that is said once:
//
//     class Words : public streamhost::Plugin {
//         void start() override { host().provide("acme.words/1", &kTable, this); }
//         void add(const std::string& text, sh_ticket ticket);   // on the store loop
//         void forget(const std::string& text);
//         static constexpr acme_words kTable = {sizeof(acme_words), 0, streamhost::answered<&Words::add>(),
//                                               streamhost::told<&Words::forget>()};
//     };
//
// A member's parameters stand for those of the table's function: std::string for sh_bytes, a class that names
// the pointer it copies from as `Wire` for a pointer to a request, everything else as it is. `self` given to
// provide() must be a pointer to the class that the members belong to.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "streamhost/plugin.hpp"

namespace streamhost {

template <typename Parameter>
struct Carried {
    using Wire = Parameter;
    static Parameter own(Wire wire) { return wire; }
};
template <>
struct Carried<std::string> {
    using Wire = sh_bytes;
    static std::string own(Wire wire) { return std::string(view(wire)); }
};
template <typename Request>
requires requires { typename Request::Wire; }
struct Carried<Request> {
    using Wire = typename Request::Wire;
    static Request own(Wire wire) { return Request(wire); }
};

template <auto Member>
struct StoreCall;
template <typename Class, typename... Parameters, void (Class::*Member)(Parameters...)>
struct StoreCall<Member> {
    template <typename Parameter>
    using Own = Carried<std::remove_cvref_t<Parameter>>;

    // The last parameter is the ticket; a full queue answers it with SH_BUSY. [any]
    static void answered(void* self, typename Own<Parameters>::Wire... wires) noexcept {
        carry(self, std::get<sizeof...(wires) - 1>(std::tie(wires...)), wires...);
    }
    // Nobody waits for an answer: of what is thrown only a bug is heard, in the log, and the call is lost
    // when the queue is full. [any]
    static void told(void* self, typename Own<Parameters>::Wire... wires) noexcept {
        carry(self, 0, wires...);
    }

private:
    static void carry(void* self, sh_ticket ticket, typename Own<Parameters>::Wire... wires) noexcept {
        Class& plugin = *static_cast<Class*>(self);
        Host& host = static_cast<Plugin&>(plugin).host_;
        host.guarded(ticket, [&] {
            auto call = [&plugin, owned = std::make_tuple(Own<Parameters>::own(wires)...)]() mutable {
                std::apply([&](auto&... values) { (plugin.*Member)(std::move(values)...); }, owned);
            };
            host.on_store(ticket, std::move(call));
        });
    }
};

template <auto Member>
constexpr auto answered() noexcept {
    return &StoreCall<Member>::answered;
}
template <auto Member>
constexpr auto told() noexcept {
    return &StoreCall<Member>::told;
}

}  // namespace streamhost
