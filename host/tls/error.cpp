#include "tls/error.hpp"

#include <stdexcept>
#include <system_error>

#include <openssl/err.h>

namespace streamhost::tls {

std::string last_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    // What the system said it has under its own number, without words.
    if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "unknown reason" : reason;
}

void refuse(const std::string& what, const std::string& file) {
    throw std::runtime_error("TLS: the " + what + " '" + file + "' cannot be used: " + last_error());
}

}  // namespace streamhost::tls
