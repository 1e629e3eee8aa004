// Asio's own translation unit: every other one only sees its declarations.
#include <boost/asio/impl/src.hpp>
