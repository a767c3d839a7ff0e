// The same for programs, nearly all of which are tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "standard.hpp"
