// Boost.JSON from its headers, where no library of it is at hand.
#include <boost/json/src.hpp>
