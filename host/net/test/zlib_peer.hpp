#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <zlib.h>

// The client's half of permessage-deflate, straight on zlib and sharing no code with what is tested.
namespace streamhost::net::test {

inline std::string zlib_run(z_stream& stream, std::string_view input, int flush,
                            int (*step)(z_stream*, int)) {
    std::string out;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
    char part[4096];
    do {
        stream.next_out = reinterpret_cast<Bytef*>(part);
        stream.avail_out = sizeof part;
        const int result = step(&stream, flush);
        EXPECT_TRUE(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) << result;
        out.append(part, sizeof part - stream.avail_out);
        if (result != Z_OK) break;
    } while (stream.avail_out == 0);
    return out;
}

struct DeflateWay {
    int level = 6;
    int window = 15;
    int memory = 8;
    int strategy = Z_DEFAULT_STRATEGY;
    int flush = Z_SYNC_FLUSH;
};

// One message as a client sends it that keeps nothing between two.
inline std::string deflated(std::string_view text, const DeflateWay& way = {}) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, way.level, Z_DEFLATED, -way.window, way.memory, way.strategy), Z_OK);
    std::string out = zlib_run(stream, text, way.flush, &deflate);
    deflateEnd(&stream);
    if (way.flush == Z_FINISH) return out + '\0';  // RFC 7692 7.2.3.4
    EXPECT_TRUE(out.ends_with(std::string_view("\0\0\xff\xff", 4)));
    return out.substr(0, out.size() - 4);
}

// Keeps its window from message to message, as a client does that did not ask for server_no_context_takeover.
class InflatingPeer {
public:
    InflatingPeer() { EXPECT_EQ(inflateInit2(&stream_, -15), Z_OK); }
    ~InflatingPeer() { inflateEnd(&stream_); }
    InflatingPeer(const InflatingPeer&) = delete;
    InflatingPeer& operator=(const InflatingPeer&) = delete;

    std::string take(std::string_view payload) {
        return zlib_run(stream_, std::string(payload) + std::string("\0\0\xff\xff", 4), Z_SYNC_FLUSH,
                        &inflate);
    }

private:
    z_stream stream_{};
};

}  // namespace streamhost::net::test
