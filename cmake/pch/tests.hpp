// The same for test programs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "standard.hpp"
