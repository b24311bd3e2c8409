// Asio, its TLS part and Beast are compiled here and nowhere else (BOOST_*_SEPARATE_COMPILATION is set for the
// project).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
