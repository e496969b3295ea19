// net/boost_impl.cc
// The one translation unit that compiles Asio and Beast: everyone else sees declarations only.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
