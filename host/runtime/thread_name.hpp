#pragma once

#include <string>
#include <string_view>

namespace streamhost::runtime {

/// [any] Names the calling thread for ps, gdb and perf; the kernel shows 15 characters.
void set_thread_name(const std::string& name) noexcept;

/// The last resort of a destructor whose threads do not end: the memory that they use is about to go. Prints
/// who it was and aborts; whoever wants a softer end calls stop() first and looks at its report.
[[noreturn]] void abandon(std::string_view where, std::string_view who) noexcept;

}  // namespace streamhost::runtime
