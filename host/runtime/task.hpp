#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace streamhost::runtime {

/// The problem: std::function copies, and allocates for more than two captured words; a posted task is made
/// once, moved a few times and called once, many times a second.
///
/// A move-only callable without arguments or result. Captures up to kInlineBytes that move without throwing
/// live inside; larger ones take one allocation. Calling an empty Task is undefined; test it first.
class Task {
public:
    static constexpr std::size_t kInlineBytes = 48;
    static constexpr std::size_t kInlineAlign = 16;

    Task() noexcept = default;

    template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Task> && std::invocable<std::decay_t<F>&>)
        // Implicit on purpose, for post([=] { ... }); the constraint keeps it away from moves.
        Task(F&& function) {  // NOLINT(bugprone-forwarding-reference-overload)
        using Stored = std::decay_t<F>;
        if constexpr (kFits<Stored>) {
            ::new (static_cast<void*>(storage_)) Stored(std::forward<F>(function));
            actions_ = &kInlineActions<Stored>;
        } else {
            ::new (static_cast<void*>(storage_)) Stored*(new Stored(std::forward<F>(function)));
            actions_ = &kHeapActions<Stored>;
        }
    }
    Task(Task&& other) noexcept { take(other); }
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    ~Task() { reset(); }

    [[nodiscard]] explicit operator bool() const noexcept { return actions_ != nullptr; }
    void operator()() {
        assert(actions_ != nullptr);
        actions_->call(storage_);
    }

    /// Destroys the callable and what it captured.
    void reset() noexcept {
        if (actions_ == nullptr) return;
        std::exchange(actions_, nullptr)->destroy(storage_);
    }

private:
    struct Actions {
        void (*call)(void* at);
        void (*move)(void* to, void* from) noexcept;  ///< leaves nothing to destroy in `from`
        void (*destroy)(void* at) noexcept;
    };

    template <class F>
    static constexpr bool kFits =
        sizeof(F) <= kInlineBytes&& kInlineAlign % alignof(F) == 0 && std::is_nothrow_move_constructible_v<F>;
    template <class F>
    static F& as(void* at) noexcept {
        return *std::launder(static_cast<F*>(at));
    }
    template <class F>
    static constexpr Actions kInlineActions{
        [](void* at) { static_cast<void>(as<F>(at)()); },
        [](void* to, void* from) noexcept {
            ::new (to) F(std::move(as<F>(from)));
            as<F>(from).~F();
        },
        [](void* at) noexcept { as<F>(at).~F(); },
    };
    template <class F>
    static constexpr Actions kHeapActions{
        [](void* at) { static_cast<void>((*as<F*>(at))()); },
        [](void* to, void* from) noexcept { ::new (to) F*(as<F*>(from)); },
        [](void* at) noexcept { delete as<F*>(at); },
    };

    void take(Task& other) noexcept {
        if (other.actions_ == nullptr) return;
        actions_ = std::exchange(other.actions_, nullptr);
        actions_->move(storage_, other.storage_);
    }

    const Actions* actions_ = nullptr;
    alignas(kInlineAlign) std::byte storage_[kInlineBytes];
};

}  // namespace streamhost::runtime
