#include "delivery/block_list.hpp"

namespace streamhost::delivery {

void BlockList::drop_before(std::uint32_t index) {
    if (index >= end()) {
        refs_ = {};
        head_ = 0;
        base_ = index;
        return;
    }
    for (; base_ < index; ++base_, ++head_)
        refs_[head_] = {};
    if (head_ > refs_.size() / 2) {
        refs_.erase(refs_.begin(), refs_.begin() + head_);
        head_ = 0;
    }
}

}  // namespace streamhost::delivery
