#include <gtest/gtest.h>

#include "reader_book.hpp"
#include "readers_route.hpp"

namespace recovery {
namespace {

TEST(ReadersPath, IsAStream) {
    EXPECT_EQ(stream_of_path("/admin/v1/readers/trip.r"), "trip.r");
    for (const char* path : {"/admin/v1/readers/", "/admin/v1/readers/a b", "/admin/v1/readers/a/b", "/else"})
        EXPECT_FALSE(stream_of_path(path)) << path;
}

TEST(ReaderBook, KeepsTheLastOfEachStreamAndForgetsTheOldest) {
    ReaderBook book;
    book.finished("a.1", {.connection = 1, .seq = 5, .at_ms = 10});
    book.finished("a.2", {.connection = 1, .seq = 6, .at_ms = 11});
    book.finished("a.1", {.connection = 2, .seq = 5, .at_ms = 12});
    ASSERT_EQ(book.of("a.1").size(), 2u);
    EXPECT_EQ(book.of("a.1")[1].connection, 2u);
    EXPECT_TRUE(book.of("a.3").empty());
    for (std::size_t count = 0; count < ReaderBook::kRemembered; ++count)
        book.finished("b.1", {});
    EXPECT_TRUE(book.of("a.1").empty());
    EXPECT_EQ(book.of("b.1").size(), ReaderBook::kRemembered);
}

}  // namespace
}  // namespace recovery
