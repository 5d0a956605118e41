#include <gtest/gtest.h>

#include "cmake/prelude.h"
