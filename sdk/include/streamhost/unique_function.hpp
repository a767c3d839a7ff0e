// A closure that is moved, never copied: what tasks and answers keep on the plugin's side of the boundary.
// (std::move_only_function is C++23; std::function wants copyable captures, which buffers and tickets are not
// meant to be.)
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace streamhost {

template <typename Signature>
class UniqueFunction;

template <typename Result, typename... Args>
class UniqueFunction<Result(Args...)> {
public:
    UniqueFunction() = default;
    template <typename Body, typename = std::enable_if_t<!std::is_same_v<std::decay_t<Body>, UniqueFunction>>>
    UniqueFunction(Body&& body)  // NOLINT(bugprone-forwarding-reference-overload): excluded by the constraint
        : body_(std::make_unique<Model<std::decay_t<Body>>>(std::forward<Body>(body))) {}

    explicit operator bool() const noexcept { return body_ != nullptr; }
    Result operator()(Args... args) { return body_->call(std::forward<Args>(args)...); }

private:
    struct Concept {
        Concept() = default;
        Concept(const Concept&) = delete;
        Concept& operator=(const Concept&) = delete;
        virtual ~Concept() = default;
        virtual Result call(Args... args) = 0;
    };
    template <typename Body>
    struct Model final : Concept {
        explicit Model(Body body) : body_(std::move(body)) {}
        Result call(Args... args) override { return body_(std::forward<Args>(args)...); }
        Body body_;
    };
    std::unique_ptr<Concept> body_;
};

}  // namespace streamhost
