#include "runtime/thread_name.hpp"

#include <cstdlib>

#include <pthread.h>

#include "runtime/fault.hpp"

namespace streamhost::runtime {

void set_thread_name(const std::string& name) noexcept {
    ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
}

void abandon(std::string_view where, std::string_view who) noexcept {
    fault(where, who);
    std::abort();
}

}  // namespace streamhost::runtime
