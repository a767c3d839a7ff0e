#pragma once

#include <optional>
#include <string>
#include <utility>

namespace streamhost::control {

/// A value, or the reason why there is none: a sentence for an operator that ends with the next step.
template <class T>
struct [[nodiscard]] Checked {
    std::optional<T> value;
    std::string reason;  ///< empty when there is a value

    static Checked of(T value) { return {std::move(value), {}}; }
    static Checked refused(std::string reason) { return {std::nullopt, std::move(reason)}; }

    explicit operator bool() const { return value.has_value(); }
    const T& operator*() const { return *value; }
    const T* operator->() const { return &*value; }
};

}  // namespace streamhost::control
