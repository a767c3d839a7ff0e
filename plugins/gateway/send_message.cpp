#include "send_message.hpp"

#include "streamhost/bytes.hpp"

namespace gateway {

using streamhost::bytes;

sh_chat_send chat_message(const Send& send, std::string_view session, std::string_view user,
                          const sh_trace_context* trace) {
    return {sizeof(sh_chat_send), 0,    bytes(session), bytes(user), bytes(send.key), bytes(send.content),
            bytes(send.options),  trace};
}

}  // namespace gateway
